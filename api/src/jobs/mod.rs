//! Time-driven work: idempotent, and safe to run on every node.

pub mod audit_checkpoint;
pub mod keyset;

use crate::actions::Context;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the jobs look for work.
const ROUND: Duration = Duration::from_secs(60);

/// The worker: it runs the jobs until it is told to stop.
pub struct Worker {
    stop: watch::Sender<bool>,
    rounds: JoinHandle<()>,
}

impl Worker {
    /// Lets the round under way end, and begins no other.
    pub async fn stop(self) {
        // An error says that the rounds have ended already.
        let _ = self.stop.send(true);
        let _ = self.rounds.await;
    }
}

/// Starts the worker on this runtime.
pub fn start(context: Context) -> Worker {
    let (stop, mut stopped) = watch::channel(false);
    let rounds = tokio::spawn(async move {
        let mut clock = tokio::time::interval(ROUND);
        loop {
            tokio::select! {
                _ = clock.tick() => {
                    keyset::round(&context).await;
                    audit_checkpoint::round(&context).await;
                }
                _ = stopped.changed() => return,
            }
        }
    });
    Worker { stop, rounds }
}
