//! An export to be read: plain text, in Chinese.

use super::words::chinese;
use super::{
    Access, Export, ExportedConsent, ExportedDonation, ExportedQuestionnaire, ExportedScreening,
    ExportedVisit,
};
use crate::clock::{day_in_china, minute_in_china};
use std::fmt::Write;

impl Export {
    /// The export as text. Days and times are those of Asia/Shanghai.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let none = "（无）".to_owned();
        writeln!(out, "个人信息副本（{}）\n", day_in_china(self.made_at))?;
        writeln!(out, "账号 {}", self.account.id)?;
        writeln!(out, "  手机号：{}", self.account.phone.as_ref().unwrap_or(&none))?;
        writeln!(out, "  微信登录：{}", if self.account.wechat { "是" } else { "否" })?;
        writeln!(out, "  开户日期：{}", day_in_china(self.account.since))?;
        if let Some(donor) = &self.donor {
            writeln!(out, "\n献血者 {}", donor.donor_no)?;
            writeln!(out, "  姓名：{}", donor.name)?;
            writeln!(out, "  证件：{} {}", chinese(&donor.id_type), donor.id_number)?;
            writeln!(out, "  性别：{}　出生日期：{}", chinese(&donor.sex), donor.birth_date)?;
            let (abo, rh) = (donor.abo.as_ref().unwrap_or(&none), donor.rh.as_ref().unwrap_or(&none));
            writeln!(out, "  血型：{abo} {rh}")?;
            writeln!(out, "  电话：{}", donor.phone.as_ref().unwrap_or(&none))?;
            writeln!(out, "  邮箱：{}", donor.email.as_ref().unwrap_or(&none))?;
        }
        writeln!(out, "\n献血记录 {} 条", self.donations.len())?;
        for donation in &self.donations {
            write_donation(out, donation)?;
        }
        writeln!(out, "\n电子献血证 {} 张", self.certificates.len())?;
        for certificate in &self.certificates {
            let (from, until) = (day_in_china(certificate.issued_at), day_in_china(certificate.expires_at));
            writeln!(out, "  {} {from} 至 {until}", certificate.certificate_no)?;
        }
        writeln!(out, "\n健康征询 {} 份", self.questionnaires.len())?;
        for questionnaire in &self.questionnaires {
            write_questionnaire(out, questionnaire)?;
        }
        self.write_comings(out)?;
        self.write_teams(out)?;
        self.write_messages(out)?;
        writeln!(out, "\n同意记录 {} 条", self.consents.len())?;
        for consent in &self.consents {
            write_consent(out, consent)?;
        }
        writeln!(out, "\n微信订阅消息 {} 种", self.wechat_subscriptions.len())?;
        for one in &self.wechat_subscriptions {
            let changed = day_in_china(one.changed_at);
            writeln!(out, "  模板 {}：还可发送 {} 条（{changed}）", one.template_id, one.remaining)?;
        }
        writeln!(out, "\n登录设备 {} 台", self.sessions.len())?;
        for session in &self.sessions {
            let (since, used) = (day_in_china(session.created_at), day_in_china(session.last_used_at));
            writeln!(out, "  {} {since} 登录，最近使用 {used}", session.device)?;
        }
        writeln!(
            out,
            "\n代管亲属：{}",
            if self.relatives.is_empty() { none } else { self.relatives.join("、") }
        )?;
        writeln!(out, "\n查阅与变更记录 {} 条", self.access_log.len())?;
        for access in &self.access_log {
            write_access(out, access)?;
        }
        Ok(())
    }
}

impl Export {
    /// Appointments, and what happened at the door.
    fn write_comings(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n预约 {} 次", self.appointments.len())?;
        for one in &self.appointments {
            let (at, product) = (minute_in_china(one.starts_at), chinese(&one.product));
            writeln!(out, "  {at} {} {product}：{}", one.place, chinese(&one.state))?;
        }
        writeln!(out, "\n到站 {} 次", self.visits.len())?;
        for visit in &self.visits {
            write_visit(out, visit)?;
        }
        writeln!(out, "\n暂缓献血 {} 次", self.deferrals.len())?;
        for deferral in &self.deferrals {
            let (at, rule) = (day_in_china(deferral.created_at), chinese(&deferral.rule));
            match deferral.until {
                Some(until) => write!(out, "  {at} {rule}，至 {until}")?,
                None => write!(out, "  {at} {rule}，长期")?,
            }
            match deferral.lifted_at {
                Some(at) => writeln!(out, "，{} 解除", day_in_china(at))?,
                None => writeln!(out)?,
            }
        }
        writeln!(out, "\n献血不良反应 {} 次", self.reactions.len())?;
        for reaction in &self.reactions {
            let (at, severity) = (day_in_china(reaction.recorded_at), chinese(&reaction.severity));
            write!(out, "  {at} {} {severity}：{}", reaction.donation_no, reaction.note)?;
            match &reaction.outcome {
                Some(outcome) => writeln!(out, "（{}）", chinese(outcome))?,
                None => writeln!(out)?,
            }
        }
        Ok(())
    }

    fn write_teams(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n应急献血队 {} 个", self.teams.len())?;
        for team in &self.teams {
            write!(out, "  {} {} 版 {} 加入", team.team, team.text_version, day_in_china(team.joined_at))?;
            match team.left_at {
                Some(at) => writeln!(out, "，{} 退出", day_in_china(at))?,
                None => writeln!(out)?,
            }
        }
        writeln!(out, "\n应急召集 {} 次", self.call_ups.len())?;
        for one in &self.call_ups {
            let (at, product) = (minute_in_china(one.asked_at), chinese(&one.product));
            writeln!(out, "  {at} {} {product}：{}", one.team, chinese(&one.answer))?;
        }
        Ok(())
    }
}

