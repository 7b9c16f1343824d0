//! Who plays in the sweep: somebody of every role, somebody like them, and what is theirs.

use super::expected::ROLES;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::support::{Caller, Gateway, Kind, Person, Server, Station, Town, accept, now, unsigned};

/// A record's id that nothing has.
pub const NOBODY: &str = "01890000-0000-7000-8000-00000000dead";

/// An appointment of the donor's, and one of another donor's.
pub const APPOINTMENTS: [&str; 2] =
    ["01890000-0000-7000-8000-0000000000aa", "01890000-0000-7000-8000-0000000000bb"];

/// What the donor waits for, and what another donor does.
pub const WAITS: [&str; 2] = ["01890000-0000-7000-8000-0000000000ee", "01890000-0000-7000-8000-0000000000ff"];
/// A call-up that asks the donor, and one that asks another.
pub const CALL_UPS: [&str; 2] =
    ["01890000-0000-7000-8000-0000000000cc", "01890000-0000-7000-8000-0000000000dd"];

/// The callers, signed in through the API, and the objects in their paths.
pub struct Cast {
    /// By role: who calls.
    pub callers: BTreeMap<&'static str, Caller>,
    /// By role: another session of the same caller.
    pub second: BTreeMap<&'static str, Caller>,
    /// By role: somebody else, whose session may be lost.
    pub spare: BTreeMap<&'static str, Caller>,
    /// A user of hospital A, and one of hospital B.
    pub users: [String; 2],
    /// Two systems of hospital A, and one of hospital B.
    pub clients: [String; 3],
    /// What the operator proposed, and what the reviewer did.
    pub merges: [String; 2],
    /// By what a relative sees the donor's record, and another donor's.
    pub managers: [String; 2],
    /// What the donor submitted before a donation, and another donor.
    pub questionnaires: [String; 2],
    /// The passes that they got for it.
    pub passes: [String; 2],
    /// Tokens that open nothing, each with what it is called and what it is refused with.
    pub refused: Vec<(&'static str, String, &'static str)>,
}

/// The donors of the sweep by their parts.
///
/// The donor of the cast is T0001 and sees T0003, who sees T0001; T0002 is another donor, seen by T0003 too; T0008
/// signs in and is nobody else's. T0004 and T0005 come to the window. T0010 to T0013 are proposed to be merged.
pub const TOWN: usize = 13;

impl Cast {
    /// Signs everybody in.
    pub fn of(station: &Station, server: &Server, gateway: &Gateway) -> Self {
        station.import(&Town::of(TOWN));
        station.issue_all();
        let first = station.user(server, "admin", None);
        let mut cast = Self {
            callers: BTreeMap::from([("admin", first.sign_in(server))]),
            second: BTreeMap::from([("admin", first.sign_in(server))]),
            spare: BTreeMap::new(),
            users: Default::default(),
            clients: Default::default(),
            merges: Default::default(),
            managers: Default::default(),
            questionnaires: Default::default(),
            passes: Default::default(),
            refused: refused(station),
        };
        let admin = cast.callers["admin"].clone();
        for code in ["A", "B"] {
            server
                .send(&admin, "/v1/hospitals", json!({ "code": code, "name": "测试医院" }))
                .with_status(201);
        }
        cast.staff(server, &admin);
        cast.systems(server, &admin);
        cast.donors(server, gateway);
        appointments(station);
        waits(station);
        call_ups(station);
        units(station);
        cast.merges = [("operator", "T0010", "T0011"), ("reviewer", "T0012", "T0013")]
            .map(|(role, kept, duplicate)| propose(server, &cast.callers[role], kept, duplicate));
        assert_eq!(cast.callers.len(), ROLES.len());
        cast
    }

