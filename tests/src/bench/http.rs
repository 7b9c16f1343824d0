//! The server, in a process of its own, beside bare actix servers in processes of their own.

use crate::city::City;
use crate::database::Place;
use crate::load::{Requests, body_of, requests_per_second};
use crate::options::Options;
use crate::process::{Server, part};
use crate::report::{Goal, Report};
use crate::rounds::alternate;
use crate::signed::Signed;
use crate::station::Station;
use crate::{Outcome, role};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use std::cell::RefCell;
use std::rc::Rc;
use tempfile::TempDir;

/// Donations of a donor, about.
const DONATIONS_A_DONOR: u32 = 5;

/// Measures `POST /v1/verify` and two null routes, with and without a line in the log for each request.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let folder = TempDir::new()?;
    let city = City::write(folder.path(), options.certificates, options.certificates * DONATIONS_A_DONOR)?;
    for place in Place::all(options) {
        let station = Station::found(&place)?;
        station.import(&city)?;
        station.issue()?;
        let tokens = station.tokens()?;
        for log_requests in [true, false] {
            let server = station.serve(log_requests)?;
            let log = if log_requests { "logged" } else { "not logged" };
            let name = format!("{}, {log}", place.name());
            let arena = Arena { options, folder: &folder, server: &server, name: &name };
            arena.verify(&tokens, report)?;
            if place == Place::Sqlite {
                arena.null_route("/healthz", report)?;
                arena.null_route("/.well-known/jwks.json", report)?;
            }
            report.figure(
                &format!("server's memory ({name})"),
                "MiB",
                &[server.peak_memory_mib()?],
                Goal::AtMost(150.0),
            );
        }
    }
    Ok(())
}

/// A server, and where its rivals live.
struct Arena<'a> {
    options: &'a Options,
    folder: &'a TempDir,
    server: &'a Server,
    name: &'a str,
}

impl Arena<'_> {
    fn verify(&self, tokens: &[String], report: &mut Report) -> Outcome<()> {
        let jwks: serde_json::Value = serde_json::from_str(&body_of(
            &self.server.address,
            &Rc::new(Requests::get("/.well-known/jwks.json")),
        )?)?;
        let signed = tokens.iter().map(|text| Signed::of(text)).collect::<Outcome<Vec<_>>>()?;
        let key = public_key(&jwks, signed.first().ok_or("no certificate was issued")?)?;
        let floor = self.floor(role::STRICT, &BASE64.encode(key.as_bytes()))?;

        let texts = tokens.iter().map(|text| text.clone().into_bytes());
        let lane = Requests::post("/v1/verify", "text/plain", texts);
        let bare = signed.into_iter().map(|signed| [signed.signature.as_slice(), &signed.message].concat());
        let bare = Requests::post("/", "application/octet-stream", bare);
        let answer: serde_json::Value = {
            let one = Requests::post(
                "/v1/verify",
                "text/plain",
                tokens.first().map(|text| text.clone().into_bytes()),
            );
            serde_json::from_str(&body_of(&self.server.address, &Rc::new(one))?)?
        };
        if answer.get("code").and_then(serde_json::Value::as_str) != Some("valid") {
            return Err(format!("an issued certificate is not valid: {answer}").into());
        }
        self.race(
            "POST /v1/verify",
            lane,
            "actix and verify_strict",
            &floor,
            bare,
            Goal::AtLeast(0.8),
            report,
        )
    }

    fn null_route(&self, path: &str, report: &mut Report) -> Outcome<()> {
        let request = Rc::new(Requests::get(path));
        let floor = self.floor(role::HELLO, &body_of(&self.server.address, &request)?)?;
        let lane = format!("GET {path}");
        let bare = Requests::get(path);
        self.race(&lane, Requests::get(path), "actix, same body", &floor, bare, Goal::AtLeast(0.6), report)
    }

    fn floor(&self, role: &str, body: &str) -> Outcome<Server> {
        Server::start(part(role)?.env(role::BODY, body), &self.folder.path().join("floor.log"))
    }

    #[expect(clippy::too_many_arguments, reason = "two sides of one comparison")]
    fn race(
        &self,
        lane: &str,
        requests: Requests,
        floor_name: &str,
        floor: &Server,
        bare: Requests,
        goal: Goal,
        report: &mut Report,
    ) -> Outcome<()> {
        let side = |server: &Server, requests: Requests| {
            let (address, requests) = (server.address.clone(), Rc::new(requests));
            move || requests_per_second(&address, &requests, self.options.connections, self.options.seconds)
        };
        let mut lane_side = Costed::new(self.server, self.options.seconds, side(self.server, requests));
        let mut floor_side = Costed::new(floor, self.options.seconds, side(floor, bare));
        let turns = alternate(self.options.rounds, || lane_side.turn(), || floor_side.turn())?;
        let lane = format!("{lane} ({})", self.name);
        report.lane(&lane, floor_name, &turns, goal);
        report.figure(
            &format!("… processor time, µs; floor {:.1}", floor_side.micros()),
            "µs",
            &[lane_side.micros()],
            Goal::None,
        );
        Ok(())
    }
}

/// One side of a race, and what its server's processor time for one request was: other people's load on the
/// machine does not count in it.
struct Costed<'a, F> {
    server: &'a Server,
    seconds: f64,
    turn: F,
    spent: RefCell<(f64, f64)>,
}

impl<'a, F: FnMut() -> Outcome<f64>> Costed<'a, F> {
    fn new(server: &'a Server, seconds: f64, turn: F) -> Self {
        Self { server, seconds, turn, spent: RefCell::new((0.0, 0.0)) }
    }

    fn turn(&mut self) -> Outcome<f64> {
        let before = self.server.processor_seconds()?;
        let rate = (self.turn)()?;
        let mut spent = self.spent.borrow_mut();
        spent.0 += self.server.processor_seconds()? - before;
        spent.1 += rate * self.seconds;
        Ok(rate)
    }

    fn micros(&self) -> f64 {
        let (seconds, requests) = *self.spent.borrow();
        seconds * 1_000_000.0 / requests
    }
}

/// The key of the set that made the signature.
fn public_key(jwks: &serde_json::Value, signed: &Signed) -> Outcome<ed25519_dalek::VerifyingKey> {
    let keys = jwks.get("keys").and_then(serde_json::Value::as_array).ok_or("no JWK Set")?;
    for key in keys.iter().filter_map(|key| key.get("x")?.as_str()) {
        let bytes: [u8; 32] = BASE64URL_NOPAD.decode(key.as_bytes())?.as_slice().try_into()?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes)?;
        if signed.is_signed_by(&key).is_ok() {
            return Ok(key);
        }
    }
    Err("no published key made the certificates".into())
}