impl Export {
    /// How the donor wants to be told, and what they were asked and told without having arranged it.
    fn write_messages(&self, out: &mut String) -> std::fmt::Result {
        let chosen = &self.message_preferences;
        let letters = if chosen.letters { "，预约另发邮件" } else { "" };
        writeln!(out, "\n消息偏好：{} {}{letters}", chosen.channels.join("、"), chosen.language)?;
        if let Some(hours) = &chosen.reminders {
            let hours: Vec<String> = hours.iter().map(|hours| format!("{hours} 小时")).collect();
            let hours = if hours.is_empty() { "不提醒".to_owned() } else { hours.join("、") };
            writeln!(out, "  预约前提醒：{hours}")?;
        }
        writeln!(out, "\n献血招募 {} 次", self.appeals.len())?;
        for one in &self.appeals {
            let lot = match one.lot {
                "asked" => "已邀请",
                "held_out" => "抽签未邀请",
                "called_off" => "已取消邀请",
                _ => "未能送达",
            };
            let (at, site) = (minute_in_china(one.drawn_at), one.site.as_deref().unwrap_or_default());
            writeln!(out, "  {at} {} {site}：{lot}", chinese(&one.product))?;
        }
        writeln!(out, "\n可再次献血提醒 {} 次", self.invitations.len())?;
        for one in &self.invitations {
            let (at, product) = (day_in_china(one.queued_at), chinese(&one.product));
            writeln!(out, "  {at} {product}：{} 起", one.from_day)?;
        }
        writeln!(out, "\n血液使用告知 {} 次", self.use_notices.len())?;
        for one in &self.use_notices {
            writeln!(out, "  {} {}", day_in_china(one.queued_at), one.donation_no)?;
        }
        Ok(())
    }
}

fn write_visit(out: &mut String, visit: &ExportedVisit) -> std::fmt::Result {
    let (at, product) = (minute_in_china(visit.at), chinese(&visit.product));
    writeln!(out, "  {at} {} {product}：{}", visit.place, chinese(&visit.state))?;
    for ExportedScreening { at, passed, measured } in &visit.screenings {
        let (at, passed) = (minute_in_china(*at), if *passed { "合格" } else { "不合格" });
        writeln!(
            out,
            "    {at} {passed}：血红蛋白 {} g/L，血压 {}/{} mmHg，脉搏 {} 次/分，体重 {} kg",
            measured.haemoglobin_g_per_l,
            measured.systolic_mmhg,
            measured.diastolic_mmhg,
            measured.pulse_per_minute,
            measured.weight_kg
        )?;
    }
    Ok(())
}

fn write_donation(out: &mut String, donation: &ExportedDonation) -> std::fmt::Result {
    let day = day_in_china(donation.collected_at);
    let product = chinese(donation.product);
    write!(out, "  {day} {} {product}", donation.donation_no)?;
    if donation.volume_ml > 0 {
        write!(out, " {} ml", donation.volume_ml)?;
    }
    if donation.units > 0 {
        write!(out, " {} 个治疗单位", donation.units)?;
    }
    writeln!(out, " {} {}", donation.site_code, chinese(donation.outcome))?;
    for step in &donation.became.journey {
        writeln!(out, "    {} {}（{}）", chinese(step.component), chinese(step.step), step.month)?;
    }
    if donation.became.please_contact_station { writeln!(out, "    请联系血站") } else { Ok(()) }
}

fn write_questionnaire(out: &mut String, one: &ExportedQuestionnaire) -> std::fmt::Result {
    let product = chinese(&one.product);
    match (one.submitted_at, &one.outcome) {
        (Some(at), Some(outcome)) => {
            write!(out, "  {} {} {product}：{}", day_in_china(at), one.questionnaire, chinese(outcome))?;
        }
        _ => write!(out, "  {} {product}：尚未提交", one.questionnaire)?,
    }
    match one.deferred_until {
        Some(until) => writeln!(out, "，至 {until}")?,
        None => writeln!(out)?,
    }
    for answer in &one.answers {
        let asked = answer.text.as_deref().unwrap_or("（该版问卷已不可用）");
        writeln!(out, "    {asked} {}", answer.answer_text)?;
    }
    Ok(())
}

fn write_consent(out: &mut String, consent: &ExportedConsent) -> std::fmt::Result {
    let ExportedConsent { text_version, address, .. } = consent;
    let (purpose, place) = (chinese(&consent.purpose), chinese(&consent.given_from));
    let given = day_in_china(consent.given_at);
    write!(out, "  {purpose} {text_version} 版 {given} {place} {address}")?;
    match consent.withdrawn_at {
        Some(at) => writeln!(out, "，{} 撤回", day_in_china(at)),
        None => writeln!(out),
    }
}

fn write_access(out: &mut String, access: &Access) -> std::fmt::Result {
    let (action, by) = (chinese(&access.action), chinese(&access.by));
    write!(out, "  {} {action}　{by}", minute_in_china(access.at))?;
    if let Some(hospital) = &access.hospital {
        write!(out, " {hospital}")?;
    }
    if let Some(purpose) = &access.purpose {
        write!(out, "　目的：{}", chinese(purpose))?;
    }
    writeln!(out, "（编号 {}）", access.reference)
}
