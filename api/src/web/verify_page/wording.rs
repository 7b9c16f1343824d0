//! Every sentence of the page, in both languages.

use crate::domain::language::Language;
use certificates::{Award, Code, Light, LivesFormula};

/// The fixed texts of the page.
pub struct Words {
    pub(super) title: &'static str,
    pub(super) subtitle: &'static str,
    pub(super) other_language: &'static str,
    pub(super) field: &'static str,
    pub(super) field_hint: &'static str,
    pub(super) verify: &'static str,
    pub(super) photo: &'static str,
    pub(super) photo_hint: &'static str,
    pub(super) take_photo: &'static str,
    pub(super) choose_photo: &'static str,
    pub(super) send_photo: &'static str,
    pub(super) aged: &'static str,
    pub(super) compare: &'static str,
    pub(super) not_to_accept: &'static str,
    pub(super) name: &'static str,
    pub(super) birth_year: &'static str,
    pub(super) document: &'static str,
    pub(super) given: &'static str,
    pub(super) volume: &'static str,
    pub(super) donations: &'static str,
    pub(super) platelets: &'static str,
    pub(super) lives: &'static str,
    pub(super) award: &'static str,
    pub(super) last_donation: &'static str,
    pub(super) certificate: &'static str,
    pub(super) number: &'static str,
    pub(super) issuer: &'static str,
    pub(super) issued: &'static str,
    pub(super) valid_until: &'static str,
    pub(super) superseded: &'static str,
    pub(super) checked_with_records: &'static str,
    pub(super) checked: &'static str,
    pub(super) china_time: &'static str,
    pub(super) code: &'static str,
}

/// What a panel says: the light in a word, a headline, why, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(super) light: &'static str,
    pub(super) headline: &'static str,
    pub(super) reason: &'static str,
    pub(super) action: &'static str,
}

static CHINESE: Words = Words {
    title: "献血证核验",
    subtitle: "电子献血证 · 医院窗口在线核验",
    other_language: "English",
    field: "扫描或粘贴献血证二维码",
    field_hint: "用扫码枪对准二维码即可。每次核验后光标自动回到这里，可直接扫下一张。",
    verify: "核验",
    photo: "没有扫码枪？用照片核验",
    photo_hint: "JPEG 或 PNG，不超过 8 MB，照片里只拍一个二维码。照片读完即弃，不保存。",
    take_photo: "拍照",
    choose_photo: "选择照片",
    send_photo: "上传并核验",
    aged: "这个结果已显示超过三分钟，可能属于上一位持证人。请重新扫描。",
    compare: "请与身份证件核对",
    not_to_accept: "证上所载（不可作为凭据）",
    name: "姓名",
    birth_year: "出生年份",
    document: "证件号码末四位",
    given: "献血记录",
    volume: "全血总量",
    donations: "献血次数",
    platelets: "单采血小板",
    lives: "挽救生命",
    award: "表彰等级",
    last_donation: "最近一次献血",
    certificate: "证书",
    number: "证书编号",
    issuer: "签发单位",
    issued: "签发日期",
    valid_until: "有效期至",
    superseded: "持证人另有一张更新的献血证。本证仍然真实，累计数据以新证为准。",
    checked_with_records: "已与血站记录核对",
    checked: "核验时间",
    china_time: "北京时间",
    code: "代码",
};

static ENGLISH: Words = Words {
    title: "Donation certificate check",
    subtitle: "Electronic blood donation certificate · for hospital windows",
    other_language: "中文",
    field: "Scan or paste the certificate's QR code",
    field_hint: "Point the scanner at the code. After each answer the cursor is back here: just scan the next one.",
    verify: "Verify",
    photo: "No scanner? Use a photo",
    photo_hint: "JPEG or PNG, at most 8 MB, with a single QR code in it. The photo is read and not kept.",
    take_photo: "Take a photo",
    choose_photo: "Choose a photo",
    send_photo: "Upload and verify",
    aged: "This answer is more than three minutes old and may be another person's. Please scan again.",
    compare: "Compare with the identity document",
    not_to_accept: "What the certificate says (proves nothing)",
    name: "Name",
    birth_year: "Year of birth",
    document: "Last four of the document",
    given: "Donations",
    volume: "Whole blood",
    donations: "Donated",
    platelets: "Apheresis platelets",
    lives: "Lives saved",
    award: "Award level",
    last_donation: "Last donation",
    certificate: "Certificate",
    number: "Certificate number",
    issuer: "Issued by",
    issued: "Issued on",
    valid_until: "Valid until",
    superseded: "The bearer has a newer certificate. This one is still genuine; for the totals, the newer one counts.",
    checked_with_records: "Checked against the station's records at",
    checked: "Verified at",
    china_time: "China time",
    code: "Code",
};

/// The fixed texts in a language.
pub fn words(language: Language) -> &'static Words {
    match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    }
}

