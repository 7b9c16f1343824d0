//! A message on its way to a telephone: the text for a gateway that takes any, and the variables for one that has the text.

use std::fmt;

use super::text::{SmsText, render_sms};
use crate::message::variables::Variable;
use crate::message::{Language, Message};
use crate::render::RenderRefused;

/// A message as an SMS, in every form that a provider may want.
///
/// `Debug` shows the kind, the language and the length.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingSms {
    text: SmsText,
    kind: &'static str,
    language: Language,
    variables: Vec<Variable>,
}

impl OutgoingSms {
    /// Writes a message out as an SMS.
    ///
    /// # Errors
    ///
    /// Those of [`render_sms`] and of [`Message::variables`].
    pub fn new(message: &Message, language: Language) -> Result<Self, RenderRefused> {
        Ok(Self {
            text: render_sms(message, language)?,
            kind: message.kind(),
            language,
            variables: message.variables()?,
        })
    }

    /// The whole text, signature first.
    #[must_use]
    pub fn text(&self) -> &SmsText {
        &self.text
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

    /// Names and values of its variables, in their order.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.variables.iter().map(|variable| (variable.name(), variable.text(self.language)))
    }
}

impl fmt::Debug for OutgoingSms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OutgoingSms")
            .field("kind", &self.kind)
            .field("language", &self.language)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}
