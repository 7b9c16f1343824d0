//! The authorisation sweep: every operation of the contract, tried with no token, with tokens that open nothing, and as
//! every role, on objects of the caller's own, of somebody else's, and on none.
//!
//! `./test authorization` shows the table of statuses.

mod cast;
mod expected;
mod report;
mod requests;

use cast::Cast;
use expected::{EXPECTED, Expectation, Objects, ROLES, Who};
use report::Report;
use requests::{Bodies, Operation, operations, paths};
use std::collections::BTreeSet;
use tests::on_both;
use tests::support::{Answer, Gateway, Server};

on_both! {
    fn every_operation_lets_in_whom_it_should_and_nobody_else(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[("REXUE_LIMITS_REQUESTS_PER_MINUTE", "0")]);
        let operations = operations(&server.get("/openapi.json").with_status(200).json());
        let documented: BTreeSet<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
        let expected: BTreeSet<&str> = EXPECTED.iter().map(|row| row.operation).collect();
        assert_eq!(documented, expected, "the table in expected.rs is not about this contract");
        assert_eq!(EXPECTED.len(), expected.len(), "an operation stands in the table twice");
        let cast = Cast::of(station, &server, &gateway);
        let sweep = Sweep { server: &server, cast: &cast, bodies: Bodies::default() };
        let mut report = Report::new(station.kind(), &cast);

        for operation in &operations {
            let row = EXPECTED.iter().find(|row| row.operation == operation.id).unwrap();
            sweep.try_all(operation, row, &mut report);
        }

        println!("{report}");
        assert!(report.leaks.is_empty(), "{:#?}", report.leaks);
    }
}

struct Sweep<'a> {
    server: &'a Server,
    cast: &'a Cast,
    bodies: Bodies,
}

impl Sweep<'_> {
    fn try_all(&self, operation: &Operation, row: &Expectation, report: &mut Report) {
        for place in 0..paths(operation, "admin", self.cast).len() {
            report.begin(operation, place);
            match row.who {
                Who::Anybody(_) => self.try_public(operation, report),
                Who::Only(roles) => self.try_roles(operation, place, roles, &row.objects, report),
            }
        }
    }

    fn try_roles(
        &self,
        operation: &Operation,
        place: usize,
        roles: &[&str],
        objects: &Objects,
        report: &mut Report,
    ) {
        self.try_without_leave(operation, place, report);
        for role in ROLES {
            let answers = self.answers(operation, place, role);
            if roles.contains(&role) {
                report.let_in(role, &answers, objects.are_hidden_from(role));
            } else {
                report.all_refused(role, &answers);
            }
        }
    }

    /// A public operation does not look at tokens: whoever calls, it answers the same.
    fn try_public(&self, operation: &Operation, report: &mut Report) {
        let path = &paths(operation, "donor", self.cast)[0][0];
        let without = self.send(operation, path, None);
        report.public(None, &without, without.status);
        for (name, token, _) in &self.cast.refused {
            report.public(Some(name), &self.send(operation, path, Some(token)), without.status);
        }
        for role in ROLES {
            let token = &self.cast.callers[role].access;
            report.public(Some(role), &self.send(operation, path, Some(token)), without.status);
        }
    }

    /// No token, and tokens that open nothing, on an object that exists.
    fn try_without_leave(&self, operation: &Operation, place: usize, report: &mut Report) {
        let path = &paths(operation, "admin", self.cast)[place][0];
        report.refused("no token", &self.send(operation, path, None), 401, "missing_token");
        for (name, token, code) in &self.cast.refused {
            report.refused(name, &self.send(operation, path, Some(token)), 401, code);
        }
    }

    fn answers(&self, operation: &Operation, place: usize, role: &str) -> Vec<Answer> {
        // What ends the session that calls must not end one that is needed.
        let callers = if operation.id == "sign_out" { &self.cast.spare } else { &self.cast.callers };
        let caller = callers.get(role).unwrap_or(&self.cast.callers[role]);
        let paths = &paths(operation, role, self.cast)[place];
        paths.iter().map(|path| self.send(operation, path, Some(&caller.access))).collect()
    }

    fn send(&self, operation: &Operation, path: &str, token: Option<&str>) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.iter().map(|bearer| ("authorization", bearer.as_str())));
        let body = self.bodies.of(&operation.id).map(|body| body.to_string()).unwrap_or_default();
        self.server.request(&operation.method, path, &headers, body.as_bytes())
    }
}
