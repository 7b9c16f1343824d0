//! Donors with an account each, who call with their access tokens.

use crate::Outcome;
use crate::station::Station;
use chrono::Duration;
use rexue::chance::Chance;
use rexue::clock::Clock;
use rexue::domain::access::Role;
use rexue::domain::personal::Phone;
use rexue::keyring::KeyFolder;
use rexue::store::accounts::{self, AccountRow, LinkRow};
use rexue::store::{DatabaseUrl, Pool, certificates};
use rexue::tokens::{LIFETIME, Principal, Subject, Tokens};
use rexue::vault::{Vault, VaultKeys};
use std::path::Path;

/// An account with a record.
pub struct Caller {
    /// The account.
    pub id: String,
    /// Its access token.
    pub token: String,
}

/// Accounts of so many donors who may give whole blood, in the order of their records.
pub fn who_may_give(station: &Station, size: usize) -> Outcome<Vec<Caller>> {
    let pool = Pool::open(&DatabaseUrl::parse(&station.database.url), 1)?;
    let now = Clock::System.now();
    let mut found = Vec::new();
    let mut after = String::new();
    let (oldest, latest) =
        ((now - Duration::days(50 * 365)).date_naive(), (now - Duration::days(200)).date_naive());
    let youngest = (now - Duration::days(19 * 365)).date_naive();
    while found.len() < size {
        let page = pool.read_blocking(|db| certificates::candidates(db, &after, 1_000))?;
        let Some((last, _)) = page.last() else {
            return Err(format!("only {} of the city's donors may give", found.len()).into());
        };
        after.clone_from(&last.id);
        for (donor, totals) in page {
            let given = totals.totals()?.last_donated_on.is_none_or(|day| day < latest);
            if given && donor.birth_date > oldest && donor.birth_date < youngest {
                found.push(donor.id);
            }
        }
    }
    found.truncate(size);
    open_accounts(station, &found)
}

/// Accounts of the first so many donors.
pub fn anybody(station: &Station, size: i64) -> Outcome<Vec<Caller>> {
    let pool = Pool::open(&DatabaseUrl::parse(&station.database.url), 1)?;
    let donors = pool.read_blocking(|db| certificates::candidates(db, "", size))?;
    open_accounts(station, &donors.into_iter().map(|(donor, _)| donor.id).collect::<Vec<_>>())
}

/// The vault of a station's folder.
pub fn vault(folder: &Path) -> Outcome<Vault> {
    let text = KeyFolder::in_data(folder).text("vault.toml")?.ok_or("no vault")?;
    Ok(Vault::new(&VaultKeys::from_text(&text)?)?)
}

fn open_accounts(station: &Station, donor_ids: &[String]) -> Outcome<Vec<Caller>> {
    let pool = Pool::open(&DatabaseUrl::parse(&station.database.url), 1)?;
    let keys = KeyFolder::in_data(station.folder());
    let vault = vault(station.folder())?;
    let tokens = Tokens::open(&keys, "xue.example")?;
    let (now, mut chance) = (Clock::System.now(), Chance::from_system()?);
    let ids = pool.write_blocking(|db| {
        let mut ids = Vec::new();
        for (place, donor_id) in donor_ids.iter().enumerate() {
            let account = AccountRow::new(&vault, now, &mut chance);
            accounts::insert(db, &account)?;
            let phone = Phone::parse(&format!("170{place:08}"))?;
            accounts::set_phone(db, &account, &phone, &vault, &mut chance)?;
            accounts::link(db, &LinkRow::new(&account.id, donor_id, "self", "window", now, &mut chance))?;
            ids.push(account.id);
        }
        Ok(ids)
    })?;
    ids.into_iter()
        .map(|id| {
            let principal = Principal {
                subject: Subject::Account(id.clone()),
                role: Role::Donor,
                hospital: None,
                session: chance.id(now),
                expires_at: (now + LIFETIME).timestamp(),
            };
            Ok(Caller { id, token: tokens.sign(&principal, now)? })
        })
        .collect()
}
