//! The claims of a certificate as canonical CBOR, and back (a CWT claims set, RFC 8392 §3).

use crate::cbor::{CborError, Document, Encoder, Key, Members, Node};
use crate::claims::{Award, CertificateClaims, CertificateId, Holder, LivesFormula, StatusReference, Totals};
use crate::cose::Kind;
use crate::time::UnixTime;

/// Claim `iss` (RFC 8392 §3.1.1).
pub(crate) const ISS: u64 = 1;
/// Claim `sub` (RFC 8392 §3.1.2).
pub(crate) const SUB: u64 = 2;
/// Claim `exp` (RFC 8392 §3.1.4).
pub(crate) const EXP: u64 = 4;
/// Claim `iat` (RFC 8392 §3.1.6).
pub(crate) const IAT: u64 = 6;
/// Claim `cti` (RFC 8392 §3.1.7).
const CTI: u64 = 7;
/// Claim `status` (draft-ietf-oauth-status-list §6.1).
const STATUS: u64 = 65_535;
/// Our private claim −65537, as CBOR writes it: −1 − 65536.
pub(crate) const XUE: u64 = 65_536;

/// The version of the `xue` map that this crate reads and writes.
pub(crate) const VERSION: u64 = 1;

/// Writes the payload; `None` when an instant is outside the years 1970–9999.
pub(crate) fn encode(claims: &CertificateClaims) -> Option<Vec<u8>> {
    let mut out = Encoder::with_capacity(192);
    out.map(6);
    out.unsigned(ISS);
    out.text(&claims.issuer);
    out.unsigned(EXP);
    out.unsigned(claims.expires_at.to_wire()?);
    out.unsigned(IAT);
    out.unsigned(claims.issued_at.to_wire()?);
    out.unsigned(CTI);
    out.bytes(claims.id.as_bytes());
    out.unsigned(STATUS);
    encode_status(&claims.status, &mut out);
    out.negative(XUE);
    encode_xue(&claims.holder, &claims.totals, &mut out);
    Some(out.finish())
}

fn encode_status(status: &StatusReference, out: &mut Encoder) {
    out.map(1);
    out.text("status_list");
    out.map(2);
    out.text("idx");
    out.unsigned(status.index);
    out.text("uri");
    out.text(&status.uri);
}

fn encode_xue(holder: &Holder, totals: &Totals, out: &mut Encoder) {
    let has_platelets = totals.platelet_units > 0;
    out.map(if has_platelets { 12 } else { 11 });
    out.unsigned(0);
    out.unsigned(VERSION);
    out.unsigned(1);
    out.text(&holder.masked_name);
    out.unsigned(2);
    out.unsigned(holder.birth_year.into());
    out.unsigned(3);
    out.text(&holder.document_last_four);
    out.unsigned(4);
    out.unsigned(totals.whole_blood_ml);
    out.unsigned(5);
    out.unsigned(totals.donations.into());
    out.unsigned(6);
    out.unsigned(totals.lives_saved.into());
    out.unsigned(7);
    out.unsigned(formula_number(totals.lives_formula));
    if has_platelets {
        out.unsigned(8);
        out.unsigned(totals.platelet_units.into());
    }
    out.unsigned(9);
    out.unsigned(award_number(totals.award));
    out.unsigned(10);
    out.unsigned(totals.award_counts_hundredths);
    out.unsigned(11);
    out.unsigned(totals.last_donation_day.into());
}

/// Reads a stored payload, whatever its spelling; the error says what is wrong.
pub(crate) fn decode(payload: &[u8]) -> Result<CertificateClaims, &'static str> {
    let document = Document::decode(payload, Kind::Certificate.limits()).map_err(CborError::detail)?;
    match version(document.root())? {
        VERSION => read(document.root()),
        _ => Err("the version is not 1"),
    }
}

/// The version of the `xue` map, before anything else in it is looked at.
pub(crate) fn version(payload: Node<'_, '_>) -> Result<u64, &'static str> {
    let xue = payload.member(Key::Negative(XUE)).ok_or("xue (-65537) is missing")?;
    let version = xue.member(Key::Unsigned(0)).and_then(Node::unsigned);
    version.ok_or("the version (xue 0) is missing or not a number")
}

