//! Why a provider does not send a message: its hundred codes as the few things that a queue can do about them.

use std::fmt;

use crate::failure::Class;

/// Why a provider does not send a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The number or the identity is none, or is not served.
    Recipient,
    /// The recipient is on the provider's or the carrier's list of those who want nothing.
    OptedOut,
    /// `WeChat` 43101: the person has given no consent for this message, or took it back. Another channel may still reach them.
    NotSubscribed,
    /// The template is unknown or not approved, or does not fit its variables.
    Template,
    /// The message or one of its variables holds what may not be sent, or is too long.
    Content,
    /// More than the provider allows in this minute, hour or day.
    Pace,
    /// The key, the signature, the money or the permission: whoever the recipient is.
    Account,
    /// The channel's set-up at the provider (`WeChat`'s templates and pages): whoever the recipient is.
    Setup,
    /// The access token is missing, wrong or has expired: fetch a new one and try again.
    Token,
    /// The provider is busy and says that nothing was done.
    Busy,
    /// The provider broke down on the way: the message may be sent or not.
    Unfinished,
    /// A code that we do not know. It is treated as ambiguous: a retry could be a second SMS, "permanent" would silence somebody
    /// whose number is good, and "account" would stop everybody's messages.
    Unknown,
}

impl Reason {
    /// What a queue may do next.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Recipient | Self::OptedOut | Self::NotSubscribed | Self::Template | Self::Content => {
                Class::Permanent
            }
            Self::Pace => Class::Throttled,
            Self::Account | Self::Setup => Class::Account,
            Self::Token | Self::Busy => Class::Transient,
            Self::Unfinished | Self::Unknown => Class::Ambiguous,
        }
    }

    /// Whether this address is to be suppressed. A person who did not subscribe is not meant: they may do so tomorrow.
    #[must_use]
    pub fn is_about_recipient(self) -> bool {
        matches!(self, Self::Recipient | Self::OptedOut)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Recipient => "the recipient's address is refused",
            Self::OptedOut => "the recipient wants no messages",
            Self::NotSubscribed => "the recipient did not subscribe to it",
            Self::Template => "the provider refuses its template",
            Self::Content => "the provider refuses its content",
            Self::Pace => "too many messages",
            Self::Account => "the provider refuses our account",
            Self::Setup => "the provider refuses our set-up",
            Self::Token => "the access token is refused",
            Self::Busy => "the provider is busy",
            Self::Unfinished => "the provider did not finish",
            Self::Unknown => "the provider answered with a code that we do not know",
        })
    }
}
