//! G4: reminders through a real Kannel and a real mail server, while workers and `bearerbox` are killed.

use super::checker::Violation;
use super::crowd;
use super::report::Report;
use crate::support::{Kannel, Kind, MailServer, Station, now, until_within};
use chrono::TimeDelta;
use rexue::chance::Chance;
use rexue::domain::personal::Phone;
use rexue::keyring::KeyFolder;
use rexue::store::outbox::{self, Notice, OutboxRow};
use rexue::store::{accounts, message_preferences};
use rexue::vault::{Vault, VaultKeys};
use std::collections::HashSet;
use std::process::{Child, Stdio};
use std::time::Duration;

/// Reminders of one donor.
const OF_A_DONOR: usize = 10;
/// Reminders that are due in the night.
const AT_NIGHT: usize = 20;

/// How large the proof is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Reminders; every fifth donor wants letters.
    pub reminders: usize,
    /// How often a worker is killed (SIGKILL).
    pub kills: usize,
    /// How often `bearerbox` is killed.
    pub gateway_kills: usize,
    /// What the choices are drawn from.
    pub seed: u64,
}

struct Scene<'a> {
    station: &'a Station,
    kannel: Kannel,
    mail: MailServer,
    settings: Vec<(&'static str, String)>,
}

/// Proves it on a station.
pub fn prove(station: &Station, size: &Size) -> Report {
    let kannel = Kannel::start();
    let mail = MailServer::start();
    let mut settings = kannel.settings("");
    settings.extend(mail.settings());
    settings.push(("REXUE_SMS_TIMEOUT_SECONDS", "5".to_owned()));
    let mut scene = Scene { station, kannel, mail, settings };
    // What a dead worker had is known to be lost at once: nobody works on it any more.
    station.execute("UPDATE message_policy SET unknown_minutes = 0, attempts = 100000").unwrap();
    scene.queue(size);
    let (kills, gateway_kills) = scene.work_havoc(size);
    scene.finish();
    let night = scene.at_night();
    scene.report(size, kills, gateway_kills, night)
}

