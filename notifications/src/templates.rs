//! Which of a provider's approved templates says what.

use std::collections::BTreeMap;

use crate::email::settings::SetupRefused;
use crate::line::one_line;
use crate::message::{Language, Message};

/// The provider's template ids by kind, or by kind and language: `sign_in_code`, `sign_in_code.en`.
///
/// A name with a language goes before one without, and one without is for every language: a station that has Chinese templates
/// only writes to everybody in Chinese.
///
/// ```
/// use notifications::Templates;
///
/// let templates = Templates::new([("sign_in_code".to_owned(), "SMS_154950909".to_owned())])?;
/// assert!(templates.missing().contains(&"reminder"));
///
/// assert!(Templates::new([("sign_in_cod".to_owned(), "SMS_154950909".to_owned())]).is_err());
/// # Ok::<(), notifications::SetupRefused>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Templates(BTreeMap<String, String>);

impl Templates {
    /// Checks the names.
    ///
    /// # Errors
    ///
    /// [`SetupRefused::NotAKind`] for a name that is no kind; [`SetupRefused::NotATemplate`] for an id that is empty or holds
    /// spaces.
    pub fn new(ids: impl IntoIterator<Item = (String, String)>) -> Result<Self, SetupRefused> {
        let mut checked = BTreeMap::new();
        for (name, id) in ids {
            check_kind(&name)?;
            one_line("template", &id)?;
            if id.is_empty() || id.contains(' ') {
                return Err(SetupRefused::NotATemplate(name));
            }
            checked.insert(name, id);
        }
        Ok(Self(checked))
    }

    /// The kinds that no template says in any language, for a warning at the start.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let says = |kind: &str| {
            [kind.to_owned(), format!("{kind}.zh"), format!("{kind}.en")]
                .iter()
                .any(|name| self.0.contains_key(name))
        };
        Message::KINDS.into_iter().filter(|kind| !says(kind)).collect()
    }

    pub(crate) fn id(&self, kind: &str, language: Language) -> Option<&str> {
        let exact = self.0.get(&format!("{kind}.{}", language.as_str()));
        exact.or_else(|| self.0.get(kind)).map(String::as_str)
    }
}

/// Accepts `kind`, `kind.zh` and `kind.en`.
pub(crate) fn check_kind(name: &str) -> Result<(), SetupRefused> {
    let kind = name.strip_suffix(".zh").or_else(|| name.strip_suffix(".en")).unwrap_or(name);
    if Message::KINDS.contains(&kind) { Ok(()) } else { Err(SetupRefused::NotAKind(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(ids: &[(&str, &str)]) -> Result<Templates, SetupRefused> {
        Templates::new(ids.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())))
    }

    #[test]
    fn a_language_goes_before_none_and_none_is_for_every_language() {
        let templates = templates(&[("thanks", "1"), ("thanks.en", "2"), ("reminder.zh", "3")]).unwrap();

        assert_eq!(templates.id("thanks", Language::Chinese), Some("1"));
        assert_eq!(templates.id("thanks", Language::English), Some("2"));
        assert_eq!(templates.id("reminder", Language::Chinese), Some("3"));
        assert_eq!(templates.id("reminder", Language::English), None);
        let missing = templates.missing();
        assert!(
            !missing.contains(&"thanks")
                && !missing.contains(&"reminder")
                && missing.contains(&"sign_in_code")
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_found_at_the_start() {
        assert!(
            matches!(templates(&[("thank", "1")]).unwrap_err(), SetupRefused::NotAKind(name) if name == "thank")
        );
        assert!(matches!(templates(&[("thanks.fr", "1")]).unwrap_err(), SetupRefused::NotAKind(_)));
        assert!(matches!(templates(&[("thanks", "")]).unwrap_err(), SetupRefused::NotATemplate(_)));
        assert!(matches!(templates(&[("thanks", "1 2")]).unwrap_err(), SetupRefused::NotATemplate(_)));
        assert!(matches!(templates(&[("thanks", "1\n")]).unwrap_err(), SetupRefused::ControlCharacter(_)));
    }
}
