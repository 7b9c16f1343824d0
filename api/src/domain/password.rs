//! stand-in
use super::refusal::Refusal;
pub struct Password(String);
impl Password {
    pub fn parse(t: &str, _n: &str) -> Result<Self, Refusal> {
        Ok(Self(t.to_owned()))
    }
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
