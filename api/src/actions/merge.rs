//! Two records of one person become one, by two members of staff; and two again, when that was wrong.

use super::Context;
use super::issue::{Selection, issue};
use crate::chance::Chance;
use crate::domain::standing::Change;
use crate::domain::totals::Totals;
use crate::error::Error;
use crate::store::accounts::LinkRow;
use crate::store::audit::{self, Entry};
use crate::store::donors::{self, DonorRow};
use crate::store::merges::{self as store, MergeRow, MergedLink};
use crate::store::{
    Db, accounts, appointments, certificates, donations, imports, off_the_event_loop, one_at_a_time,
    statuses, totals,
};
use chrono::{DateTime, Utc};
use serde_json::json;

/// The longest reason that is kept, characters.
const LONGEST_REASON: usize = 500;

/// Proposes that `duplicate` is the same person as `kept`. Returns the proposal's id.
///
/// # Errors
/// `not_found`; `reason_missing`; `same_record`; `merge_under_way`.
pub async fn propose(
    context: &Context,
    user_id: String,
    kept: String,
    duplicate: String,
    reason: String,
) -> Result<String, Error> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid("reason_missing", "A reason of at most 500 characters must be given."));
    }
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut chance = Chance::from_system()?;
            one_at_a_time(db, b"merges")?;
            let [kept, duplicate] = [donor(db, &kept)?, donor(db, &duplicate)?];
            if kept.id == duplicate.id {
                return Err(Error::conflict("same_record", "The two numbers are one record."));
            }
            if store::involve(db, &kept.id, &duplicate.id)? {
                return Err(Error::conflict(
                    "merge_under_way",
                    "One of the two records is part of another merge already.",
                ));
            }
            let row = MergeRow {
                id: chance.id(now),
                kept_id: kept.id,
                duplicate_id: duplicate.id,
                reason,
                state: "proposed".to_owned(),
                proposed_by: user_id,
                proposed_at: now.naive_utc(),
                decided_by: None,
                decided_at: None,
            };
            store::insert(db, &row)?;
            trace(&whole, db, "donor.merge_proposed", &row, now, &mut chance)?;
            Ok(row.id)
        })
        .await
}

fn donor(db: &mut Db, donor_no: &str) -> Result<DonorRow, Error> {
    donors::by_number(db, donor_no)?.ok_or_else(|| Error::not_found("There is no such donor."))
}

/// A line in the trail of each of the two records.
fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    merge: &MergeRow,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let entries = [&merge.kept_id, &merge.duplicate_id].map(|subject| Entry {
        actor: context.actor.clone(),
        action,
        subject: subject.clone(),
        detail: json!({ "merge": merge.id }),
    });
    audit::append(db, entries, now, chance)
}

/// Proposes to undo a merge.
///
/// # Errors
/// `not_found`; `not_merged`.
pub async fn propose_undoing(context: &Context, user_id: String, merge_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let merge = merge(db, &merge_id)?;
            if !store::propose_undoing(db, &merge_id, &user_id, now)? {
                return Err(Error::conflict("not_merged", "This merge is not in force."));
            }
            let mut chance = Chance::from_system()?;
            trace(&whole, db, "donor.unmerge_proposed", &merge, now, &mut chance)
        })
        .await
}

fn merge(db: &mut Db, id: &str) -> Result<MergeRow, Error> {
    store::by_id(db, id)?.ok_or_else(|| Error::not_found("There is no such merge."))
}

/// What a second person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Approve,
    /// It is not.
    Refuse,
}

/// Decides on a proposal of somebody else. Certificates of both records that no longer tell the truth are
/// revoked, and new ones issued.
///
/// # Errors
/// `not_found`; `nothing_to_decide`; `own_proposal`; `has_appointment` when the duplicate has one.
pub async fn decide(
    context: &Context,
    user_id: String,
    merge_id: String,
    verdict: Verdict,
) -> Result<(), Error> {
    let whole = context.clone();
    // One task: a client who hangs up must not leave a donor without the new certificate.
    off_the_event_loop(move || {
        let touched = whole.pool.write_blocking(|db| decide_in(&whole, db, &user_id, &merge_id, verdict))?;
        for donor_no in touched {
            match issue(&whole, &Selection::Donor(donor_no), &mut |_| ()) {
                Err(failure) if failure.code != "nothing_to_certify" => return Err(failure),
                _ => {}
            }
        }
        Ok(())
    })
    .await
}

