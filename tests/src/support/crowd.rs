//! Many donors at once: accounts with records, written straight into the database, and their access tokens.

use super::callers::Caller;
use super::station::Station;
use chrono::TimeDelta;
use rexue::chance::Chance;
use rexue::domain::access::Role;
use rexue::domain::schedule::{Hours, Plan, ProductPlan};
use rexue::keyring::KeyFolder;
use rexue::store::accounts::{self, AccountRow, LinkRow};
use rexue::store::donors;
use rexue::store::schedule::{self, SessionRow, SiteRow, SlotRow};
use rexue::tokens::{LIFETIME, Principal, Subject, Tokens};
use rexue::vault::{Vault, VaultKeys};

/// Somebody of a crowd.
pub struct Donor {
    /// The account.
    pub account_id: String,
    /// The donor's number.
    pub donor_no: String,
    /// Signed in.
    pub caller: Caller,
}

/// Signs donors' access tokens as the product would.
pub struct Signer(Tokens);

impl Signer {
    /// A fresh access token of an account.
    pub fn access(&self, account_id: &str) -> String {
        let now = super::now();
        let principal = Principal {
            subject: Subject::Account(account_id.to_owned()),
            role: Role::Donor,
            hospital: None,
            session: format!("session of {account_id}"),
            expires_at: (now + LIFETIME).timestamp(),
        };
        self.0.sign(&principal, now).unwrap()
    }
}

impl Station {
    /// Signs for the donors of this station.
    pub fn signer(&self) -> Signer {
        Signer(Tokens::open(&KeyFolder::in_data(&self.path("")), "xue.example").unwrap())
    }

    /// Accounts for the donors with these numbers, who were imported before.
    pub fn crowd(&self, numbers: &[String]) -> Vec<Donor> {
        let folder = KeyFolder::in_data(&self.path(""));
        let vault = folder.text("vault.toml").unwrap().unwrap();
        let vault = Vault::new(&VaultKeys::from_text(&vault).unwrap()).unwrap();
        let (signer, now, mut chance) = (self.signer(), super::now(), Chance::from_system().unwrap());
        let opened = self.pool().write_blocking(|db| {
            let mut opened = Vec::new();
            for number in numbers {
                let donor = donors::by_number(db, number)?.expect("an imported donor");
                let account = AccountRow::new(&vault, now, &mut chance);
                accounts::insert(db, &account)?;
                accounts::link(
                    db,
                    &LinkRow::new(&account.id, &donor.id, "self", "window", now, &mut chance),
                )?;
                opened.push((account.id, number.clone()));
            }
            Ok(opened)
        });
        let signed = |(account_id, donor_no): (String, String)| {
            let caller = Caller { access: signer.access(&account_id), refresh: String::new() };
            Donor { account_id, donor_no, caller }
        };
        opened.unwrap().into_iter().map(signed).collect()
    }

    /// A session of one product that opens after `days` days, with slots of so many places: the slots' ids.
    pub fn slots(&self, product: &str, days: i64, slots: u32, places: u32) -> Vec<String> {
        let (now, mut chance) = (super::now(), Chance::from_system().unwrap());
        let plan = Plan {
            products: vec![ProductPlan { product: product.to_owned(), chairs: places, minutes: 5 }],
            staff: 100,
            donors_per_staff: 10,
            reserved_percent: 0,
            release_hours_before: 0,
        };
        // Nine in the morning in China, so that a day of slots stays within the day.
        let opens_at = (now + TimeDelta::days(days)).date_naive().and_hms_opt(1, 0, 0).unwrap().and_utc();
        let hours = Hours::new(opens_at, opens_at + TimeDelta::minutes(5 * i64::from(slots))).unwrap();
        let place = rexue::domain::place::Point::of_degrees(34.7, 113.6).unwrap();
        let code = format!("SITE{:08X}", chance.below(u32::MAX));
        let text = "测试".to_owned();
        let site = SiteRow::new(code.clone(), "fixed".to_owned(), text.clone(), text, None, place);
        let session = SessionRow {
            id: chance.id(now),
            site_code: code,
            day: opens_at.date_naive(),
            opens_at: hours.opens_at.naive_utc(),
            closes_at: hours.closes_at.naive_utc(),
            vehicle: None,
            plan: serde_json::to_string(&plan).unwrap(),
            release_at: plan.release_at(hours).naive_utc(),
            state: "open".to_owned(),
            reason: None,
            template_id: None,
            version: 1,
        };
        let rows: Vec<SlotRow> = plan
            .slots(hours)
            .into_iter()
            .map(|slot| SlotRow {
                id: chance.id(now),
                session_id: session.id.clone(),
                product: product.to_owned(),
                starts_at: slot.starts_at.naive_utc(),
                capacity: i64::from(slot.capacity),
                reserved: 0,
                held: 0,
                booked: 0,
                kept: 0,
            })
            .collect();
        self.pool()
            .write_blocking(|db| {
                schedule::insert_site(db, &site)?;
                schedule::insert_session(db, &session)?;
                schedule::insert_slots(db, &rows)
            })
            .unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }
}
