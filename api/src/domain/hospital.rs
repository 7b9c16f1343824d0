//! How the station names a hospital.

use super::refusal::Refusal;

/// A hospital's code: 1 to 32 letters, digits, `-` and `_`, in capital letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HospitalCode(String);

impl HospitalCode {
    /// Reads a hospital's code.
    ///
    /// # Errors
    /// `not_a_hospital_code`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let code = text.trim().to_ascii_uppercase();
        let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !(1..=32).contains(&code.len()) || !plain {
            return Err(Refusal::new(
                "code",
                "not_a_hospital_code",
                "A hospital's code has at most 32 letters, digits, '-' and '_'.",
            ));
        }
        Ok(Self(code))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
