//! What the sweep sends: for every operation its paths and a body that does as little as can be.

use super::cast::{APPOINTMENTS, CALL_UPS, Cast, NOBODY, WAITS};
use serde_json::{Value, json};
use std::cell::Cell;

/// An operation of the contract.
pub struct Operation {
    /// Its id.
    pub id: String,
    /// In capitals.
    pub method: String,
    /// The path with its parameters; a donor who is named behind the `?` is one of them.
    pub path: String,
}

/// The contract's operations, those that end something last.
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let path = if asks_for_a_donor(operation) {
                let product = if id == "soonest" { "product=whole_blood&" } else { "" };
                format!("{path}?{product}donor_no={{donor_no}}")
            } else {
                path.clone()
            };
            let path = if asks_for_a_purpose(operation) { format!("{path}?purpose=enquiry") } else { path };
            operations.push(Operation { id, method: method.to_uppercase(), path });
        }
    }
    operations.sort_by_key(|operation| end_of(&operation.id));
    operations
}

fn asks_for_a_donor(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    parameters.iter().any(|parameter| parameter["in"] == "query" && parameter["name"] == "donor_no")
}

fn asks_for_a_purpose(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    parameters.iter().any(|parameter| parameter["in"] == "query" && parameter["name"] == "purpose")
}

/// How much an operation ends: nothing, an object of the sweep, a spare session, all sessions of the caller.
fn end_of(operation: &str) -> u8 {
    match operation {
        "leave" | "remove_manager" | "disable_user" | "invite_again" | "revoke_client" | "end_session" => 1,
        "sign_out" => 2,
        "sign_out_everywhere" => 3,
        _ => 0,
    }
}

/// The paths of an operation when a role calls it: with an object of the caller's own, with somebody else's, with one
/// that does not exist; or the one path, when it names no object. A second row tries the second name in a path alone.
pub fn paths(operation: &Operation, role: &str, cast: &Cast) -> Vec<Vec<String>> {
    if operation.id == "revoke_client" {
        let [first, second, foreign] = &cast.clients;
        let rows = [
            [("A", first.as_str()), ("B", foreign), ("NONE", NOBODY)],
            [("A", second), ("A", foreign), ("A", NOBODY)],
        ];
        let path = |(hospital, client): (&str, &str)| format!("/v1/hospitals/{hospital}/clients/{client}");
        return rows.into_iter().map(|row| row.map(path).to_vec()).collect();
    }
    let Some((before, rest)) = operation.path.split_once('{') else {
        return vec![vec![operation.path.clone()]];
    };
    let (parameter, after) = rest.split_once('}').unwrap();
    let after = after.replace("{template}", NOBODY);
    let Some(objects) = objects(&operation.id, parameter, role, cast) else {
        let path = operation.path.replace("{certificate_no}", NOBODY).replace("{format}", "svg");
        let path = path.replace("{token}", "none").replace("{key}", "none");
        return vec![vec![path.replace("{list}", "1")]];
    };
    vec![objects.iter().map(|object| format!("{before}{object}{after}")).collect()]
}

/// An object of one's own, somebody else's, and none; `None` for what is public.
fn objects(operation: &str, parameter: &str, role: &str, cast: &Cast) -> Option<[String; 3]> {
    let [own, other, none] = match (parameter, operation) {
        ("donor_no", "set_sign_in_phone" | "add_manager") => ["T0004", "T0005", "T9999"],
        ("donor_no", "leave") => ["T0003", "T0002", "T9999"],
        ("donor_no", _) => ["T0001", "T0002", "T9999"],
        ("appointment", "call") => [NOBODY, NOBODY, NOBODY],
        ("appointment", _) => [APPOINTMENTS[0], APPOINTMENTS[1], NOBODY],
        ("call_up", "answer_call_up") => [CALL_UPS[0], CALL_UPS[1], NOBODY],
        ("call_up" | "team" | "appeal", _) => [NOBODY, NOBODY, NOBODY],
        ("site", _) => ["HERE", "THERE", "NONE"],
        (
            "session",
            "collection_session" | "pause_session" | "check_in" | "queue" | "cancel_session" | "move_session"
            | "unreached" | "make_group" | "groups",
        )
        | ("visit" | "deferral" | "reaction" | "donation_no", _) => [NOBODY, NOBODY, NOBODY],
        ("entry", _) => [WAITS[0], WAITS[1], NOBODY],
        ("group", _) => [NOBODY, NOBODY, NOBODY],
        ("code", "group") => ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"],
        ("hospital", _) => ["A", "B", "NONE"],
        ("purpose", _) => ["news", "appeals", "nothing"],
        ("questionnaire", _) => [cast.questionnaires[0].as_str(), &cast.questionnaires[1], NOBODY],
        ("unit_no", _) => ["UNIT-1", "UNIT-2", "UNIT-9"],
        ("code", _) => [cast.passes[0].as_str(), &cast.passes[1], "AAAAAAAA"],
        ("user", _) => [cast.users[0].as_str(), &cast.users[1], NOBODY],
        ("manager", _) => [cast.managers[0].as_str(), &cast.managers[1], NOBODY],
        ("merge", _) if role == "reviewer" => [cast.merges[1].as_str(), &cast.merges[0], NOBODY],
        ("merge", _) => [cast.merges[0].as_str(), &cast.merges[1], NOBODY],
        ("session", _) => {
            let own = cast.second.get(role).unwrap_or(&cast.callers[role]).session();
            let other = cast.spare.get(role).unwrap_or(&cast.callers["donor"]).session();
            return Some([own, other, NOBODY.to_owned()]);
        }
        ("template", "preview_template") => ["thanks", "reminder", "nothing"],
        ("message", _) => [NOBODY, NOBODY, NOBODY],
        ("certificate_no" | "list" | "token" | "key", _) => return None,
        _ => panic!("a parameter that the sweep does not know: {parameter} of {operation}"),
    };
    Some([own, other, none].map(str::to_owned))
}

