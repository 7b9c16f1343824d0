//! Renders a message, hands it to a channel and reads the channel's answer; it knows no donors, slots or databases.
//!
//! ```
//! use notifications::{CertificateReady, Language, Message, render};
//!
//! let message = Message::CertificateReady(CertificateReady {
//!     station: "Nanhe Blood Station".into(),
//!     masked_name: "张*".into(),
//!     certificate_number: "NH-2026-000123".into(),
//!     link: "https://blood.example/c/NH-2026-000123".into(),
//!     total_ml: 1200,
//!     donations: 4,
//!     lives_saved: 6,
//!     valid_until: "2027-11-22".into(),
//!     qr_png: b"\x89PNG\r\n\x1a\n (the rest of the picture)".to_vec(),
//! });
//! let rendered = render(&message, Language::English)?;
//!
//! assert_eq!(rendered.subject(), "Your blood donation certificate NH-2026-000123 is ready");
//! # Ok::<(), notifications::RenderRefused>(())
//! ```
//!
//! The guarantee: [`Email::send`] either says that the server took the letter ([`Accepted`]) or gives a [`Failure`] whose
//! [`Class`] says what a queue may do next. It never retries by itself, and it never calls a letter unsent that may have been
//! sent: that is [`Class::Ambiguous`].
//!
//! [`Channel::send`] does the same for every kind of channel: letters, SMS through Kannel, Alibaba Cloud or Tencent Cloud, and
//! `WeChat`'s subscribe messages. [`Outgoing`] is a message in the form of one of them.
//!
//! [`receipt`] reads what providers tell afterwards, [`opt_out`] what people answer, [`calendar::document`] writes appointments as
//! iCalendar: a feed to subscribe to, or a letter's part.
//!
//! Not supported: bounce mails, addresses that need SMTPUTF8, asking a provider for a receipt that did not come, several
//! recipients of one call.

mod accepted;
pub mod calendar;
mod call;
mod channel;
mod email;
mod failure;
mod http;
mod line;
mod message;
pub mod opt_out;
mod reason;
pub mod receipt;
mod render;
mod sms;
mod templates;
mod wechat;

pub use accepted::Accepted;
pub use call::Call;
pub use channel::{Channel, ChannelKind, Outgoing, Recipient};
pub use email::Email;
pub use email::address::{AddressRefused, EmailAddress};
pub use email::letter::{Envelope, MessageId, MessageIdRefused, Sender};
pub use email::settings::{EmailSettings, Login, Security, SetupRefused, Timeouts, Trust};
pub use failure::{Cause, Class, Failure, Step};
pub use http::{Http, HttpAddress, HttpAnswer, HttpTimeouts};
pub use line::ControlCharacter;
pub use message::variables::Variable;
pub use message::{
    Appeal, AppointmentEvent, AppointmentNews, BloodUsed, CallUp, CertificateReady, Language, MayGiveAgain,
    Message, SignInCode, Thanks, Visit,
};
pub use reason::Reason;
pub use render::{InlineImage, RenderRefused, Rendered, render};
pub use sms::Sms;
pub use sms::aliyun::Aliyun;
pub use sms::kannel::Kannel;
pub use sms::news::local_time;
pub use sms::outgoing::OutgoingSms;
pub use sms::settings::{AliyunSettings, KannelSettings, SmsSettings, TencentSettings};
pub use sms::tencent::Tencent;
pub use sms::text::{SmsText, render_sms};
pub use templates::Templates;
pub use wechat::WeChat;
pub use wechat::outgoing::OutgoingWeChat;
pub use wechat::settings::{MiniProgram, WeChatSettings, WeChatTemplate};
