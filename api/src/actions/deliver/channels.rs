//! The ways to people, as the configuration names them.

use crate::config::{self, Config, Mail, Sms};
use crate::error::Error;
use notifications::{
    AliyunSettings, Channel, ChannelKind, Email, EmailAddress, EmailSettings, HttpTimeouts, KannelSettings,
    Language, Login, Message, MiniProgram, Security, SmsSettings, Templates, TencentSettings, Timeouts,
    Trust, WeChat, WeChatSettings, WeChatTemplate,
};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Connections to the mail server.
const MAIL_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// The ways to people.
pub struct Channels {
    sms: Option<Channel>,
    email: Option<Channel>,
    wechat: Option<Channel>,
}

impl Channels {
    /// Those that the configuration names.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn open(config: &Config) -> Result<Self, Error> {
        Ok(Self { sms: sms(config)?, email: email(&config.mail)?, wechat: wechat(&config.wechat)? })
    }

    /// The channel of this name, when there is one; the console stands for SMS.
    pub fn get(&self, name: &str) -> Option<&Channel> {
        match ChannelKind::parse(name)? {
            ChannelKind::Sms => self.sms.as_ref(),
            ChannelKind::Email => self.email.as_ref(),
            ChannelKind::WeChat => self.wechat.as_ref(),
            ChannelKind::Console => None,
        }
    }

    /// Whether telephones can be reached.
    pub fn reaches_telephones(&self) -> bool {
        self.sms.is_some()
    }

    /// Whether messages are shown on the demonstration's page instead of sent.
    pub fn shows_messages(&self) -> bool {
        matches!(self.sms, Some(Channel::Console))
    }

    /// The address that letters are from.
    pub fn sender(&self) -> Option<&EmailAddress> {
        match &self.email {
            Some(Channel::Email { from, .. }) => Some(from),
            _ => None,
        }
    }

    /// The subscribe message that says this kind in this language, by its template's id; `None` when there is none.
    pub fn subscribe_message(&self, kind: &str, language: Language) -> Option<&str> {
        match &self.wechat {
            Some(Channel::WeChat(wechat)) => wechat.template_id(kind, language),
            _ => None,
        }
    }

    /// The subscribe messages in this language: each template's id with the kinds that it says.
    pub fn subscribe_messages(&self, language: Language) -> BTreeMap<&str, Vec<&'static str>> {
        let mut messages = BTreeMap::<&str, Vec<&'static str>>::new();
        for kind in Message::KINDS {
            if let Some(id) = self.subscribe_message(kind, language) {
                messages.entry(id).or_default().push(kind);
            }
        }
        messages
    }

    /// Takes leave of the servers.
    pub async fn close(&self) {
        if let Some(Channel::Email { email, .. }) = &self.email {
            email.close().await;
        }
    }
}

fn sms(config: &Config) -> Result<Option<Channel>, Error> {
    let settings = &config.sms;
    let bad = |failure: String| Error::invalid("bad_configuration", format!("sms: {failure}"));
    let trust = trust(&settings.ca_file, "sms")?;
    let timeouts =
        HttpTimeouts { total: Duration::from_secs(settings.timeout_seconds), ..HttpTimeouts::default() };
    let templates = || Templates::new(settings.templates.clone()).map_err(|failure| bad(failure.to_string()));
    let settings: SmsSettings = match settings.provider.as_str() {
        "" => return Ok(None),
        "console" => return Ok(Some(Channel::Console)),
        "kannel" => KannelSettings {
            url: settings.url.clone(),
            user: settings.user.clone(),
            password: settings.password.clone(),
            from: settings.from.clone(),
            receipts_url: receipts_url(config),
            timeouts,
            trust,
        }
        .into(),
        "aliyun" => AliyunSettings {
            url: settings.url.clone(),
            host: String::new(),
            access_key_id: settings.user.clone(),
            access_key_secret: settings.password.clone(),
            sign_name: settings.sign_name.clone(),
            templates: templates()?,
            timeouts,
            trust,
        }
        .into(),
        "tencent" => TencentSettings {
            url: settings.url.clone(),
            host: String::new(),
            region: settings.region.clone(),
            secret_id: settings.user.clone(),
            secret_key: settings.password.clone(),
            app_id: settings.app_id.clone(),
            sign_name: settings.sign_name.clone(),
            templates: templates()?,
            timeouts,
            trust,
        }
        .into(),
        _ => return Err(bad(Sms::PROVIDERS_MESSAGE.to_owned())),
    };
    notifications::Sms::new(settings)
        .map(|sms| Some(Channel::Sms(sms)))
        .map_err(|failure| bad(failure.to_string()))
}

