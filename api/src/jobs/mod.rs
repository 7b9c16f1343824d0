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
use crate::actions::deliver::Queue;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior};

/// How often the jobs look for work.
const ROUND: Duration = Duration::from_secs(60);
/// How often the outbox is looked at when nobody rings.
const DELIVERY: Duration = Duration::from_secs(1);
/// However much there is to do, a turn is not begun more often than this, and each does one batch of each kind.
const TURN: Duration = Duration::from_millis(100);
/// While people wait for their bookings, a turn comes only this often: they go before messages about what was booked.
const HURRIED_TURN: Duration = Duration::from_secs(1);
/// Who delivers side by side: while one waits for gateways, the next prepares. Codes have one of their own, because somebody
/// waits for them.
const DELIVERERS: [Queue; 3] = [Queue::Codes, Queue::All, Queue::All];

/// How long a stop waits for gateways that were called; what they would have said stays unknown.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// The worker: it runs the jobs until it is told to stop.
pub struct Worker {
    context: Context,
    stop: watch::Sender<bool>,
    rounds: Vec<JoinHandle<()>>,
    deliveries: JoinSet<()>,
}

impl Worker {
    /// Lets the round under way end, and begins no other.
    pub async fn stop(self) {
        let Self { context, stop, rounds, mut deliveries } = self;
        // An error says that the rounds have ended already.
        let _ = stop.send(true);
        for round in rounds {
            let _ = round.await;
        }
        let ended = async { while deliveries.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_CALLS, ended).await.is_err() {
            deliveries.shutdown().await;
        }
        context.channels.close().await;
    }
}

/// Starts the worker on this runtime.
pub fn start(context: Context) -> Worker {
    let (stop, stopped) = watch::channel(false);
    let (ring, rung) = watch::channel(());
    let mut deliveries = JoinSet::new();
    for queue in DELIVERERS {
        deliveries.spawn(deliver_until(context.clone(), queue, rung.clone(), stopped.clone()));
    }
    let rounds = vec![
        tokio::spawn(queue_until(context.clone(), ring, stopped.clone())),
        tokio::spawn(run_until(context.clone(), stopped)),
    ];
    Worker { context, stop, rounds, deliveries }
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

/// Wakes who delivers, and queues what time brings about.
async fn queue_until(context: Context, ring: watch::Sender<()>, mut stopped: watch::Receiver<bool>) {
    let mut clock = tokio::time::interval(DELIVERY);
    let mut pace = Pace::new(&context);
    let mut more = false;
    while !*stopped.borrow() {
        if !more {
            tokio::select! {
                _ = clock.tick() => {}
                () = context.bell.notified() => {}
                _ = stopped.changed() => return,
            }
        }
        ring.send_replace(());
        pace.turn().await;
        more = queue(&context).await;
        ring.send_replace(());
    }
}

/// Whether there is more to do.
async fn queue(context: &Context) -> bool {
    waitlist::round(context).await;
    let more = reminders::round(context).await;
    appeals::round(context).await;
    deliver::settle(context).await;
    more
}

async fn deliver_until(
    context: Context,
    queue: Queue,
    mut rung: watch::Receiver<()>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut pace = Pace::new(&context);
    let mut more = true;
    while !*stopped.borrow() {
        if !more {
            tokio::select! {
                _ = rung.changed() => {}
                _ = stopped.changed() => return,
            }
        }
        pace.turn().await;
        more = deliver::round(&context, queue).await;
    }
}

/// When turns begin.
struct Pace<'a> {
    context: &'a Context,
    turns: Interval,
    begun: Instant,
}

impl<'a> Pace<'a> {
    fn new(context: &'a Context) -> Self {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { context, turns, begun: Instant::now() }
    }

    async fn turn(&mut self) {
        self.turns.tick().await;
        while self.context.pool.is_hurried() && self.begun.elapsed() < HURRIED_TURN {
            self.turns.tick().await;
        }
        self.begun = Instant::now();
    }
}
