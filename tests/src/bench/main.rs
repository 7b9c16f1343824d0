//! `./bench [NAME…]`: what the product does, each lane beside its floor in the same run.
//!
//! A floor is the least that could do the same: a raw signature, a bare server, COPY. The machine's speed changes
//! from minute to minute, so lane and floor alternate and only their ratio counts.
//!
//! The program plays every part itself: the environment variable [`role::VARIABLE`] makes it `rexue` (the very
//! code of the product's `main`) or a floor's server, so that what is measured is never an older build.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a table for people is what this program is for"
)]
#![expect(
    clippy::as_conversions,
    reason = "counts become ratios: 53 bits are enough for a figure of three digits"
)]

mod booking;
mod city;
mod copy_floor;
mod crowd;
mod database;
mod delivery;
mod floor_server;
mod http;
mod import;
mod load;
mod me;
mod messages;
mod options;
mod process;
mod qr;
mod report;
mod role;
mod rounds;
mod schedule;
mod signed;
mod soonest;
mod sqlite_floor;
mod station;
mod tokens;

use options::Options;
use report::Report;
use std::process::ExitCode;

/// Any failure ends the run.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    if let Some(played) = role::play() {
        return played;
    }
    match measure(&Options::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Outcome<()> {
    let mut report = Report::default();
    if options.wants("tokens") {
        tokens::measure(options, &mut report)?;
    }
    if options.wants("qr") {
        qr::measure(options, &mut report)?;
    }
    if options.wants("http") || options.wants("rss") {
        http::measure(options, &mut report)?;
    }
    if options.wants("me") {
        me::measure(options, &mut report)?;
    }
    if options.wants("booking") {
        booking::measure(options, &mut report)?;
    }
    if options.wants("soonest") {
        soonest::measure(options, &mut report)?;
    }
    if options.wants("messages") {
        messages::measure(options, &mut report)?;
    }
    if options.wants("delivery") {
        delivery::measure(options, &mut report)?;
    }
    if options.wants("import") || options.wants("issue") {
        import::measure(options, &mut report)?;
    }
    report.print();
    Ok(())
}
