//! `GET /v1/me` with an access token, beside a bare server that does the same read and asks nobody who calls.

use crate::city::City;
use crate::crowd;
use crate::database::Place;
use crate::http::Arena;
use crate::load::Requests;
use crate::options::Options;
use crate::process::{Server, part};
use crate::report::{Goal, Report};
use crate::station::Station;
use crate::{Outcome, role};
use tempfile::TempDir;

/// Accounts that take turns.
const ACCOUNTS: i64 = 1_000;

/// Measures on all databases.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let folder = TempDir::new()?;
    let donors = u32::try_from(ACCOUNTS)?;
    let city = City::write(folder.path(), donors, donors * 5)?;
    for place in Place::all(options) {
        let station = Station::found(&place)?;
        station.import(&city)?;
        let accounts = crowd::anybody(&station, ACCOUNTS)?;
        let server = station.serve(false)?;
        let floor = Server::start(
            part(role::ME)?.env("DATABASE_URL", &station.database.url).env(role::BODY, station.folder()),
            &folder.path().join("floor.log"),
        )?;
        let bearers = accounts.iter().map(|caller| ("/v1/me".to_owned(), Some(caller.token.clone())));
        let bare = accounts.iter().map(|caller| (format!("/{}", caller.id), None));
        let name = place.name();
        let arena = Arena { options, folder: &folder, server: &server, name };
        let goal = Goal::AtLeast(0.6);
        let (lane, bare) = (Requests::get_each(bearers), Requests::get_each(bare));
        arena.race("GET /v1/me", lane, "actix, same read", &floor, bare, goal, report)?;
    }
    Ok(())
}
