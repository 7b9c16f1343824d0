//! The command line: parse, call an action, print. Standard output is for results, standard error for people.

mod audit;
mod certificates;
mod demo;
mod hospitals;
mod import;
mod keys;
mod output;
mod questionnaires;
mod rules;
mod schedule;
mod serve;
mod setup;
mod users;
mod verify;
mod work;

use crate::error::{Error, Kind};
use clap::{Parser, Subcommand};
use output::say;
use setup::Setup;
use std::path::PathBuf;
use std::process::ExitCode;

/// Rexue 热血: the mobile backend of a blood station, and the issuer of its electronic donation certificate.
#[derive(Parser)]
#[command(name = "rexue", version, max_term_width = 100)]
struct Arguments {
    /// Where the database and the keys live when nothing else is said [default: $REXUE_DATA or ./data].
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file [default: $REXUE_CONFIG, or rexue.toml in the data folder].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server, and the worker with it.
    Serve(serve::Serve),
    /// Run the worker alone: messages, reminders, everything that is done on time.
    Work(work::Work),
    /// Import the station's donors and donations.
    Import(import::Import),
    /// Issue certificates, and change their standing.
    #[command(subcommand)]
    Certificates(certificates::Certificates),
    /// Verify a certificate, as a hospital does.
    Verify(verify::Verify),
    /// Verify the audit trail, and write down where it ends.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Invite and disable users of the station and of hospitals.
    #[command(subcommand)]
    Users(users::Users),
    /// Enter hospitals.
    #[command(subcommand)]
    Hospitals(hospitals::Hospitals),
    /// Import the calendar of days off, and make sessions from weekly templates.
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    /// List and check rule packs: who may give, and when.
    #[command(subcommand)]
    Rules(rules::Rules),
    /// List and check questionnaires: what is asked before a donation.
    #[command(subcommand)]
    Questionnaires(questionnaires::Questionnaires),
    /// Make the station's keys, and publish which are in use.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Fill an empty data folder with a demo city.
    Demo(demo::Demo),
    /// Bring the database's schema up to date.
    Migrate,
    /// Print the OpenAPI document (YAML).
    Openapi,
    /// Read the configuration, say what is wrong with it, and stop.
    CheckConfig,
}

/// Runs the program; the exit code is 0, 1 for a "no" or a failure, 2 for a wrong call.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(stop) => {
            // Help goes to standard output, mistakes to standard error; a closed pipe is nobody's fault.
            let _ = stop.print();
            return ExitCode::from(u8::from(stop.use_stderr()) * 2);
        }
    };
    match dispatch(arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("rexue: {error}"));
            ExitCode::from(if error.kind == Kind::Invalid { 2 } else { 1 })
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<ExitCode, Error> {
    let setup = Setup::new(arguments.data, arguments.config)?;
    match arguments.command {
        Command::Serve(serve) => serve.run(setup),
        Command::Work(work) => work.run(&setup),
        Command::Import(import) => import.run(&setup),
        Command::Certificates(certificates) => certificates.run(&setup),
        Command::Verify(verify) => verify.run(&setup),
        Command::Audit(audit) => audit.run(&setup),
        Command::Users(users) => users.run(&setup),
        Command::Hospitals(hospitals) => hospitals.run(&setup),
        Command::Schedule(schedule) => schedule.run(&setup),
        Command::Rules(rules) => rules.run(&setup),
        Command::Questionnaires(questionnaires) => questionnaires.run(&setup),
        Command::Keys(keys) => keys.run(&setup),
        Command::Demo(demo) => demo.run(&setup),
        Command::Migrate => setup.migrated_pool().map(|_| ExitCode::SUCCESS),
        Command::Openapi => output::print(&crate::web::openapi_yaml()?),
        Command::CheckConfig => output::print(&format!("{:#?}\n", setup.config)),
    }
}
