//! What can be said, and in which language.

use std::fmt;

use chrono::{DateTime, Utc};

/// The language a message is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese, `zh-CN`.
    Chinese,
    /// British English, `en`.
    English,
}

/// A message with all that its text needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// The electronic donation certificate (电子献血证) was issued.
    CertificateReady(CertificateReady),
    /// The code that signs somebody in (登录验证码); by SMS only.
    SignInCode(SignInCode),
    /// News of an appointment; by SMS only.
    Appointment(AppointmentNews),
    /// Thanks after donating (献血后致谢); by SMS only.
    Thanks(Thanks),
    /// An emergency team is called up (应急献血招募); by SMS only.
    CallUp(CallUp),
}

/// What the letter "your certificate is ready" says.
///
/// [`render`](crate::render) refuses control characters in every text field, a link that is not `http(s)` and a picture that is
/// not a PNG. `Debug` shows the certificate number only: the rest is about a person.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateReady {
    /// The issuing blood station's public name; signs the letter.
    pub station: String,
    /// The donor's masked name as the certificate shows it (`张*`), never the whole one.
    pub masked_name: String,
    /// The certificate's number; stands in the subject.
    pub certificate_number: String,
    /// Where the certificate is shown: a complete `https://` (or, on a developer's machine, `http://`) address.
    pub link: String,
    /// Total volume of whole blood given, millilitres.
    pub total_ml: u32,
    /// Number of donations.
    pub donations: u32,
    /// Lives saved by the formula that the certificate names; 0 leaves the line out.
    pub lives_saved: u32,
    /// The last day on which the certificate is valid, Asia/Shanghai, as it is to be read: `2027-11-22` suits both languages.
    pub valid_until: String,
    /// The certificate's QR code as a PNG picture, at most 256 KiB.
    pub qr_png: Vec<u8>,
}

impl fmt::Debug for CertificateReady {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CertificateReady")
            .field("certificate_number", &self.certificate_number)
            .finish_non_exhaustive()
    }
}

/// What the SMS with a sign-in code says.
///
/// [`render_sms`](crate::render_sms) refuses a station's name that is no single line or holds 【】, and a code that is not four to
/// eight digits. With six digits and less than ten minutes, one SMS holds a station's name of up to 30 characters in the Chinese
/// wording and 14 in the English one; a longer name takes two. `Debug` does not show the code.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInCode {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
    /// Four to eight digits.
    pub code: String,
    /// How long the code is valid, minutes.
    pub minutes: u32,
}

impl fmt::Debug for SignInCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignInCode").field("minutes", &self.minutes).finish_non_exhaustive()
    }
}

/// What the SMS about an appointment says. Its wording is neutral: no product, blood group or result.
///
/// [`render_sms`](crate::render_sms) refuses a station's name as it does for [`SignInCode`], control characters, and links that are not
/// `http(s)`; a place's name of more than 20 characters is cut. `Debug` shows what happened, not to whom or where.
#[derive(Clone, PartialEq, Eq)]
pub struct AppointmentNews {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
    /// What happened.
    pub what: AppointmentEvent,
    /// Where it is, or was to be.
    pub visit: Visit,
    /// Where the donor says yes, no, or another time; left out when empty.
    pub link: String,
}

/// A place and a time.
#[derive(Clone, PartialEq, Eq)]
pub struct Visit {
    /// The site's name.
    pub place: String,
    /// When it begins, UTC; written in Asia/Shanghai.
    pub starts_at: DateTime<Utc>,
}

/// What happened to an appointment.
#[derive(Clone, PartialEq, Eq)]
pub enum AppointmentEvent {
    /// It was made.
    Booked,
    /// It has another time or place.
    Moved,
    /// Its donor gave it up.
    Cancelled,
    /// It is near.
    Near,
    /// The station cancelled the session; a place elsewhere is held for the donor, if there was one.
    SessionCancelled(Option<Visit>),
    /// The station moved the session: this is where and when it is now.
    SessionMoved,
    /// A place that the donor waited for is held until then, UTC.
    Offered(DateTime<Utc>),
}

impl fmt::Debug for AppointmentNews {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AppointmentNews").finish_non_exhaustive()
    }
}

/// What the SMS after a donation says.
#[derive(Clone, PartialEq, Eq)]
pub struct Thanks {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
    /// Whether a new certificate says so already.
    pub certificate: bool,
}

impl fmt::Debug for Thanks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Thanks").finish_non_exhaustive()
    }
}

/// What the SMS to a member of an emergency team says. Its wording is neutral: no blood group, no reason, no place.
#[derive(Clone, PartialEq, Eq)]
pub struct CallUp {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
    /// Where the donor answers.
    pub link: String,
}

impl fmt::Debug for CallUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CallUp").finish_non_exhaustive()
    }
}