    fn staff(&mut self, server: &Server, admin: &Caller) {
        for role in ROLES.into_iter().filter(|role| !["donor", "system"].contains(role)) {
            let hospital = ["desk", "hospital_admin"].contains(&role).then_some("A");
            if role != "admin" {
                let user = accept(server, role, &invite(server, admin, role, role, hospital));
                self.callers.insert(role, user.sign_in(server));
                self.second.insert(role, user.sign_in(server));
            }
            let name = format!("{role}.spare");
            let user = accept(server, &name, &invite(server, admin, &name, role, hospital));
            self.spare.insert(role, user.sign_in(server));
        }
        self.users = ["A", "B"].map(|hospital| {
            let invited = invite(server, admin, &format!("prey.{hospital}"), "desk", Some(hospital));
            invited["user_id"].as_str().unwrap().to_owned()
        });
    }

    fn systems(&mut self, server: &Server, admin: &Caller) {
        let register = |hospital: &str| {
            let path = format!("/v1/hospitals/{hospital}/clients");
            server.send(admin, &path, json!({ "name": "a system" })).with_status(201).json()
        };
        let system = register("A");
        let key = json!({
            "grant_type": "client_credentials", "client_id": system["client_id"], "client_secret": system["api_key"],
        });
        self.callers.insert("system", Caller::of(server.post_json("/v1/auth/token", &key)));
        self.clients =
            ["A", "A", "B"].map(|hospital| register(hospital)["client_id"].as_str().unwrap().to_owned());
    }

    /// The window binds accounts to records, so that the sweep has all its claims left.
    fn donors(&mut self, server: &Server, gateway: &Gateway) {
        let operator = &self.callers["operator"];
        let seen = |n: usize| json!({ "phone": Person::number(n).phone, "document_seen": true });
        for n in [1, 2, 3, 8] {
            let path = format!("/v1/station/donors/T{n:04}/sign-in-phone");
            server.call(operator, "PUT", &path, Some(seen(n))).with_status(204);
        }
        for (record, manager) in [("T0001", 3), ("T0002", 3), ("T0003", 1)] {
            let path = format!("/v1/station/donors/{record}/managers");
            server.send(operator, &path, seen(manager)).with_status(204);
        }
        let phone = |n: usize| Person::number(n).phone;
        let donor = server.sign_in(gateway, &phone(1));
        let other = server.sign_in(gateway, &phone(2));
        gateway.wechat_user("js-code", "openid");
        gateway.wechat_phone("phone-code", &phone(1));
        let wechat = json!({ "grant_type": "wechat", "js_code": "js-code", "phone_code": "phone-code" });
        self.managers = [&donor, &other].map(|donor| {
            let managers = server.read(donor, "/v1/me/managers").with_status(200).json();
            managers[0]["id"].as_str().unwrap().to_owned()
        });
        let submitted = [&donor, &other].map(|donor| {
            server.consent_to_health_data(donor);
            server.questionnaire(donor, "whole_blood", &[])
        });
        self.questionnaires = submitted.each_ref().map(|one| one["id"].as_str().unwrap().to_owned());
        self.passes = submitted.each_ref().map(|one| one["pass"]["code"].as_str().unwrap().to_owned());
        self.callers.insert("donor", donor);
        self.second.insert("donor", Caller::of(server.post_json("/v1/auth/token", &wechat)));
        self.spare.insert("donor", server.sign_in(gateway, &phone(8)));
    }
}

/// One of the donor's and one of another's, for days far ahead.
fn waits(station: &Station) {
    for (id, donor_no) in WAITS.into_iter().zip(["T0001", "T0002"]) {
        let made = format!(
            "INSERT INTO waitlist (id, donor_id, account_id, product, site_code, first_day, last_day, class, passed_over, state,
                                   created_at, changed_at)
             SELECT '{id}', donor_id, account_id, 'apheresis_platelets', (SELECT MIN(code) FROM sites), '2099-01-01', '2099-01-01', 1, 0, 'waiting',
                    since, since
             FROM account_donors JOIN donors ON donors.id = donor_id WHERE donor_no = '{donor_no}' AND relation = 'self'"
        );
        station.execute(&made).unwrap();
    }
}

