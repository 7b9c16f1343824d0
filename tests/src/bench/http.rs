//! The server, in a process of its own, beside bare actix servers in processes of their own.

use crate::city::City;
use crate::database::Place;
use crate::load::{Requests, answers, body_of};
use crate::options::Options;
use crate::process::{Server, part};
use crate::report::{Goal, Report};
use crate::rounds::{Turn, alternate};
use crate::signed::Signed;
use crate::station::Station;
use crate::{Outcome, role};
use data_encoding::{BASE64, BASE64URL_NOPAD};
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
pub struct Arena<'a> {
    /// How long, and how often.
    pub options: &'a Options,
    /// Where rivals write their logs.
    pub folder: &'a TempDir,
    /// The product.
    pub server: &'a Server,
    /// For the table.
    pub name: &'a str,
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

    /// Measures the product and a floor in turns.
    #[expect(clippy::too_many_arguments, reason = "two sides of one comparison")]
    pub fn race(
        &self,
        lane: &str,
        requests: Requests,
        floor_name: &str,
        floor: &Server,
        bare: Requests,
        goal: Goal,
        report: &mut Report,
    ) -> Outcome<()> {
        let turn = |server: &Server, requests: &Rc<Requests>| -> Outcome<Turn> {
            let before = server.processor_seconds()?;
            let (count, took) =
                answers(&server.address, requests, self.options.connections, self.options.seconds)?;
            Ok(Turn::of(count, took, server.processor_seconds()? - before))
        };
        let (requests, bare) = (Rc::new(requests), Rc::new(bare));
        let turns = alternate(self.options.rounds, || turn(self.server, &requests), || turn(floor, &bare))?;
        report.lane(&format!("{lane} ({})", self.name), floor_name, &turns, goal);
        Ok(())
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
