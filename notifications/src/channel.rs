//! Whatever carries a message to a person, behind one name.

use std::fmt;

use crate::accepted::Accepted;
use crate::call::Call;
use crate::email::Email;
use crate::email::address::EmailAddress;
use crate::email::letter::{Envelope, MessageId, Sender};
use crate::failure::{Cause, Failure, Step};
use crate::message::{Language, Message};
use crate::render::{RenderRefused, Rendered, render};
use crate::sms::Sms;
use crate::sms::outgoing::OutgoingSms;
use crate::wechat::WeChat;
use crate::wechat::outgoing::OutgoingWeChat;

/// The kinds of channels, by names that never change, because settings, consents and stored rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelKind {
    /// Letters.
    Email,
    /// SMS.
    Sms,
    /// Subscribe messages.
    WeChat,
    /// Nowhere: for demonstrations.
    Console,
}

/// A way to people.
#[derive(Debug)]
pub enum Channel {
    /// Letters from this address; the name that they show is the message's station.
    Email {
        /// The mail server.
        email: Email,
        /// Who the letters are from.
        from: EmailAddress,
    },
    /// SMS.
    Sms(Sms),
    /// Subscribe messages.
    WeChat(WeChat),
    /// Takes everything and touches nothing.
    Console,
}

/// Whom a message goes to; `Debug` shows nothing but the kind.
#[derive(Clone, Copy)]
pub enum Recipient<'a> {
    /// An e-mail address.
    Email(&'a EmailAddress),
    /// A telephone number in E.164 form (`+8617000000001`).
    Phone(&'a str),
    /// The OpenID by which `WeChat` knows the person in our mini-program.
    WeChat(&'a str),
}

/// A message in the form of one kind of channel.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// For [`Channel::Email`].
    Letter(Box<Rendered>),
    /// For [`Channel::Sms`].
    Sms(OutgoingSms),
    /// For [`Channel::WeChat`].
    WeChat(OutgoingWeChat),
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Email, Self::Sms, Self::WeChat, Self::Console];

    /// The stable name: `email`, `sms`, `wechat` or `console`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::WeChat => "wechat",
            Self::Console => "console",
        }
    }

    /// Reads a stable name; `None` when there is no such channel.
    ///
    /// ```
    /// use notifications::ChannelKind;
    ///
    /// assert_eq!(ChannelKind::parse("wechat"), Some(ChannelKind::WeChat));
    /// assert_eq!(ChannelKind::parse("fax"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Outgoing {
    /// Writes a message out for a kind of channel. The console takes the SMS, or the letter of what has none.
    ///
    /// A letter's calendar and its unsubscribe address are added to what [`render`] gives: [`Rendered::with_calendar`],
    /// [`Rendered::with_unsubscribe`].
    ///
    /// # Errors
    ///
    /// [`RenderRefused`]; [`RenderRefused::NotForThisChannel`] when the message has no form for it.
    pub fn new(message: &Message, language: Language, channel: ChannelKind) -> Result<Self, RenderRefused> {
        match channel {
            ChannelKind::Email => Ok(Self::from(render(message, language)?)),
            ChannelKind::Sms => Ok(Self::Sms(OutgoingSms::new(message, language)?)),
            ChannelKind::WeChat => Ok(Self::WeChat(OutgoingWeChat::new(message, language)?)),
            ChannelKind::Console => match OutgoingSms::new(message, language) {
                Err(RenderRefused::NotForThisChannel) => Ok(Self::from(render(message, language)?)),
                sms => Ok(Self::Sms(sms?)),
            },
        }
    }
}

impl From<Rendered> for Outgoing {
    fn from(letter: Rendered) -> Self {
        Self::Letter(Box::new(letter))
    }
}

impl Channel {
    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Email { .. } => ChannelKind::Email,
            Self::Sms(_) => ChannelKind::Sms,
            Self::WeChat(_) => ChannelKind::WeChat,
            Self::Console => ChannelKind::Console,
        }
    }

    /// Hands a message over, once.
    ///
    /// A letter's `Message-ID` is the call's reference at the domain that it is from, its `Date` is `written_at`: both are the same
    /// for every attempt.
    ///
    /// # Errors
    ///
    /// [`Failure`], whose class says whether it may be tried again; [`Cause::Unwritable`] when recipient or form are another
    /// channel's.
    pub async fn send(
        &self,
        recipient: &Recipient<'_>,
        outgoing: &Outgoing,
        call: &Call<'_>,
    ) -> Result<Accepted, Failure> {
        match (self, recipient, outgoing) {
            (Self::Email { email, from }, Recipient::Email(to), Outgoing::Letter(letter)) => {
                send_letter(email, from, to, letter, call).await
            }
            (Self::Sms(sms), Recipient::Phone(to), Outgoing::Sms(outgoing)) => {
                sms.send(to, outgoing, call).await
            }
            (Self::WeChat(wechat), Recipient::WeChat(openid), Outgoing::WeChat(outgoing)) => {
                wechat.send(openid, outgoing, call).await
            }
            (Self::Console, _, _) => {
                Ok(Accepted { code: 200, text: "the console took it".to_owned(), provider_id: None })
            }
            _ => Err(unwritable()),
        }
    }
}

async fn send_letter(
    email: &Email,
    from: &EmailAddress,
    to: &EmailAddress,
    letter: &Rendered,
    call: &Call<'_>,
) -> Result<Accepted, Failure> {
    call.check()?;
    let domain = from.domain();
    let message_id = MessageId::parse(&format!("{}@{domain}", call.reference)).map_err(|_| unwritable())?;
    let sender = Sender::new(letter.station(), from.clone()).map_err(|_| unwritable())?;
    let envelope = Envelope { from: &sender, to, message_id: &message_id, date: call.written_at.into() };
    email.send(letter, &envelope).await
}

fn unwritable() -> Failure {
    Failure::new(Step::Compose, Cause::Unwritable)
}

impl fmt::Debug for Recipient<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Email(_) => "Email(…)",
            Self::Phone(_) => "Phone(…)",
            Self::WeChat(_) => "WeChat(…)",
        })
    }
}