/// Reads a canonical payload of version 1: every member, in order, and no other.
pub(crate) fn read(payload: Node<'_, '_>) -> Result<CertificateClaims, &'static str> {
    let mut claims = Members::of(payload, "the payload is not a map")?;
    let issuer = claims.text(ISS, "iss (1)")?.to_owned();
    let expires_at = instant(claims.unsigned(EXP, "exp (4)")?, "exp (4)")?;
    let issued_at = instant(claims.unsigned(IAT, "iat (6)")?, "iat (6)")?;
    let id = CertificateId::from_bytes(claims.byte_array(Key::Unsigned(CTI), "cti (7)")?);
    let status = read_status(claims.node(Key::Unsigned(STATUS), "status (65535)")?)?;
    let (holder, totals) = read_xue(claims.node(Key::Negative(XUE), "xue (-65537)")?)?;
    claims.end("an unknown claim")?;
    Ok(CertificateClaims { issuer, issued_at, expires_at, id, status, holder, totals })
}

fn read_status(status: Node<'_, '_>) -> Result<StatusReference, &'static str> {
    let mut status = Members::of(status, "status (65535)")?;
    let mut list = Members::of(status.node(Key::Text("status_list"), "status_list")?, "status_list")?;
    let index = list.node(Key::Text("idx"), "idx")?.unsigned().ok_or("idx")?;
    let uri = list.node(Key::Text("uri"), "uri")?.text().ok_or("uri")?.to_owned();
    list.end("an unknown member of status_list")?;
    status.end("an unknown member of status")?;
    Ok(StatusReference { uri, index })
}

fn read_xue(xue: Node<'_, '_>) -> Result<(Holder, Totals), &'static str> {
    let mut xue = Members::of(xue, "xue (-65537)")?;
    xue.node(Key::Unsigned(0), "the version (xue 0)")?;
    let holder = Holder {
        masked_name: xue.text(1, "the masked name (xue 1)")?.to_owned(),
        birth_year: xue.unsigned(2, "the year of birth (xue 2)")?,
        document_last_four: xue.text(3, "the document's last four (xue 3)")?.to_owned(),
    };
    let whole_blood_ml = xue.unsigned(4, "the volume of whole blood (xue 4)")?;
    let donations = xue.unsigned(5, "the number of donations (xue 5)")?;
    let lives_saved = xue.unsigned(6, "the lives saved (xue 6)")?;
    let lives_formula = formula(xue.unsigned(7, "the lives-saved formula (xue 7)")?)?;
    let platelet_units = match xue.optional_unsigned(8, "the platelet units (xue 8)")? {
        Some(0) => return Err("platelet units (xue 8) are absent when 0"),
        units => units.unwrap_or(0),
    };
    let award = award(xue.unsigned(9, "the award level (xue 9)")?)?;
    let award_counts_hundredths = xue.unsigned(10, "the award counts (xue 10)")?;
    let last_donation_day = xue.unsigned(11, "the day of the last donation (xue 11)")?;
    xue.end("an unknown member of xue")?;
    let totals = Totals {
        whole_blood_ml,
        donations,
        platelet_units,
        lives_saved,
        lives_formula,
        award,
        award_counts_hundredths,
        last_donation_day,
    };
    Ok((holder, totals))
}

/// The instant of a member of a payload; `what` is the error when it lies after the year 9999.
pub(crate) fn instant(seconds: u64, what: &'static str) -> Result<UnixTime, &'static str> {
    UnixTime::from_wire(seconds).ok_or(what)
}

fn formula_number(formula: LivesFormula) -> u64 {
    match formula {
        LivesFormula::MlPer200 => 1,
        LivesFormula::UpToThree => 2,
    }
}

fn formula(number: u64) -> Result<LivesFormula, &'static str> {
    match number {
        1 => Ok(LivesFormula::MlPer200),
        2 => Ok(LivesFormula::UpToThree),
        _ => Err("an unknown lives-saved formula (xue 7)"),
    }
}

fn award_number(award: Award) -> u64 {
    match award {
        Award::None => 0,
        Award::Bronze => 1,
        Award::Silver => 2,
        Award::Gold => 3,
        Award::Lifetime => 4,
    }
}

fn award(number: u64) -> Result<Award, &'static str> {
    match number {
        0 => Ok(Award::None),
        1 => Ok(Award::Bronze),
        2 => Ok(Award::Silver),
        3 => Ok(Award::Gold),
        4 => Ok(Award::Lifetime),
        _ => Err("an unknown award level (xue 9)"),
    }
}
