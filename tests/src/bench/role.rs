//! Which part this process plays: the bench, `rexue`, or a floor's server.

use crate::floor_server;
use std::process::ExitCode;

/// Names the part; without it the process is the bench.
pub const VARIABLE: &str = "REXUE_BENCH_ROLE";
/// The program `rexue`, with this process's arguments.
pub const REXUE: &str = "rexue";
/// A bare server that answers with the body in [`BODY`].
pub const HELLO: &str = "hello";
/// A bare server that checks a signature with the public key in [`BODY`] (base64), and no more.
pub const STRICT: &str = "strict";
/// A bare server that reads what `GET /v1/me` does, of the station whose folder is [`BODY`].
pub const ME: &str = "me";
/// What a floor's server works with.
pub const BODY: &str = "REXUE_BENCH_BODY";

/// Plays the part that the environment names.
pub fn play() -> Option<ExitCode> {
    let outcome = match variable(VARIABLE)?.as_str() {
        REXUE => return Some(rexue::cli::run()),
        HELLO => floor_server::hello(variable(BODY).unwrap_or_default()),
        STRICT => floor_server::strict(&variable(BODY).unwrap_or_default()),
        ME => floor_server::me(
            &variable(BODY).unwrap_or_default(),
            &variable("DATABASE_URL").unwrap_or_default(),
        ),
        other => Err(format!("no part is called {other:?}").into()),
    };
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: a floor's server: {failure}");
            ExitCode::FAILURE
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "the parent process tells its child what to play")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
