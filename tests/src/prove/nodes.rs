//! The servers of a station, which may be killed and started again while clients ask them.

use crate::support::{Server, Station};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// Who waits longer for a server waits for nothing.
const PATIENCE: Duration = Duration::from_secs(120);
/// No limits by address, for all clients have one; only what went wrong is logged.
const SETTINGS: [(&str, &str); 3] = [
    ("REXUE_LIMITS_REQUESTS_PER_MINUTE", "0"),
    ("REXUE_LOG_FILTER", "error"),
    ("REXUE_LOG_REQUESTS", "false"),
];

/// Servers on one database.
pub(super) struct Nodes<'a> {
    station: &'a Station,
    servers: Mutex<Vec<Option<Server>>>,
    open: Mutex<Open>,
    changed: Condvar,
}

/// What clients know.
struct Open {
    addresses: Vec<Option<String>>,
    database: bool,
}

impl<'a> Nodes<'a> {
    /// Starts so many servers.
    pub fn start(station: &'a Station, count: usize) -> Self {
        let servers: Vec<Server> = (0..count).map(|_| station.serve_with(&SETTINGS)).collect();
        let addresses = servers.iter().map(|server| Some(server.address().to_owned())).collect();
        Self {
            station,
            servers: Mutex::new(servers.into_iter().map(Some).collect()),
            open: Mutex::new(Open { addresses, database: true }),
            changed: Condvar::new(),
        }
    }

    /// The address of a server, the `wanted`th if it is up; waits while none is.
    pub fn address(&self, wanted: usize) -> String {
        let open = self.wait_until(|open| open.addresses.iter().any(Option::is_some));
        let count = open.addresses.len();
        (0..count).find_map(|step| open.addresses[(wanted + step) % count].clone()).unwrap()
    }

    /// Waits while no server is up, or the database is not: before something is tried again.
    pub fn wait_until_well(&self) {
        drop(self.wait_until(|open| open.database && open.addresses.iter().any(Option::is_some)));
    }

    /// Kills a server and starts another in its place.
    pub fn replace(&self, place: usize) {
        self.tell(|open| open.addresses[place] = None);
        let server = self.servers.lock().unwrap()[place].take().unwrap();
        server.kill();
        let server = self.station.serve_with(&SETTINGS);
        self.tell(|open| open.addresses[place] = Some(server.address().to_owned()));
        self.servers.lock().unwrap()[place] = Some(server);
    }

    /// Takes the database away as long as `work` runs.
    pub fn without_database(&self, work: impl FnOnce()) {
        self.tell(|open| open.database = false);
        work();
        self.tell(|open| open.database = true);
    }

    fn tell(&self, change: impl FnOnce(&mut Open)) {
        change(&mut self.open.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait_until(&self, holds: impl Fn(&Open) -> bool) -> std::sync::MutexGuard<'_, Open> {
        let open = self.open.lock().unwrap();
        let (open, waited) = self.changed.wait_timeout_while(open, PATIENCE, |open| !holds(open)).unwrap();
        assert!(!waited.timed_out(), "no server came back");
        open
    }
}
