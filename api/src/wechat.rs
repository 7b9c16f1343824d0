//! stand-in
use crate::domain::personal::Phone;
use crate::error::*;
pub struct WeChat;
pub struct OpenId(String);
impl OpenId {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
impl WeChat {
    pub async fn code_to_session(&self, _: &str) -> Result<OpenId, Error> {
        Err(not_configured())
    }
    pub async fn phone_number(
        &self,
        _: &str,
        _: &OpenId,
        _: chrono::DateTime<chrono::Utc>,
    ) -> Result<Phone, Error> {
        Err(not_configured())
    }
}
pub fn not_configured() -> Error {
    Error::conflict("wechat_not_configured", "x")
}
