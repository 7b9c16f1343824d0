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
//! Not supported yet: SMS and `WeChat` (the second channel will make an `enum Channel`), calendar attachments, bounce mails,
//! addresses that need SMTPUTF8.

mod email;
mod failure;
mod line;
mod message;
mod render;

pub use email::address::{AddressRefused, EmailAddress};
pub use email::letter::{Envelope, MessageId, MessageIdRefused, Sender};
pub use email::settings::{EmailSettings, Login, Security, SetupRefused, Timeouts, Trust};
pub use email::{Accepted, Email};
pub use failure::{Cause, Class, Failure, Step};
pub use line::ControlCharacter;
pub use message::{CertificateReady, Language, Message};
pub use render::{InlineImage, RenderRefused, Rendered, render};
