//! One worker, `rexue work`, and what it hands to a real Kannel and to a real mail server.

use crate::Outcome;
use crate::city::City;
use crate::crowd;
use crate::database::Place;
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::schedule::{self, Plan};
use crate::station::Station;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text, Timestamp};
use diesel::{QueryableByName, RunQueryDsl};
use rexue::chance::Chance;
use rexue::clock::Clock;
use rexue::store::outbox::{self, Notice, OutboxRow};
use rexue::store::{DatabaseUrl, Pool};
use std::process::{Child, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tests::support::{Kannel, MailServer};

/// Accounts that take turns, each with an appointment.
const ACCOUNTS: i64 = 1_000;
/// Messages a second that become due one after the other.
const STEADY: u32 = 300;
/// For so long, seconds.
const STEADY_SECONDS: u32 = 15;

/// An appointment each, of the same id as the account.
const APPOINTMENTS: &str = "
    INSERT INTO appointments (id, slot_id, donor_id, account_id, product, starts_at, state, renewals, rule_pack, sequence,
                              reminded, will_come, created_at, changed_at)
    SELECT account_id, slots.id, donor_id, account_id, product, starts_at, 'booked', 0, 'none', 0, 0, FALSE, starts_at, starts_at
    FROM slots, account_donors;
    UPDATE message_policy SET quiet_from_minute = 0, quiet_until_minute = 0;
    INSERT INTO message_preferences (account_id, channels, letters, language, version)
    SELECT id, 'email', FALSE, 'zh', 1 FROM accounts;";

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Sent {
    #[diesel(sql_type = Timestamp)]
    due_at: NaiveDateTime,
    #[diesel(sql_type = Timestamp)]
    sent_at: NaiveDateTime,
}

/// Measures on all databases.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let folder = TempDir::new()?;
    let donors = u32::try_from(ACCOUNTS)?;
    let city = City::write(folder.path(), donors, donors)?;
    for place in Place::all(options) {
        let (kannel, mail) = (Kannel::start(), MailServer::start_unread());
        let mut settings = kannel.settings("");
        settings.extend(mail.settings());
        let scene = Scene::set(&place, &city, settings)?;
        let [mut sms, mut letters, mut late] = [const { Vec::new() }; 3];
        for _ in 0..options.rounds.min(3) {
            scene.want("sms")?;
            sms.push(scene.rate(options.deliveries)?);
            late.push(scene.lateness()?);
            scene.want("email")?;
            letters.push(scene.rate(options.deliveries)?);
        }
        let name = |what: &str| format!("{what} ({})", place.name());
        report.figure(&name("one worker, SMS to Kannel"), "/s", &sms, Goal::AtLeast(800.0));
        report.figure(&name("one worker, letters to a mail server"), "/s", &letters, Goal::AtLeast(700.0));
        let what = format!("from due to handed over at {STEADY}/s, p99");
        report.figure(&name(&what), "s", &late, Goal::AtMost(2.0));
    }
    Ok(())
}

