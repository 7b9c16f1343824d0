//! Messages that ask somebody to come, or tell what became of their coming. Their wording is neutral: no product, blood group,
//! result or diagnosis.

use std::fmt;

use chrono::NaiveDate;

/// What "you may give blood again" says: nothing about what was given, and nothing about what may be.
///
/// `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct MayGiveAgain {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
    /// The first day on which the donor may give again, Asia/Shanghai; written with its year.
    pub from: NaiveDate,
    /// Where the donor books: a complete `https://` address whose path ends with a key.
    pub link: String,
}

/// What "your blood was used" says: that one of the donor's donations has helped a patient, not which, when, where or how.
///
/// `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct BloodUsed {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
}

/// What an appeal says. The blood group that is short is the reason why somebody is asked; it is not told.
///
/// `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Appeal {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
    /// A site near the donor; a name of more than 20 characters is cut in an SMS.
    pub site: Option<String>,
    /// Where the donor books: a complete `https://` address whose path ends with a key.
    pub link: String,
    /// The word that the donor answers when they want no more of these, with which every SMS of this kind ends (拒收请回复R): one
    /// that [`opt_out::read`](crate::opt_out::read) understands. Providers with templates put their own there.
    pub opt_out: String,
}

/// What the call to a member of the emergency team says.
///
/// `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct CallUp {
    /// The station's public name: the signature in 【】 that the carrier approved.
    pub station: String,
    /// Where the member says whether they come: a complete `https://` address whose path ends with a key.
    pub link: String,
}

impl fmt::Debug for MayGiveAgain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MayGiveAgain").finish_non_exhaustive()
    }
}

impl fmt::Debug for BloodUsed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BloodUsed").finish_non_exhaustive()
    }
}

impl fmt::Debug for Appeal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Appeal").finish_non_exhaustive()
    }
}

impl fmt::Debug for CallUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CallUp").finish_non_exhaustive()
    }
}