/// Makes bodies, no two with the same new name or number.
#[derive(Default)]
pub struct Bodies(Cell<usize>);

impl Bodies {
    /// The body of a request, for operations that take one.
    pub fn of(&self, operation: &str) -> Option<Value> {
        let n = self.0.get();
        self.0.set(n + 1);
        Some(match operation {
            "give_consent" => json!({ "purpose": "news", "text_version": "1", "given_from": "browser" }),
            "join" => json!({ "code": "AAAAAAAA" }),
            "erase" => json!({ "confirm": false }),
            "find_donors" => json!({ "purpose": "enquiry", "donor_no": "T0001" }),
            "set_sign_in_phone" | "add_manager" => {
                json!({ "phone": format!("1700444{n:04}"), "document_seen": true })
            }
            "propose_merge" => json!({ "kept": "T0001", "duplicate": "T9999", "reason": "a test" }),
            "decide_merge" => json!({ "approve": false }),
            "invite" => {
                json!({ "user_name": format!("swept{n}"), "display_name": "测试", "role": "desk", "hospital": "A" })
            }
            "enter_hospital" => json!({ "code": format!("N{n}"), "name": "测试医院" }),
            "register_client" => json!({ "name": "a system" }),
            "hold" | "book" | "move_appointment" => json!({ "slot": NOBODY }),
            "enter_site" => json!({
                "code": format!("S{n}"), "kind": "fixed", "name": "测试", "address": "测试", "latitude": 34.7, "longitude": 113.6,
            }),
            "join_waitlist" => json!({
                "product": "whole_blood", "site": "NOWHERE", "first_day": "2026-01-01", "last_day": "2026-01-01",
            }),
            "make_group" => json!({
                "name": "测试", "product": "whole_blood", "places": 1, "returns_at": "2030-01-01T00:00:00Z",
            }),
            "check_in" => json!({ "code": "T0001", "product": "whole_blood" }),
            "take_ticket" => json!({ "session": NOBODY, "product": "whole_blood" }),
            "screen" => json!({
                "haemoglobin_g_per_l": 140, "systolic_mmhg": 120, "diastolic_mmhg": 80, "pulse_per_minute": 70, "weight_kg": 60,
            }),
            "collect" => {
                json!({ "donation_no": "4199240099999", "product": "whole_blood", "volume_ml": 400 })
            }
            "defer" => json!({ "rule": "doctor" }),
            "record_reaction" => json!({ "severity": "mild", "note": "" }),
            "join_team" => json!({ "consent": true, "text_version": "1" }),
            "answer_call_up" => json!({ "coming": false }),
            "follow_reaction_up" => json!({ "outcome": "recovered" }),
            "answer_wechat_subscriptions" => json!({ "answers": {} }),
            // Refused, because they say nothing.
            "verify"
            | "request_code"
            | "token"
            | "open_invitation"
            | "accept_invitation"
            | "bind_record"
            | "register"
            | "answer_questionnaire"
            | "change_site"
            | "enter_template"
            | "open_session"
            | "create_team"
            | "call_up"
            | "open_appeal"
            | "pause_session" => json!({}),
            _ => return None,
        })
    }
}
