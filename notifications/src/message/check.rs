//! What is refused of a message's fields, by the field's name, whatever the message is written on.

use super::{Appeal, AppointmentEvent, AppointmentNews, Message};
use crate::line::one_line;
use crate::opt_out::{self, OptOut};
use crate::render::{RenderRefused, is_link};

impl Message {
    /// Checks the fields that stand in more than one form; the certificate and the code are checked where they are written.
    pub(crate) fn check(&self) -> Result<(), RenderRefused> {
        one_line("station", self.station())?;
        match self {
            Self::CertificateReady(_) | Self::SignInCode(_) | Self::Thanks(_) | Self::BloodUsed(_) => Ok(()),
            Self::Appointment(news) => check_news(news),
            Self::MayGiveAgain(again) => check_link(&again.link),
            Self::Appeal(appeal) => check_appeal(appeal),
            Self::CallUp(call) => check_link(&call.link),
        }
    }
}

fn check_news(news: &AppointmentNews) -> Result<(), RenderRefused> {
    one_line("place", &news.visit.place)?;
    if let AppointmentEvent::SessionCancelled(Some(instead)) = &news.what {
        one_line("place", &instead.place)?;
    }
    if news.link.is_empty() { Ok(()) } else { check_link(&news.link) }
}

fn check_appeal(appeal: &Appeal) -> Result<(), RenderRefused> {
    one_line("site", appeal.site.as_deref().unwrap_or_default())?;
    one_line("opt_out", &appeal.opt_out)?;
    if opt_out::read(&appeal.opt_out) != Some(OptOut::Stop) {
        return Err(RenderRefused::NotAnOptOut);
    }
    check_link(&appeal.link)
}

fn check_link(link: &str) -> Result<(), RenderRefused> {
    one_line("link", link)?;
    if is_link(link) { Ok(()) } else { Err(RenderRefused::NotALink) }
}
