//! How to reach `WeChat`, and which subscribe message says what.

use std::collections::BTreeMap;

use super::field::Field;
use crate::email::settings::{SetupRefused, Trust};
use crate::http::HttpTimeouts;
use crate::line::one_line;
use crate::message::Language;
use crate::templates::check_kind;

/// `WeChat`'s server and the mini-program's subscribe messages (订阅消息).
#[derive(Debug, Clone)]
pub struct WeChatSettings {
    /// Its address: `https://api.weixin.qq.com`.
    pub url: String,
    /// The templates, by kind or by kind and language, as in [`Templates`](crate::Templates): `reminder`, `reminder.en`.
    pub templates: BTreeMap<String, WeChatTemplate>,
    /// Which version of the mini-program a message opens.
    pub opens: MiniProgram,
    /// How long we wait.
    pub timeouts: HttpTimeouts,
    /// Whose word for its identity is taken.
    pub trust: Trust,
}

/// One subscribe message as it was put together in the mini-program's console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeChatTemplate {
    /// The template's id.
    pub id: String,
    /// The page that it opens, with `{name}` for a variable: `pages/appointment/index?key={link}`. Left out of the message when
    /// empty, or when the message does not have that variable.
    pub page: String,
    /// What stands in each of its fields: `("thing1", "place")`, `("time2", "time")`. The field's name without its number is its
    /// kind (see [`WeChat`](super::WeChat)); the variables are those of [`Message::variables`](crate::Message::variables), and
    /// `station`.
    pub fields: Vec<(String, String)>,
}

/// A version of the mini-program (`miniprogram_state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MiniProgram {
    /// The published one.
    #[default]
    Formal,
    /// The one that testers have.
    Trial,
    /// The developers' own.
    Developer,
}

impl MiniProgram {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Formal => "formal",
            Self::Trial => "trial",
            Self::Developer => "developer",
        }
    }
}

impl WeChatSettings {
    pub(super) fn check(&self) -> Result<(), SetupRefused> {
        for (name, template) in &self.templates {
            check_kind(name)?;
            one_line("template", &template.id)?;
            one_line("page", &template.page)?;
            if template.id.is_empty() || template.id.contains(' ') {
                return Err(SetupRefused::NotATemplate(name.clone()));
            }
            if template.page.contains("://") {
                return Err(SetupRefused::Unusable("page"));
            }
            if template.fields.is_empty()
                || template.fields.iter().any(|(field, _)| Field::of(field).is_none())
            {
                return Err(SetupRefused::Unusable("fields"));
            }
        }
        Ok(())
    }

    pub(super) fn template(&self, kind: &str, language: Language) -> Option<&WeChatTemplate> {
        let exact = self.templates.get(&format!("{kind}.{}", language.as_str()));
        exact.or_else(|| self.templates.get(kind))
    }
}
