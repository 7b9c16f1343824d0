//! The stable names of what can be said.

use super::{Appeal, AppointmentEvent, AppointmentNews, Message, Thanks};

impl Message {
    /// Every kind, in the order of this crate's documentation.
    pub const KINDS: [&'static str; 17] = [
        "certificate_ready",
        "sign_in_code",
        "appointment_booked",
        "appointment_moved",
        "appointment_cancelled",
        "reminder",
        "session_moved",
        "session_cancelled",
        "session_cancelled_held",
        "place_offered",
        "thanks",
        "thanks_certificate",
        "may_give_again",
        "blood_used",
        "appeal",
        "appeal_at_site",
        "call_up",
    ];

    /// The message's kind: one wording, and so one template at a provider. It never changes, because settings and stored rows
    /// hold it. `session_cancelled_held`, `thanks_certificate` and `appeal_at_site` are kinds of their own: providers approve a wording as it is,
    /// and theirs has other words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CertificateReady(_) => "certificate_ready",
            Self::SignInCode(_) => "sign_in_code",
            Self::Appointment(news) => kind_of_news(news),
            Self::Thanks(Thanks { certificate: false, .. }) => "thanks",
            Self::Thanks(Thanks { certificate: true, .. }) => "thanks_certificate",
            Self::MayGiveAgain(_) => "may_give_again",
            Self::BloodUsed(_) => "blood_used",
            Self::Appeal(Appeal { site: None, .. }) => "appeal",
            Self::Appeal(Appeal { site: Some(_), .. }) => "appeal_at_site",
            Self::CallUp(_) => "call_up",
        }
    }

    /// The station that says it.
    #[must_use]
    pub fn station(&self) -> &str {
        match self {
            Self::CertificateReady(certificate) => &certificate.station,
            Self::SignInCode(sign_in) => &sign_in.station,
            Self::Appointment(news) => &news.station,
            Self::Thanks(thanks) => &thanks.station,
            Self::MayGiveAgain(again) => &again.station,
            Self::BloodUsed(used) => &used.station,
            Self::Appeal(appeal) => &appeal.station,
            Self::CallUp(call) => &call.station,
        }
    }
}

fn kind_of_news(news: &AppointmentNews) -> &'static str {
    match news.what {
        AppointmentEvent::Booked => "appointment_booked",
        AppointmentEvent::Moved => "appointment_moved",
        AppointmentEvent::Cancelled => "appointment_cancelled",
        AppointmentEvent::Near => "reminder",
        AppointmentEvent::SessionMoved => "session_moved",
        AppointmentEvent::SessionCancelled(None) => "session_cancelled",
        AppointmentEvent::SessionCancelled(Some(_)) => "session_cancelled_held",
        AppointmentEvent::Offered(_) => "place_offered",
    }
}
