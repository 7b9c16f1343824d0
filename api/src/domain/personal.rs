//! Personal data as types that mask themselves: a name, a phone or an address cannot slip into a log by `{:?}`.

use super::refusal::Refusal;
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// The longest name, or other line, that the station keeps, in characters.
const TEXT_LIMIT: usize = 64;
/// Chinese family names of two characters: 百家姓 and the common ones since.
const DOUBLE_FAMILY_NAMES: [&str; 30] = [
    "欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文", "司徒",
    "夏侯", "端木", "百里", "呼延", "东郭", "南宫", "独孤", "西门", "公羊", "澹台", "淳于", "单于", "申屠",
    "轩辕", "钟离", "闻人", "太史",
];

/// A person's name, NFC.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name.
    ///
    /// # Errors
    /// `missing`, `too_long` (more than 64 characters) or `control_character` (also invisible and
    /// direction-changing characters, by which two names can look the same).
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        visible_text("name", text).map(Self)
    }

    /// The name in clear: for storage and for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The name as certificates show it: the family name and one star (张*, 欧阳*); of a name in another
    /// script the first letter.
    pub fn masked(&self) -> String {
        Self::mask(&self.0)
    }

    /// [`PersonName::masked`] for a name that was read already.
    pub fn mask(name: &str) -> String {
        let is_family = |family: &&&str| name.strip_prefix(**family).is_some_and(|given| !given.is_empty());
        match DOUBLE_FAMILY_NAMES.iter().find(is_family) {
            Some(family) => format!("{family}*"),
            None => name.chars().take(1).chain(['*']).collect(),
        }
    }
}

/// A line that people read, NFC: a name, an address.
///
/// # Errors
/// `missing`, `too_long` (more than 64 characters) or `control_character` (also invisible and
/// direction-changing characters, by which two lines can look the same).
pub fn visible_text(column: &'static str, text: &str) -> Result<String, Refusal> {
    let text: String = text.trim().nfc().collect();
    if text.is_empty() {
        return Err(Refusal::new(column, "missing", "This is missing."));
    }
    if text.chars().count() > TEXT_LIMIT {
        return Err(Refusal::new(column, "too_long", "This is longer than 64 characters."));
    }
    if text.chars().any(is_invisible) {
        let message = "This holds a control character, or one that cannot be seen.";
        return Err(Refusal::new(column, "control_character", message));
    }
    Ok(text)
}

/// Control characters, and the ones that are invisible or change the direction of writing.
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A telephone number in E.164 form (`+8617000000001`).
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Reads a telephone number: a mainland mobile or landline number, with or without `+86`, or any
    /// international number with its `+`. Spaces and hyphens are passed over.
    ///
    /// # Errors
    /// `not_a_phone_number`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let dialled: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{3000}')).collect();
        let refusal = || {
            Refusal::new("phone", "not_a_phone_number", "This is not a telephone number that can be dialled.")
        };
        let (country, national) = match dialled.strip_prefix("+86").or_else(|| dialled.strip_prefix("0086")) {
            Some(national) => ("+86", national),
            None => match dialled.strip_prefix('+') {
                Some(international) => ("+", international),
                None => ("+86", dialled.as_str()),
            },
        };
        let digits = national.bytes().all(|byte| byte.is_ascii_digit());
        let plausible = match (country, national.as_bytes()) {
            ("+86", [b'1', b'3'..=b'9', ..]) => national.len() == 11,
            ("+86", [b'0', ..]) => (10..=12).contains(&national.len()),
            ("+", [b'1'..=b'9', ..]) => (7..=15).contains(&national.len()),
            _ => false,
        };
        if !digits || !plausible {
            return Err(refusal());
        }
        Ok(Self(format!("{country}{}", national.strip_prefix('0').unwrap_or(national))))
    }

    /// The number in clear: for storage, for dialling, and for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A telephone number as its owner recognises it: `+86170****0001`.
pub fn mask_phone(number: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    let hidden = digits.len().saturating_sub(8)..digits.len().saturating_sub(4);
    digits
        .iter()
        .enumerate()
        .map(|(place, digit)| if hidden.contains(&place) { '*' } else { *digit })
        .collect()
}

/// An e-mail address, its domain in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an e-mail address (RFC 5321 dot-atom form, at most 254 bytes; no quoted local part, no
    /// address literal, ASCII only).
    ///
    /// # Errors
    /// `not_an_email_address`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refusal = || {
            Refusal::new(
                "email",
                "not_an_email_address",
                "This is not an e-mail address that can be written to.",
            )
        };
        let (local, domain) = text.trim().rsplit_once('@').ok_or_else(refusal)?;
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let dotted = |part: &str, allowed: &dyn Fn(u8) -> bool| {
            part.split('.').all(|label| !label.is_empty() && label.len() <= 63 && label.bytes().all(allowed))
        };
        let well_formed = local.len() <= 64
            && local.len() + domain.len() < 254
            && domain.contains('.')
            && dotted(local, &atom)
            && dotted(domain, &host);
        if !well_formed {
            return Err(refusal());
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The address in clear: for storage, for writing to, and for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

macro_rules! masked_debug {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}
masked_debug!(PersonName, Phone, Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_masked_to_its_family_name() {
        let masked = |name: &str| PersonName::parse(name).unwrap().masked();

        assert_eq!(masked("张磊文"), "张*");
        assert_eq!(masked("欧阳霞"), "欧阳*");
        assert_eq!(masked("欧阳"), "欧*");
        assert_eq!(masked("Anna"), "A*");
    }

    #[test]
    fn a_name_with_a_hidden_character_is_refused() {
        for hidden in ["张\u{202E}磊", "张\u{0}", "张\u{200B}磊", "张\r\n磊"] {
            assert_eq!(PersonName::parse(hidden).unwrap_err().reason, "control_character");
        }
    }

    #[test]
    fn one_phone_has_one_form_however_it_is_written() {
        for written in ["17000000001", "+86 170-0000-0001", "008617000000001", " 170 0000 0001 "] {
            assert_eq!(Phone::parse(written).unwrap().reveal(), "+8617000000001");
        }
        assert_eq!(Phone::parse("0375-2923456").unwrap().reveal(), "+863752923456");
        assert_eq!(Phone::parse("+1 650 253 0000").unwrap().reveal(), "+16502530000");
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for wrong in ["", "12345", "1700000000a", "27000000001", "170000000011", "+0123456789"] {
            assert_eq!(Phone::parse(wrong).unwrap_err().reason, "not_a_phone_number", "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_written_to_is_refused() {
        for wrong in ["", "a", "a@b", "a@@b.cn", "a b@c.cn", "a@b..cn", "a@b.cn\r\nBcc: c@d.cn", "@b.cn"] {
            assert_eq!(Email::parse(wrong).unwrap_err().reason, "not_an_email_address", "{wrong}");
        }
        assert_eq!(Email::parse("Donor3@Example.ORG").unwrap().reveal(), "Donor3@example.org");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", PersonName::parse("张磊文").unwrap()), "PersonName(…)");
        assert_eq!(format!("{:?}", Phone::parse("17000000001").unwrap()), "Phone(…)");
        assert_eq!(format!("{:?}", Email::parse("a@b.cn").unwrap()), "Email(…)");
    }
}