fn decide_in(
    context: &Context,
    db: &mut Db,
    user_id: &str,
    merge_id: &str,
    verdict: Verdict,
) -> Result<Vec<String>, Error> {
    let now = context.clock.now();
    let mut chance = Chance::from_system()?;
    let merge = merge(db, merge_id)?;
    let (to, action) = match (merge.state.as_str(), verdict) {
        ("proposed", Verdict::Approve) => ("merged", "donor.merged"),
        ("proposed", Verdict::Refuse) => ("refused", "donor.merge_refused"),
        ("unmerge_proposed", Verdict::Approve) => ("unmerged", "donor.unmerged"),
        ("unmerge_proposed", Verdict::Refuse) => ("merged", "donor.unmerge_refused"),
        _ => return Err(nothing_to_decide()),
    };
    if merge.proposed_by == user_id {
        return Err(Error::conflict("own_proposal", "A second person has to decide on this."));
    }
    if !store::decide(db, merge_id, &merge.state, to, user_id, now)? {
        return Err(nothing_to_decide());
    }
    // An import must not add donations to a record while they move.
    imports::exclude_others(db)?;
    let touched = match action {
        "donor.merged" => {
            if !appointments::active_of(db, &[&merge.duplicate_id])?.is_empty() {
                return Err(Error::conflict(
                    "has_appointment",
                    "The duplicate has an appointment: cancel it, or wait until it is over.",
                ));
            }
            revoke_certificates(context, db, &merge.duplicate_id, "merged into another record", now)?;
            store::move_donations(db, &merge)?;
            move_links(db, &merge, now, &mut chance)?;
            vec![merge.kept_id.clone()]
        }
        "donor.unmerged" => {
            revoke_certificates(context, db, &merge.kept_id, "held another person's donations", now)?;
            store::move_donations_back(db, &merge)?;
            move_links_back(db, &merge, now)?;
            vec![merge.kept_id.clone(), merge.duplicate_id.clone()]
        }
        _ => Vec::new(),
    };
    if !touched.is_empty() {
        recount(db, [&merge.kept_id, &merge.duplicate_id])?;
    }
    trace(context, db, action, &merge, now, &mut chance)?;
    Ok(donors::by_ids(db, &touched)?.into_iter().map(|donor| donor.donor_no).collect())
}

/// Whoever saw the duplicate sees the kept record; its own person only when nobody else is that.
fn move_links(db: &mut Db, merge: &MergeRow, now: DateTime<Utc>, chance: &mut Chance) -> Result<(), Error> {
    let there = accounts::links_to(db, &merge.kept_id)?;
    for link in accounts::links_to(db, &merge.duplicate_id)? {
        accounts::unlink(db, &link.id, now)?;
        let taken = there.iter().any(|other| {
            other.account_id == link.account_id || (other.relation == "self" && link.relation == "self")
        });
        let new_link = (!taken).then(|| chance.id(now));
        if let Some(id) = &new_link {
            let since = now.naive_utc();
            let (id, donor_id) = (id.clone(), merge.kept_id.clone());
            accounts::link(db, &LinkRow { id, donor_id, since, ..link.clone() })?;
        }
        let row =
            MergedLink { id: chance.id(now), merge_id: merge.id.clone(), ended_link: link.id, new_link };
        store::remember_link(db, &row)?;
    }
    Ok(())
}

/// Who came with the duplicate leaves with it, unless they found another record of their own meanwhile.
fn move_links_back(db: &mut Db, merge: &MergeRow, now: DateTime<Utc>) -> Result<(), Error> {
    for moved in store::take_links(db, &merge.id)? {
        let came = match &moved.new_link {
            Some(id) => accounts::unlink(db, id, now)?,
            None => true,
        };
        let Some(link) = accounts::link_by_id(db, &moved.ended_link)?.filter(|_| came) else { continue };
        let seen = accounts::donors_of(db, &link.account_id)?;
        let in_the_way = seen.iter().any(|donor| {
            donor.link.donor_id == link.donor_id || (donor.link.relation == "self" && link.relation == "self")
        });
        if accounts::by_id(db, &link.account_id)?.is_some() && !in_the_way {
            accounts::relink(db, &link.id)?;
        }
    }
    Ok(())
}

fn nothing_to_decide() -> Error {
    Error::conflict("nothing_to_decide", "Nobody waits for a decision on this.")
}

fn recount(db: &mut Db, donor_ids: [&String; 2]) -> Result<(), Error> {
    let mut sums = donor_ids.map(|id| (id.as_str(), Totals::default()));
    for (id, sum) in &mut sums {
        for row in donations::of_donors(db, &[*id])? {
            *sum = sum.plus(&row.collection()?);
        }
    }
    totals::save(db, sums.iter().map(|(id, sum)| (*id, sum)))
}

fn revoke_certificates(
    context: &Context,
    db: &mut Db,
    donor_id: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut entries = Vec::new();
    for row in certificates::of_donor(db, donor_id)? {
        let status = statuses::of_certificate(db, &row.certificate_no)?;
        let revoked = status.is_some_and(|status| status.status == "revoked");
        if !revoked && row.expires_at.and_utc() > now {
            statuses::set(db, &row, "revoked", reason, now)?;
            entries.push(Entry {
                actor: context.actor.clone(),
                action: Change::Revoke.action(),
                subject: row.certificate_no,
                detail: json!({ "reason": reason }),
            });
        }
    }
    audit::append(db, entries, now, &mut Chance::from_system()?)
}
