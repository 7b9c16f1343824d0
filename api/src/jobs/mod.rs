//! Time-driven work: idempotent, and safe to run on every node.

pub mod appeals;
pub mod audit_checkpoint;
pub mod deliver;
pub mod forget;
pub mod holds;
pub mod keyset;
pub mod no_shows;
pub mod reminders;
pub mod schedule;
pub mod waitlist;

use crate::actions::Context;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

/// How often the jobs look for work.
const ROUND: Duration = Duration::from_secs(60);
/// How often the outbox is looked at when nobody rings.
const DELIVERY: Duration = Duration::from_secs(1);
/// However much there is to do, a turn is not begun more often than this, and each does one batch of each kind.
const TURN: Duration = Duration::from_millis(100);
/// While people wait for their bookings, a turn comes only this often: they go before messages about what was booked.
const HURRIED_TURN: Duration = Duration::from_secs(1);

/// How long a stop waits for gateways that were called; what they would have said stays unknown.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// The worker: it runs the jobs until it is told to stop.
pub struct Worker {
    stop: watch::Sender<bool>,
    rounds: JoinHandle<()>,
    deliveries: JoinHandle<()>,
}

impl Worker {
    /// Lets the round under way end, and begins no other.
    pub async fn stop(self) {
        // An error says that the rounds have ended already.
        let _ = self.stop.send(true);
        let _ = self.rounds.await;
        let begun = self.deliveries.abort_handle();
        if tokio::time::timeout(LAST_CALLS, self.deliveries).await.is_err() {
            begun.abort();
        }
    }
}

/// Starts the worker on this runtime.
pub fn start(context: Context) -> Worker {
    let (stop, stopped) = watch::channel(false);
    let deliveries = tokio::spawn(deliver_until(context.clone(), stopped.clone()));
    let rounds = tokio::spawn(run_until(context, stopped));
    Worker { stop, rounds, deliveries }
}

async fn run_until(context: Context, mut stopped: watch::Receiver<bool>) {
    let mut clock = tokio::time::interval(ROUND);
    loop {
        tokio::select! {
            _ = clock.tick() => {
                keyset::round(&context).await;
                audit_checkpoint::round(&context).await;
                forget::round(&context).await;
                schedule::round(&context).await;
                holds::round(&context).await;
                no_shows::round(&context).await;
                waitlist::end_past(&context).await;
            }
            _ = stopped.changed() => return,
        }
    }
}

async fn deliver_until(context: Context, mut stopped: watch::Receiver<bool>) {
    let mut clock = tokio::time::interval(DELIVERY);
    let mut turns = tokio::time::interval(TURN);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut more, mut begun) = (false, Instant::now());
    while !*stopped.borrow() {
        if !more {
            tokio::select! {
                _ = clock.tick() => {}
                () = context.bell.notified() => {}
                _ = stopped.changed() => break,
            }
        }
        turns.tick().await;
        while context.pool.is_hurried() && begun.elapsed() < HURRIED_TURN {
            turns.tick().await;
        }
        begun = Instant::now();
        more = turn(&context).await;
    }
    context.channels.close().await;
}

/// Whether there is more to do.
async fn turn(context: &Context) -> bool {
    waitlist::round(context).await;
    let reminders = reminders::round(context).await;
    appeals::round(context).await;
    let messages = deliver::round(context).await;
    deliver::settle(context).await;
    reminders || messages
}
