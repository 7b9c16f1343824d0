//! Why a member of staff looks at a donor: always stated, always written down, always shown to the donor.

use super::refusal::words;

/// A purpose. There is no free text: it could hold what is not for the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The donor calls or stands at the window.
    Enquiry,
    /// Preparing or receiving a donation.
    Donation,
    /// A record is to be put right, or two are one person's.
    RecordCorrection,
    /// A claim for reimbursement.
    Claim,
    /// A complaint.
    Complaint,
    /// A physician's follow-up.
    FollowUp,
    /// A request of an authority that may ask.
    LegalRequest,
}
words!(Purpose {
    Enquiry = "enquiry", Donation = "donation", RecordCorrection = "record_correction", Claim = "claim",
    Complaint = "complaint", FollowUp = "follow_up", LegalRequest = "legal_request",
});
