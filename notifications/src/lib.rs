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
//! [`Sms::send`] does the same for a text that [`render_sms`] wrote.
//!
//! [`calendar::document`] writes appointments as iCalendar: a feed to subscribe to, or what a letter's calendar part says.
//!
//! Not supported yet: delivery receipts, `WeChat` messages, letters with a calendar part, bounce mails, addresses that need
//! SMTPUTF8. There is no `enum Channel` until somebody holds a channel without knowing which.

mod accepted;
pub mod calendar;
mod email;
mod failure;
mod http;
mod line;
mod message;
mod render;
mod sms;

pub use accepted::Accepted;
pub use email::Email;
pub use email::address::{AddressRefused, EmailAddress};
pub use email::letter::{Envelope, MessageId, MessageIdRefused, Sender};
pub use email::settings::{EmailSettings, Login, Security, SetupRefused, Timeouts, Trust};
pub use failure::{Cause, Class, Failure, Step};
pub use http::{Http, HttpAddress, HttpAnswer, HttpTimeouts};
pub use line::ControlCharacter;
pub use message::{
    AppointmentEvent, AppointmentNews, CallUp, CertificateReady, Language, Message, SignInCode, Thanks, Visit,
};
pub use render::{InlineImage, RenderRefused, Rendered, render};
pub use sms::Sms;
pub use sms::news::local_time;
pub use sms::settings::SmsSettings;
pub use sms::text::{SmsText, render_sms};
