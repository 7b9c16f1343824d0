//! Queues the reminders of appointments: anew whenever an appointment changes, so that a moved one moves them and a
//! cancelled one calls them off, and whenever its donor chooses other times.

use super::Context;
use crate::chance::Chance;
use crate::domain::quiet_hours::QuietHours;
use crate::domain::reminders::{Reminder, chosen, reminder};
use crate::error::Error;
use crate::store::appointments::AppointmentRow;
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::{Db, message_policy, message_preferences, reminders as store};
use chrono::{DateTime, TimeDelta, Utc};

/// Appointments in one transaction.
const BATCH: i64 = 50;

/// Queues what is missing: for how many appointments. Whoever is called while others work takes what they leave.
///
/// # Errors
/// Failures of the database.
pub async fn plan(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    context.pool.write(move |db| plan_in(db, now)).await
}

fn plan_in(db: &mut Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let changed = store::to_remind(db, BATCH)?;
    if changed.is_empty() {
        return Ok(0);
    }
    let ids: Vec<&str> = changed.iter().map(|row| row.id.as_str()).collect();
    outbox::call_off(db, &ids, &["reminder"], now)?;
    let (times, quiet) = (store::reminder_times(db)?, message_policy::quiet_hours(db)?);
    let accounts: Vec<&str> = changed.iter().map(|row| row.account_id.as_str()).collect();
    let choices = message_preferences::reminders_of(db, &accounts)?;
    let mut chance = Chance::from_system()?;
    let booked = changed.iter().filter(|row| row.state == "booked");
    let rows: Vec<OutboxRow> = booked
        .flat_map(|row| {
            let times = chosen(&times, choices.get(&row.account_id).map(String::as_str));
            reminders(row, &times, quiet, now, &mut chance)
        })
        .collect();
    outbox::push(db, &rows)?;
    store::set_reminded(db, &ids)?;
    Ok(changed.len())
}

/// Those that are still to come.
fn reminders(
    row: &AppointmentRow,
    times: &[TimeDelta],
    quiet: QuietHours,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<OutboxRow> {
    let due = times.iter().map(|before| reminder(row.starts_at.and_utc(), *before, quiet));
    let mut to_come: Vec<_> = due.filter(|reminder| reminder.due_at > now).collect();
    // Two that the quiet hours moved to one evening are one.
    to_come.dedup_by_key(|reminder| reminder.due_at);
    let queue = |reminder: Reminder| {
        let notice = Notice {
            kind: "reminder",
            account_id: &row.account_id,
            subject: &row.id,
            version: row.sequence,
            due_at: reminder.due_at,
            expires_at: reminder.expires_at,
        };
        OutboxRow::notice(&notice, now, chance)
    };
    to_come.into_iter().map(queue).collect()
}