/// What the verifier's answer means at a window.
pub fn verdict(code: Code, language: Language) -> Verdict {
    match language {
        Language::Chinese => verdict_in_chinese(code),
        Language::English => verdict_in_english(code),
    }
}

fn verdict_in_chinese(code: Code) -> Verdict {
    const SCAN_AGAIN: &str = "请让持证人重新打开献血证，再扫一次；仍不通过，请勿受理。";
    const RENEW: &str = "请让持证人在手机上更新献血证，再扫新的二维码。";
    const ASK_STATION: &str = "持证人有异议的，请与血站联系。";
    let (reason, action) = match code {
        Code::Valid => {
            ("血站签发，在有效期内，未被吊销。", "请核对身份证件：姓名、出生年份、证件末四位一致，即可受理。")
        }
        Code::StatusStale | Code::StatusUnknown => {
            ("献血证真实，但吊销状态无法立即确认。", "核对身份证件后可暂先受理，稍后请再核验一次。")
        }
        Code::Malformed => ("这不是电子献血证的二维码，或者没有扫完整。", SCAN_AGAIN),
        Code::UnknownType => ("这是血站签发的另一种凭证，不是献血证。", "请让持证人打开献血证，再扫一次。"),
        Code::UnknownKey => ("签发单位不在本系统认可的范围内。", ASK_STATION),
        Code::KeyNotValid => ("签发这张献血证的密钥已停用，或无权签发献血证。", RENEW),
        Code::BadSignature => ("签名不符：内容被改动过，或二维码已损坏。", SCAN_AGAIN),
        Code::NotCanonical => ("内容的写法不合规范，可能被人改动过。", ASK_STATION),
        Code::WrongIssuer => ("证上写的签发单位与签名的单位不一致。", ASK_STATION),
        Code::NotYetValid => ("签发时间在将来，尚未生效。", ASK_STATION),
        Code::Expired => ("献血证已过有效期。", RENEW),
        Code::ClockWrong => {
            ("核验系统的时间不准，现在无法核验。", "这不是持证人的问题：请先按常规收费，并联系血站。")
        }
        Code::UnsupportedVersion => {
            ("献血证的版本比本系统新，本系统还不认识。", "请先按常规收费，并联系血站更新系统。")
        }
        Code::Revoked => ("这张献血证已被血站吊销。", ASK_STATION),
        Code::Suspended => ("这张献血证已被血站暂停使用。", ASK_STATION),
    };
    let (light, headline) = match code.light() {
        Light::Green => ("绿灯", "真实有效"),
        Light::Amber => ("黄灯", "真实，状态待确认"),
        Light::Red => ("红灯", "请勿受理"),
    };
    Verdict { light, headline, reason, action }
}

fn verdict_in_english(code: Code) -> Verdict {
    const SCAN_AGAIN: &str = "Ask the bearer to open the certificate again and scan once more. If this answer stays, \
                              do not accept it.";
    const RENEW: &str = "Ask the bearer to renew the certificate on the phone, then scan the new code.";
    const ASK_STATION: &str = "If the bearer objects, contact the blood station.";
    let (reason, action) = match code {
        Code::Valid => (
            "Issued by the station, in date, and not revoked.",
            "Look at the identity document: accept when name, year of birth and last four characters are the bearer's.",
        ),
        Code::StatusStale | Code::StatusUnknown => (
            "The certificate is genuine, but whether it was revoked cannot be confirmed just now.",
            "After a look at the identity document you may accept it provisionally. Verify it again later.",
        ),
        Code::Malformed => {
            ("This is not the QR code of a donation certificate, or not all of it.", SCAN_AGAIN)
        }
        Code::UnknownType => (
            "This is another document of the station, not a donation certificate.",
            "Ask the bearer to open the donation certificate, then scan again.",
        ),
        Code::UnknownKey => ("The issuer is none that this system recognises.", ASK_STATION),
        Code::KeyNotValid => {
            ("The key that signed this certificate is no longer in use, or may not sign one.", RENEW)
        }
        Code::BadSignature => ("The signature does not fit: altered, or damaged.", SCAN_AGAIN),
        Code::NotCanonical => {
            ("The contents are not written as they must be and may have been altered.", ASK_STATION)
        }
        Code::WrongIssuer => {
            ("The certificate names another issuer than the one that signed it.", ASK_STATION)
        }
        Code::NotYetValid => ("It says that it was issued in the future.", ASK_STATION),
        Code::Expired => ("The certificate has expired.", RENEW),
        Code::ClockWrong => (
            "The verifying system's clock is wrong, so nothing can be verified now.",
            "This is not the bearer's fault: charge as usual for now, and tell the blood station.",
        ),
        Code::UnsupportedVersion => (
            "The certificate is newer than this system, which does not know its version.",
            "Charge as usual for now, and ask the blood station for an update.",
        ),
        Code::Revoked => ("The station has revoked this certificate.", ASK_STATION),
        Code::Suspended => ("The station has suspended this certificate.", ASK_STATION),
    };
    let (light, headline) = match code.light() {
        Light::Green => ("Green", "Genuine and valid"),
        Light::Amber => ("Amber", "Genuine, status not confirmed"),
        Light::Red => ("Red", "Do not accept"),
    };
    Verdict { light, headline, reason, action }
}

