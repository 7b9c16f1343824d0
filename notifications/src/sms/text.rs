//! From a message to the text of an SMS.

use std::fmt;

use super::news::LONGEST_PLACE;
use super::wording::words;
use crate::line::one_line;
use crate::message::{Language, Message};
use crate::render::RenderRefused;

/// UCS-2 units of an SMS that stands alone (3GPP TS 23.040 §9.2.3.24).
const UNITS_ALONE: usize = 70;
/// UCS-2 units of each part of a longer one; its header takes three (3GPP TS 23.040 §9.2.3.24.1).
const UNITS_IN_PARTS: usize = 67;
/// More parts than these are not sent: each is paid for.
const MOST_PARTS: usize = 2;
/// Characters of a place's name when a text is too long with the whole of it: better half a name than no message.
const SHORTER_PLACES: [usize; 3] = [14, 10, 6];

/// The text of an SMS; only [`render_sms`] makes one.
///
/// `Debug` shows the length, not the text.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsText(String);

impl SmsText {
    /// The text, signature first.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its length in UCS-2 units of 16 bits, as carriers count.
    #[must_use]
    pub fn units(&self) -> usize {
        self.0.encode_utf16().count()
    }

    /// How many SMS it takes: 1 up to 70 units, else one for every 67.
    #[must_use]
    pub fn parts(&self) -> usize {
        let units = self.units();
        if units <= UNITS_ALONE { 1 } else { units.div_ceil(UNITS_IN_PARTS) }
    }
}

/// Writes a message out as an SMS.
///
/// # Errors
///
/// [`RenderRefused`] names the field or the part that cannot be sent; [`RenderRefused::NotForThisChannel`] when the message has
/// no SMS.
pub fn render_sms(message: &Message, language: Language) -> Result<SmsText, RenderRefused> {
    signature(message.station())?;
    message.check()?;
    let mut text = SmsText(words(message, language, LONGEST_PLACE)?);
    for longest_place in SHORTER_PLACES {
        if text.parts() <= MOST_PARTS {
            break;
        }
        text = SmsText(words(message, language, longest_place)?);
    }
    if text.parts() > MOST_PARTS {
        return Err(RenderRefused::TooLong { units: text.units() });
    }
    Ok(text)
}

/// Carriers read the first 【】 as the signature that they approved.
fn signature(station: &str) -> Result<(), RenderRefused> {
    one_line("station", station)?;
    if station.is_empty() || station.contains(['【', '】']) {
        return Err(RenderRefused::NotASignature);
    }
    Ok(())
}

impl fmt::Debug for SmsText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SmsText({} units)", self.units())
    }
}
