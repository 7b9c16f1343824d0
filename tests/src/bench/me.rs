//! `GET /v1/me` with an access token, beside a bare server that does the same read and asks nobody who calls.

use crate::city::City;
use crate::database::Place;
use crate::http::Arena;
use crate::load::Requests;
use crate::options::Options;
use crate::process::{Server, part};
use crate::report::{Goal, Report};
use crate::station::Station;
use crate::{Outcome, role};
use chrono::{DateTime, Utc};
use rexue::chance::Chance;
use rexue::clock::Clock;
use rexue::domain::access::Role;
use rexue::domain::personal::Phone;
use rexue::keyring::KeyFolder;
use rexue::store::accounts::{self, AccountRow, LinkRow};
use rexue::store::{DatabaseUrl, Pool, certificates};
use rexue::tokens::{LIFETIME, Principal, Subject, Tokens};
use rexue::vault::{Vault, VaultKeys};
use tempfile::TempDir;

/// Accounts that take turns.
const ACCOUNTS: i64 = 1_000;

/// Measures on all databases.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let folder = TempDir::new()?;
    let donors = u32::try_from(ACCOUNTS)?;
    let city = City::write(folder.path(), donors, donors * 5)?;
    for place in Place::all(options) {
        let station = Station::found(&place)?;
        station.import(&city)?;
        let accounts = open_accounts(&station)?;
        let server = station.serve(false)?;
        let floor = Server::start(
            part(role::ME)?.env("DATABASE_URL", &station.database.url).env(role::BODY, station.folder()),
            &folder.path().join("floor.log"),
        )?;
        let bearers = accounts.iter().map(|(_, token)| ("/v1/me".to_owned(), Some(token.clone())));
        let bare = accounts.iter().map(|(id, _)| (format!("/{id}"), None));
        let name = place.name();
        let arena = Arena { options, folder: &folder, server: &server, name };
        let goal = Goal::AtLeast(0.6);
        let (lane, bare) = (Requests::get_each(bearers), Requests::get_each(bare));
        arena.race("GET /v1/me", lane, "actix, same read", &floor, bare, goal, report)?;
    }
    Ok(())
}

/// The vault of a station's folder.
pub fn vault(folder: &std::path::Path) -> Outcome<Vault> {
    let text = KeyFolder::in_data(folder).text("vault.toml")?.ok_or("no vault")?;
    Ok(Vault::new(&VaultKeys::from_text(&text)?)?)
}

/// Accounts with a record each: their ids and access tokens.
fn open_accounts(station: &Station) -> Outcome<Vec<(String, String)>> {
    let pool = Pool::open(&DatabaseUrl::parse(&station.database.url), 1)?;
    let vault = vault(station.folder())?;
    let tokens = Tokens::open(&KeyFolder::in_data(station.folder()), "xue.example")?;
    let (now, mut chance) = (Clock::System.now(), Chance::from_system()?);
    let donors = pool.read_blocking(|db| certificates::candidates(db, "", ACCOUNTS))?;
    let ids = pool.write_blocking(|db| {
        let mut ids = Vec::new();
        for (place, (donor, _)) in donors.iter().enumerate() {
            let account = AccountRow::new(&vault, now, &mut chance);
            accounts::insert(db, &account)?;
            let phone = Phone::parse(&format!("170{place:08}"))?;
            accounts::set_phone(db, &account, &phone, &vault, &mut chance)?;
            accounts::link(db, &link(&account.id, &donor.id, now, &mut chance))?;
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
            Ok((id, tokens.sign(&principal, now)?))
        })
        .collect()
}

fn link(account_id: &str, donor_id: &str, now: DateTime<Utc>, chance: &mut Chance) -> LinkRow {
    LinkRow {
        id: chance.id(now),
        account_id: account_id.to_owned(),
        donor_id: donor_id.to_owned(),
        relation: "self".to_owned(),
        proof: "window".to_owned(),
        since: now.naive_utc(),
        ended_at: None,
    }
}