/// One of the donor's and one of another's, both of the past: nothing can be done to them any more.
fn appointments(station: &Station) {
    let slot = station.slots("whole_blood", 2, 1, 5).remove(0);
    for (id, donor_no) in APPOINTMENTS.into_iter().zip(["T0001", "T0002"]) {
        let made = format!(
            "INSERT INTO appointments (id, slot_id, donor_id, account_id, product, starts_at, state, renewals, rule_pack,
                                       sequence, reminded, will_come, created_at, changed_at)
             SELECT '{id}', slots.id, donor_id, account_id, product, starts_at, 'cancelled', 0, 'none', 0, 0, false, starts_at, starts_at
             FROM slots, account_donors JOIN donors ON donors.id = donor_id
             WHERE slots.id = '{slot}' AND donor_no = '{donor_no}' AND relation = 'self'"
        );
        station.execute(&made).unwrap();
    }
}

/// One team, and a call-up for each of two of its members.
fn call_ups(station: &Station) {
    let team = "INSERT INTO teams (id, name, created_by, created_at, version)
                VALUES ('team', '测试', 'nobody', '2026-01-01 00:00:00', 1)";
    station.execute(team).unwrap();
    for (id, donor_no) in CALL_UPS.into_iter().zip(["T0001", "T0002"]) {
        let from = format!(
            "FROM account_donors JOIN donors ON donors.id = donor_id WHERE donor_no = '{donor_no}' AND relation = 'self'"
        );
        let made = format!(
            "INSERT INTO team_members (id, team_id, account_id, donor_id, text_version, joined_at)
             SELECT '{id}', 'team', account_id, donor_id, '1', since {from};
             INSERT INTO call_ups (id, team_id, blood_groups, product, needed, coming, created_by, created_at, closes_at, version)
             VALUES ('{id}', 'team', 'O+', 'whole_blood', 1, 0, 'nobody', '2026-01-01 00:00:00', '2100-01-01 00:00:00', 1);
             INSERT INTO call_up_answers (id, call_up_id, account_id, donor_id, state, asked_at)
             SELECT '{id}', '{id}', account_id, donor_id, 'asked', since {from}"
        );
        station.execute(&made).unwrap();
    }
}

/// One of the donor's and one of another's.
fn units(station: &Station) {
    let row = |n: usize, donation: usize| {
        format!("UNIT-{n},419924{donation:07},plasma,stored,2025-04-01T10:00:00+08:00,,,")
    };
    station.import_units(&[row(1, 1), row(2, 3)], &[]);
}

fn invite(server: &Server, admin: &Caller, name: &str, role: &str, hospital: Option<&str>) -> Value {
    let wanted = json!({ "user_name": name, "display_name": "测试", "role": role, "hospital": hospital });
    server.send(admin, "/v1/users", wanted).with_status(201).json()
}

fn propose(server: &Server, caller: &Caller, kept: &str, duplicate: &str) -> String {
    let merge = json!({ "kept": kept, "duplicate": duplicate, "reason": "a test" });
    let proposed = server.send(caller, "/v1/station/merges", merge).with_status(201).json();
    proposed["id"].as_str().unwrap().to_owned()
}

/// Each is an admin's, were it good.
fn refused(station: &Station) -> Vec<(&'static str, String, &'static str)> {
    let later = now() + rexue::tokens::LIFETIME;
    let elsewhere = Station::new(Kind::Sqlite);
    // The key of access tokens is made by whoever needs it first.
    let [header, claims] = tests::support::parts(&station.admin_token(later));
    let mut none = header.clone();
    none["alg"] = json!("none");
    vec![
        ("malformed", "not.a.token".to_owned(), "invalid_token"),
        ("expired", station.admin_token(now() - chrono::TimeDelta::seconds(1)), "expired_token"),
        ("audience", station.link("T0001").key, "invalid_token"),
        ("key", elsewhere.admin_token(later), "invalid_token"),
        ("none", unsigned(&none, &claims), "invalid_token"),
    ]
}