/// What to do when nothing could be verified; `code` is that of the error.
pub fn trouble(code: &str, language: Language) -> Verdict {
    match language {
        Language::Chinese => trouble_in_chinese(code),
        Language::English => trouble_in_english(code),
    }
}

fn trouble_in_chinese(code: &str) -> Verdict {
    let (reason, action) = match code {
        "nothing_to_verify" => ("没有收到二维码内容，也没有收到照片。", "请扫描二维码，或选择一张照片。"),
        "photo_too_large" => ("照片太大。", "请重新拍一张，或截取二维码部分：不超过 8 MB、4000 万像素。"),
        "not_an_image" => ("这个文件不是 JPEG 或 PNG 照片。", "请改用 JPEG 或 PNG 格式的照片。"),
        "unreadable_image" => ("照片文件已损坏，无法打开。", "请重新拍一张。"),
        "no_qr_found" => ("照片里没有找到二维码。", "请靠近一些、对准焦点、避免反光，让二维码占满画面再拍。"),
        "several_qrs" => ("照片里不止一个二维码。", "请只拍献血证的那一个。"),
        "text_too_long" => ("内容太长，不是献血证的二维码。", "请只扫描献血证的二维码。"),
        "unsupported_form" | "malformed_form" => ("内容没有完整送达。", "请再扫一次，或重新上传。"),
        "busy" | "too_many_requests" => ("正在处理的请求太多。", "请稍等几秒再试。"),
        _ => ("核验服务暂时没有响应，本次没有得到结果。", "请稍后再扫一次；持续出现请联系血站。"),
    };
    Verdict { light: "未核验", headline: "请再试一次", reason, action }
}

fn trouble_in_english(code: &str) -> Verdict {
    let (reason, action) = match code {
        "nothing_to_verify" => {
            ("Neither a code nor a photo arrived.", "Scan the QR code, or choose a photo.")
        }
        "photo_too_large" => (
            "The photo is too large.",
            "Take another one, or cut out the QR code: at most 8 MB and 40 million pixels.",
        ),
        "not_an_image" => ("This file is not a JPEG or PNG photo.", "Use a photo in JPEG or PNG format."),
        "unreadable_image" => ("The photo is damaged and cannot be opened.", "Take another one."),
        "no_qr_found" => (
            "No QR code was found in the photo.",
            "Go closer, focus, avoid reflections, and let the QR code fill the picture.",
        ),
        "several_qrs" => {
            ("There is more than one QR code in the photo.", "Photograph that of the certificate alone.")
        }
        "text_too_long" => ("This is far longer than a certificate.", "Scan the certificate's QR code only."),
        "unsupported_form" | "malformed_form" => {
            ("The contents did not arrive whole.", "Scan or upload again.")
        }
        "busy" | "too_many_requests" => {
            ("Too many requests at the moment.", "Wait some seconds and try again.")
        }
        _ => (
            "The service does not answer just now; there is no result.",
            "Scan again in a moment. If this stays, contact the blood station.",
        ),
    };
    Verdict { light: "Not verified", headline: "Try again", reason, action }
}

/// How an award level is named on the page.
pub fn award(award: Award, language: Language) -> &'static str {
    match (language, award) {
        (Language::Chinese, Award::None) => "尚未达到铜奖",
        (Language::Chinese, Award::Bronze) => "达到铜奖",
        (Language::Chinese, Award::Silver) => "达到银奖",
        (Language::Chinese, Award::Gold) => "达到金奖",
        (Language::Chinese, Award::Lifetime) => "达到终身荣誉奖",
        (Language::English, Award::None) => "None yet",
        (Language::English, Award::Bronze) => "Bronze reached",
        (Language::English, Award::Silver) => "Silver reached",
        (Language::English, Award::Gold) => "Gold reached",
        (Language::English, Award::Lifetime) => "Lifetime honour reached",
    }
}

/// How the number of lives was estimated, with the formula's name.
pub fn estimate(formula: LivesFormula, language: Language) -> &'static str {
    match (language, formula) {
        (Language::Chinese, LivesFormula::MlPer200) => {
            "估算：每 200 毫升全血、每个血小板治疗单位各计 1 人（lives/ml200）"
        }
        (Language::Chinese, LivesFormula::UpToThree) => "估算：每次献血最多计 3 人（lives/up-to-3）",
        (Language::English, LivesFormula::MlPer200) => {
            "estimate: one for every 200 ml of whole blood and every platelet unit (lives/ml200)"
        }
        (Language::English, LivesFormula::UpToThree) => {
            "estimate: up to three for every donation (lives/up-to-3)"
        }
    }
}
