//! An export to be read: plain text, in Chinese.

use super::Export;
use crate::clock::day_in_china;
use std::fmt::Write;

impl Export {
    /// The export as text. Days are those of Asia/Shanghai.
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
            writeln!(out, "  证件：{} {}", donor.id_type, donor.id_number)?;
            writeln!(out, "  性别：{}　出生日期：{}", donor.sex, donor.birth_date)?;
            let (abo, rh) = (donor.abo.as_ref().unwrap_or(&none), donor.rh.as_ref().unwrap_or(&none));
            writeln!(out, "  血型：{abo} {rh}")?;
            writeln!(out, "  电话：{}", donor.phone.as_ref().unwrap_or(&none))?;
            writeln!(out, "  邮箱：{}", donor.email.as_ref().unwrap_or(&none))?;
        }
        writeln!(out, "\n献血记录 {} 条", self.donations.len())?;
        for donation in &self.donations {
            let day = day_in_china(donation.collected_at);
            writeln!(
                out,
                "  {day} {} {} {} ml {} U {} {}",
                donation.donation_no,
                donation.product,
                donation.volume_ml,
                donation.units,
                donation.site_code,
                donation.outcome,
            )?;
        }
        writeln!(out, "\n电子献血证 {} 张", self.certificates.len())?;
        for certificate in &self.certificates {
            let (from, until) = (day_in_china(certificate.issued_at), day_in_china(certificate.expires_at));
            writeln!(out, "  {} {from} 至 {until}", certificate.certificate_no)?;
        }
        writeln!(out, "\n同意记录 {} 条", self.consents.len())?;
        for consent in &self.consents {
            let until =
                consent.withdrawn_at.map(|at| format!("，{} 撤回", day_in_china(at))).unwrap_or_default();
            writeln!(
                out,
                "  {} {} 版 {} {} {}{until}",
                consent.purpose,
                consent.text_version,
                day_in_china(consent.given_at),
                consent.given_from,
                consent.address,
            )?;
        }
        writeln!(out, "\n登录设备 {} 台", self.sessions.len())?;
        for session in &self.sessions {
            writeln!(out, "  {} 最近使用 {}", session.device, day_in_china(session.last_used_at))?;
        }
        writeln!(
            out,
            "\n代管亲属：{}",
            if self.relatives.is_empty() { none } else { self.relatives.join("、") }
        )?;
        writeln!(out, "\n查阅与变更记录 {} 条", self.access_log.len())?;
        for access in &self.access_log {
            let purpose = access.purpose.as_deref().unwrap_or("-");
            writeln!(out, "  {} {} {} {purpose}", access.at.to_rfc3339(), access.action, access.by)?;
        }
        Ok(())
    }
}
