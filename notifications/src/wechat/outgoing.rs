//! A message on its way to somebody's `WeChat`: its variables, for a template that has the words.

use std::fmt;

use crate::message::variables::{Value, Variable};
use crate::message::{Language, Message};
use crate::render::RenderRefused;

/// A message as a subscribe message.
///
/// `Debug` shows the kind and the language.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingWeChat {
    kind: &'static str,
    language: Language,
    station: Value,
    variables: Vec<Variable>,
}

impl OutgoingWeChat {
    /// Takes a message's variables.
    ///
    /// # Errors
    ///
    /// Those of [`Message::variables`]; [`RenderRefused::NotForThisChannel`] for a sign-in code.
    pub fn new(message: &Message, language: Language) -> Result<Self, RenderRefused> {
        if matches!(message, Message::SignInCode(_)) {
            return Err(RenderRefused::NotForThisChannel);
        }
        Ok(Self {
            kind: message.kind(),
            language,
            station: Value::Text(message.station().to_owned()),
            variables: message.variables()?,
        })
    }

    /// The message's kind, as [`Message::kind`] names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The language that it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        if name == "station" {
            return Some(&self.station);
        }
        self.variables.iter().find(|variable| variable.name() == name).map(Variable::value)
    }

    /// A page with its variables; `None` when it is empty or asks for one that the message does not have.
    pub(super) fn page(&self, page: &str) -> Option<String> {
        let mut parts = page.split('{');
        let mut written = parts.next().filter(|_| !page.is_empty())?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            let variable = self.variables.iter().find(|variable| variable.name() == name)?;
            written.push_str(&variable.text(self.language));
            written.push_str(rest);
        }
        Some(written)
    }
}

impl fmt::Debug for OutgoingWeChat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OutgoingWeChat")
            .field("kind", &self.kind)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}