/// Where Kannel calls us; nowhere without a secret that tells us that it is Kannel. One on this machine need not go through the
/// world.
fn receipts_url(config: &Config) -> String {
    let Sms { receipts_secret: secret, receipts_url, url, .. } = &config.sms;
    let address = match receipts_url.trim_end_matches('/') {
        "" if url.starts_with("http://") => format!("http://127.0.0.1:{}", config.server.port),
        "" => config.public_url(),
        set => set.to_owned(),
    };
    if secret.is_empty() { String::new() } else { format!("{address}/v1/receipts/kannel?token={secret}") }
}

fn email(settings: &Mail) -> Result<Option<Channel>, Error> {
    if settings.host.is_empty() {
        return Ok(None);
    }
    let (email, from) = mail_server(settings, MAIL_CONNECTIONS)?;
    Ok(Some(Channel::Email { email, from }))
}

/// A message's way through WeChat takes as long as an SMS's, token and all: a claim must hold meanwhile.
const LONGEST_WECHAT: Duration = Duration::from_secs(10);

fn wechat(settings: &config::WeChat) -> Result<Option<Channel>, Error> {
    if settings.templates.is_empty() {
        return Ok(None);
    }
    let total = Duration::from_secs(settings.timeout_seconds).min(LONGEST_WECHAT);
    let template = |(kind, template): (&String, &config::SubscribeMessage)| {
        let fields =
            template.fields.iter().map(|(field, variable)| (field.clone(), variable.clone())).collect();
        (kind.clone(), WeChatTemplate { id: template.id.clone(), page: template.page.clone(), fields })
    };
    let settings = WeChatSettings {
        url: settings.base_url.clone(),
        templates: settings.templates.iter().map(template).collect(),
        opens: match settings.opens.as_str() {
            "trial" => MiniProgram::Trial,
            "developer" => MiniProgram::Developer,
            _ => MiniProgram::Formal,
        },
        timeouts: HttpTimeouts { connect: HttpTimeouts::default().connect.min(total / 2), total },
        trust: Trust::System,
    };
    WeChat::new(settings)
        .map(|wechat| Some(Channel::WeChat(wechat)))
        .map_err(|failure| Error::invalid("bad_configuration", format!("wechat.templates: {failure}")))
}

/// The mail server that the configuration names, and the address that letters are from.
///
/// # Errors
/// `bad_configuration`.
pub fn mail_server(settings: &Mail, connections: NonZeroUsize) -> Result<(Email, EmailAddress), Error> {
    let bad = |failure: String| Error::invalid("bad_configuration", format!("mail: {failure}"));
    let security = match settings.security.as_str() {
        "starttls" => Security::StartTls,
        "tls" => Security::Tls,
        "plain" => Security::PlainOnLoopback,
        _ => return Err(bad("security is neither \"starttls\" nor \"tls\" nor \"plain\"".to_owned())),
    };
    let login = Some(Login { user: settings.user.clone(), password: settings.password.clone() });
    let email = Email::new(EmailSettings {
        host: settings.host.clone(),
        port: settings.port,
        security,
        trust: trust(&settings.ca_file, "mail")?,
        login: login.filter(|login| !login.user.is_empty()),
        hello_name: "localhost".to_owned(),
        timeouts: Timeouts::default(),
        connections,
    });
    let from = settings.from.parse().map_err(|_| bad("from is not an e-mail address".to_owned()))?;
    Ok((email.map_err(|failure| bad(failure.to_string()))?, from))
}

fn trust(ca_file: &str, section: &str) -> Result<Trust, Error> {
    let bad = |failure| Error::invalid("bad_configuration", format!("{section}: ca_file: {failure}"));
    match ca_file {
        "" => Ok(Trust::System),
        file => Ok(Trust::Only(std::fs::read(file).map_err(bad)?)),
    }
}