impl Scene<'_> {
    /// Donors with telephones, an appointment each, and its reminders; every fifth wants letters, and has an address or not.
    fn queue(&self, size: &Size) {
        let station = self.station;
        let owners = crowd::donors(station, size.reminders.div_ceil(OF_A_DONOR), size.seed);
        let slot = station.slots("whole_blood", 5, 1, 30_000).remove(0);
        let folder = KeyFolder::in_data(&station.path(""));
        let vault = folder.text("vault.toml").unwrap().unwrap();
        let vault = Vault::new(&VaultKeys::from_text(&vault).unwrap()).unwrap();
        let (now, mut chance) = (now(), Chance::from_seed(size.seed));
        station
            .pool()
            .write_blocking(|db| {
                for (number, owner) in owners.iter().enumerate() {
                    let account = accounts::by_id(db, &owner.account_id)?.unwrap();
                    let phone = Phone::parse(&format!("170{number:08}")).unwrap();
                    accounts::set_phone(db, &account, &phone, &vault, &mut chance)?;
                    if number % 5 == 4 {
                        let mut wish = message_preferences::of_account(db, &owner.account_id)?;
                        "email,sms".clone_into(&mut wish.channels);
                        wish.version = 1;
                        assert!(message_preferences::save(db, &wish)?);
                    }
                }
                Ok(())
            })
            .unwrap();
        station
            .execute(&format!(
                "INSERT INTO appointments (id, slot_id, donor_id, account_id, product, starts_at, state, renewals, rule_pack,
                                           sequence, reminded, will_come, created_at, changed_at)
                 SELECT account_id, slots.id, donor_id, account_id, product, starts_at, 'booked', 0, 'none', 0, 0, false,
                        starts_at, starts_at
                 FROM slots, account_donors WHERE slots.id = '{slot}'"
            ))
            .unwrap();
        let rows: Vec<OutboxRow> = (0..size.reminders)
            .map(|number| reminder(&owners[number % owners.len()].account_id, now, &mut chance))
            .collect();
        station.pool().write_blocking(|db| outbox::push(db, &rows)).unwrap();
    }

    fn worker(&self) -> Child {
        let mut command = self.station.command(["work"]);
        command.envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())));
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().unwrap()
    }

    /// Kills workers at even distances, and `bearerbox` now and then; how often each was.
    fn work_havoc(&mut self, size: &Size) -> (usize, usize) {
        let mut gateway_kills = 0;
        for kill in 1..=size.kills {
            let wanted = size.reminders * kill / (size.kills + 1);
            let mut worker = self.worker();
            // In the middle of a batch: what the carrier has is not written down yet.
            self.wait(|scene| scene.arrived() >= wanted || scene.is_done(), &format!("{wanted} arrived"));
            worker.kill().unwrap();
            worker.wait().unwrap();
            self.take_back();
            if kill * size.gateway_kills / size.kills > gateway_kills {
                let mut second = self.worker();
                self.kannel.kill_bearerbox();
                self.kannel.start_bearerbox_again();
                second.kill().unwrap();
                second.wait().unwrap();
                self.take_back();
                gateway_kills += 1;
            }
            if kill % (size.kills / 10).max(1) == 0 {
                super::report::say(&format!("{} of {}, {kill} kills", self.done(), size.reminders));
            }
        }
        (size.kills, gateway_kills)
    }

    /// The time that a dead worker's claims would take to end by themselves.
    fn take_back(&self) {
        let ended = "UPDATE outbox SET lease_until = '2020-01-01 00:00:00' WHERE state = 'sending'";
        self.station.execute(ended).unwrap();
    }

    fn arrived(&self) -> usize {
        self.kannel.messages().len() + self.mail.letters().len()
    }

    fn is_done(&self) -> bool {
        self.count("SELECT count(*) AS number FROM outbox WHERE state <> 'sent'") == 0
    }

    fn done(&self) -> usize {
        self.count("SELECT count(*) AS number FROM outbox WHERE state = 'sent'")
    }

    fn count(&self, query: &str) -> usize {
        usize::try_from(self.station.number(query)).unwrap()
    }

    fn wait(&self, done: impl Fn(&Self) -> bool, what: &str) {
        until_within(Duration::from_secs(600), what, || done(self));
    }

    fn finish(&mut self) {
        let mut worker = self.worker();
        // What waits for its next attempt does not wait for the clock.
        self.station
            .execute(
                "UPDATE outbox SET due_at = '2020-01-01 00:00:00' WHERE state IN ('queued', 'ambiguous')",
            )
            .unwrap();
        let open = "SELECT count(*) AS number FROM outbox WHERE state IN ('queued', 'sending')
                    OR (state = 'ambiguous' AND finished_at IS NULL)";
        self.wait(|scene| scene.count(open) == 0, "nothing is left");
        worker.kill().unwrap();
        worker.wait().unwrap();
        until_within(Duration::from_secs(120), "Kannel's queue is empty", || self.kannel.queued() == Some(0));
    }

    /// How many reminders left in the night.
    fn at_night(&self) -> usize {
        let before = self.kannel.messages().len();
        let account =
            self.station.texts("SELECT account_id AS text FROM appointments ORDER BY id LIMIT 1").remove(0);
        let (now, mut chance) = (now(), Chance::from_seed(1));
        let rows: Vec<OutboxRow> = (0..AT_NIGHT).map(|_| reminder(&account, now, &mut chance)).collect();
        self.station.always_quiet();
        self.station.pool().write_blocking(|db| outbox::push(db, &rows)).unwrap();
        let mut worker = self.worker();
        let put_off = "SELECT count(*) AS number FROM message_attempts WHERE outcome = 'put_off'";
        self.wait(|scene| scene.count(put_off) == AT_NIGHT, "all are put off");
        worker.kill().unwrap();
        worker.wait().unwrap();
        self.kannel.messages().len() - before
    }

    fn report(&self, size: &Size, kills: usize, gateway_kills: usize, night: usize) -> Report {
        let title = format!("G4 {:?}, {} reminders", self.station.kind(), size.reminders);
        let mut report = Report::new(&title, Vec::<Violation>::new());
        let never =
            "SELECT count(*) AS number FROM outbox WHERE due_at < '2021-01-01 00:00:00' AND attempts = 0";
        let arrived = self.arrived();
        let unknown = self
            .count("SELECT count(*) AS number FROM message_attempts WHERE outcome IN ('ambiguous', 'lost')");
        let duplicates = arrived.saturating_sub(size.reminders);
        report.figure("workers killed", size.kills, kills);
        report.figure("bearerbox killed", size.gateway_kills, gateway_kills);
        report.figure("sent", size.reminders, self.done());
        report.figure("never attempted", 0, self.count(never));
        report.figure(
            "lost: neither in the carrier's log nor with the mail server",
            0,
            size.reminders.saturating_sub(arrived),
        );
        report.tell("arrived", arrived);
        report.tell("attempts of unknown outcome", unknown);
        report.tell("duplicates", duplicates);
        report.figure("duplicates beyond attempts of unknown outcome", 0, duplicates.saturating_sub(unknown));
        report.figure("left in the night", 0, night);
        let reached: HashSet<String> = self.kannel.messages().into_iter().map(|sms| sms.to).collect();
        let letters: HashSet<String> = self.mail.letters().into_iter().map(|letter| letter.to).collect();
        let donors = self.count("SELECT count(*) AS number FROM appointments");
        report.figure("donors who were reached", donors, reached.len() + letters.len());
        report
    }
}

fn reminder(account_id: &str, now: chrono::DateTime<chrono::Utc>, chance: &mut Chance) -> OutboxRow {
    let notice = Notice {
        kind: "reminder",
        account_id,
        // One appointment an account, of the same id.
        subject: account_id,
        version: 0,
        due_at: now,
        expires_at: now + TimeDelta::days(2),
    };
    OutboxRow::notice(&notice, now, chance)
}

/// The proof on a database of its own.
pub fn on(kind: Kind, size: &Size) -> Report {
    prove(&Station::new(kind), size)
}
