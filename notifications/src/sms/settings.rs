//! How to reach an SMS gateway or provider.

use std::fmt;

use crate::email::settings::Trust;
use crate::http::HttpTimeouts;
use crate::templates::Templates;

/// Who takes our SMS; each `Debug` shows the address only.
#[derive(Debug, Clone)]
pub enum SmsSettings {
    /// Kannel.
    Kannel(KannelSettings),
    /// Alibaba Cloud.
    Aliyun(AliyunSettings),
    /// Tencent Cloud.
    Tencent(TencentSettings),
}

/// A Kannel `smsbox` and its user (Kannel 1.4 user guide, "SMS push").
///
/// `Debug` shows the address only.
#[derive(Clone)]
pub struct KannelSettings {
    /// The address of `sendsms`: `https://`, or `http://` on this machine. Without a path it is `/cgi-bin/sendsms`.
    pub url: String,
    /// The `username` of a `sendsms-user` group.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The number that messages come from, as the carrier gave it.
    pub from: String,
    /// Where Kannel calls us with receipts, with whatever tells us that it is Kannel: `https://blood.example/v1/receipts/kannel?token=…`
    /// (`http://` on this machine only). `reference=…&status=%d&smsc=%F` is added to it. Empty: no receipts are asked for.
    pub receipts_url: String,
    /// How long we wait.
    pub timeouts: HttpTimeouts,
    /// Whose word for the gateway's identity is taken, when it is reached by `https://`.
    pub trust: Trust,
}

/// Alibaba Cloud's SMS service (Dysmsapi 2017-05-25) and our account there.
///
/// `Debug` shows the address only.
#[derive(Clone)]
pub struct AliyunSettings {
    /// Its address: `https://dysmsapi.aliyuncs.com`.
    pub url: String,
    /// The host that is signed and asked for, when it is another than the address says; usually empty.
    pub host: String,
    /// The id of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub access_key_secret: String,
    /// The approved signature without 【】, which Aliyun puts before the text.
    pub sign_name: String,
    /// The approved templates (`SMS_154950909`); they name their variables as [`Message::variables`](crate::Message::variables)
    /// does.
    pub templates: Templates,
    /// How long we wait.
    pub timeouts: HttpTimeouts,
    /// Whose word for its identity is taken.
    pub trust: Trust,
}

/// Tencent Cloud's SMS service (2021-01-11) and our account there.
///
/// `Debug` shows the address only.
#[derive(Clone)]
pub struct TencentSettings {
    /// Its address: `https://sms.tencentcloudapi.com`.
    pub url: String,
    /// The host that is signed and asked for, when it is another than the address says; usually empty.
    pub host: String,
    /// Where it runs: `ap-guangzhou`, `ap-beijing` or `ap-nanjing`.
    pub region: String,
    /// The id of the API key.
    pub secret_id: String,
    /// Its secret.
    pub secret_key: String,
    /// The application's number, `SmsSdkAppId`.
    pub app_id: String,
    /// The approved signature without 【】, which Tencent Cloud puts before the text.
    pub sign_name: String,
    /// The approved templates (`449739`); `{1}`, `{2}` … are the variables in the order of
    /// [`Message::variables`](crate::Message::variables), and a template MUST use all of them.
    pub templates: Templates,
    /// How long we wait.
    pub timeouts: HttpTimeouts,
    /// Whose word for its identity is taken.
    pub trust: Trust,
}

impl From<KannelSettings> for SmsSettings {
    fn from(settings: KannelSettings) -> Self {
        Self::Kannel(settings)
    }
}

impl From<AliyunSettings> for SmsSettings {
    fn from(settings: AliyunSettings) -> Self {
        Self::Aliyun(settings)
    }
}

impl From<TencentSettings> for SmsSettings {
    fn from(settings: TencentSettings) -> Self {
        Self::Tencent(settings)
    }
}

impl fmt::Debug for KannelSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KannelSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for AliyunSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AliyunSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for TencentSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TencentSettings").field("url", &self.url).finish_non_exhaustive()
    }
}