struct Scene {
    station: Station,
    pool: Pool,
    settings: Vec<(&'static str, String)>,
    /// Accounts with a telephone and an address for letters.
    accounts: Vec<String>,
}

impl Scene {
    fn set(place: &Place, city: &City, settings: Vec<(&'static str, String)>) -> Outcome<Self> {
        let station = Station::found(place)?;
        station.import(city)?;
        crowd::anybody(&station, ACCOUNTS)?;
        let plan = Plan { sites: 1, days: 1, products: &["whole_blood"], slots: 1, capacity: ACCOUNTS };
        schedule::open(&station, &plan)?;
        let pool = Pool::open(&DatabaseUrl::parse(&station.database.url), 1)?;
        pool.write_blocking(|db| Ok(db.batch_execute(APPOINTMENTS)?))?;
        let with_address = "SELECT account_id AS word FROM account_donors JOIN donors ON donors.id = donor_id
                            WHERE email_sealed IS NOT NULL";
        let accounts: Vec<Word> = pool.read_blocking(|db| Ok(diesel::sql_query(with_address).load(db)?))?;
        let accounts = accounts.into_iter().map(|row| row.word).collect();
        Ok(Self { station, pool, settings, accounts })
    }

    fn want(&self, channel: &str) -> Outcome<()> {
        let wish = format!("UPDATE message_preferences SET channels = '{channel}'");
        Ok(self.pool.write_blocking(|db| Ok(db.batch_execute(&wish)?))?)
    }

    /// So many reminders that are due: how many are handed over in a second, from the first to the last.
    fn rate(&self, count: u32) -> Outcome<f64> {
        let now = Clock::System.now();
        let sent = self.work(count, |_| now)?;
        let first = sent.iter().map(|row| row.sent_at).min().ok_or("nothing was sent")?;
        let last = sent.iter().map(|row| row.sent_at).max().ok_or("nothing was sent")?;
        Ok(f64::from(count) / (last - first).as_seconds_f64())
    }

    /// Reminders become due one after the other: how late 99 of 100 were at most, seconds.
    fn lateness(&self) -> Outcome<f64> {
        let begin = Clock::System.now() + TimeDelta::seconds(3);
        let due =
            |place: u32| begin + TimeDelta::microseconds(i64::from(place) * 1_000_000 / i64::from(STEADY));
        let sent = self.work(STEADY * STEADY_SECONDS, due)?;
        let mut late: Vec<f64> = sent.iter().map(|row| (row.sent_at - row.due_at).as_seconds_f64()).collect();
        late.sort_by(f64::total_cmp);
        late.get(late.len() * 99 / 100).copied().ok_or_else(|| "nothing was sent".into())
    }

    /// Queues reminders, and lets a worker of its own send them all.
    fn work(&self, count: u32, due_at: impl Fn(u32) -> DateTime<Utc>) -> Outcome<Vec<Sent>> {
        let (now, mut chance) = (Clock::System.now(), Chance::from_system()?);
        let mut row = |(place, account_id): (u32, &String)| {
            let (due_at, expires_at) = (due_at(place), now + TimeDelta::days(1));
            let notice =
                Notice { kind: "reminder", account_id, subject: account_id, version: 0, due_at, expires_at };
            OutboxRow::notice(&notice, now, &mut chance)
        };
        let rows: Vec<OutboxRow> = (0..count).zip(self.accounts.iter().cycle()).map(&mut row).collect();
        self.pool.write_blocking(|db| {
            db.batch_execute("DELETE FROM message_attempts; DELETE FROM outbox;")?;
            outbox::push(db, &rows)
        })?;
        let mut command = self.station.rexue()?;
        command.arg("work").envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())));
        command.env("REXUE_LOG_FILTER", "error").stdout(Stdio::null());
        let worker = Worker(command.spawn()?);
        while self.open()? > 0 {
            pause();
        }
        drop(worker);
        let sent = "SELECT due_at, sent_at FROM outbox WHERE state = 'sent'";
        let sent: Vec<Sent> = self.pool.read_blocking(|db| Ok(diesel::sql_query(sent).load(db)?))?;
        match u32::try_from(sent.len()) {
            Ok(number) if number == count => Ok(sent),
            _ => Err(format!("{} of {count} messages were sent; {}", sent.len(), self.outcomes()?).into()),
        }
    }

    fn outcomes(&self) -> Outcome<String> {
        let outcomes = "SELECT DISTINCT outcome AS word FROM message_attempts";
        let words: Vec<Word> = self.pool.read_blocking(|db| Ok(diesel::sql_query(outcomes).load(db)?))?;
        Ok(words.into_iter().map(|row| row.word).collect::<Vec<_>>().join(", "))
    }

    fn open(&self) -> Outcome<i64> {
        let open = "SELECT count(*) AS count FROM outbox WHERE state IN ('queued', 'sending')";
        let found: Count = self.pool.read_blocking(|db| Ok(diesel::sql_query(open).get_result(db)?))?;
        Ok(found.count)
    }
}

struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "another process's work cannot be waited for in another way")]
fn pause() {
    std::thread::sleep(Duration::from_millis(200));
}
