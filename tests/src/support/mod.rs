//! A station for one test: a temporary data folder, an own database on SQLite or PostgreSQL, keys made by the real
//! program, and the program itself as a process.

mod callers;
mod canaries;
mod crowd;
mod database;
mod gateway;
mod kannel;
mod mail_server;
mod people;
mod postgres;
mod program;
mod python;
mod questionnaires;
mod redis;
mod server;
mod station;
mod tokens;
mod wait;

pub use callers::{Caller, PASSWORD, User, accept, by_code, international};
pub use crowd::{Donor, Signer};
pub use database::Kind;
pub use gateway::{Behaviour, Gateway, Sms};
pub use kannel::{ArrivedSms, Kannel};
pub use mail_server::{Letter, MailServer};
pub use people::{DONATIONS_HEADER, DONORS_HEADER, Person, Town, UNITS_HEADER, instant, whole_blood};
pub use postgres::Postgres;
pub use program::{Ran, program};
pub use python::{python, run_python};
pub use redis::Redis;
pub use server::{Answer, Server};
pub use station::{Link, PUBLIC_URL, Station};
pub use tokens::{authenticated, parts, signed, unsigned};
pub use wait::{until, until_within};

use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};

/// Runs a test on both databases: `name::sqlite` and `name::postgres`, each with a station of its own.
#[macro_export]
macro_rules! on_both {
    ($($(#[$attribute:meta])* fn $name:ident($station:ident) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs all that its module names")]
            use super::*;

            $(#[$attribute])*
            fn run($station: &$crate::support::Station) $body

            #[test]
            fn sqlite() {
                run(&$crate::support::Station::new($crate::support::Kind::Sqlite));
            }

            #[test]
            fn postgres() {
                run(&$crate::support::Station::new($crate::support::Kind::Postgres));
            }
        }
    )+ };
}

/// The value of a variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "tests are told by their runner where the servers are")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The value of a variable that `./test` sets.
pub fn set_by_test(name: &str) -> String {
    variable(name)
        .unwrap_or_else(|| panic!("{name} is not set: run it through ./test, which starts the servers"))
}

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of the material that stands beside the repository; `None`, and a line that says so, when it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let folder = variable("REXUE_SHARED").map_or_else(|| repository().join("../shared"), PathBuf::from);
    let file = folder.join(path);
    if file.exists() {
        return Some(file);
    }
    println!("skipped: {} is not here", file.display());
    None
}

/// The present instant.
pub fn now() -> DateTime<Utc> {
    rexue::clock::Clock::System.now()
}
