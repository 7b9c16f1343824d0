//! One client's way to the servers: it sends, writes down what it was told, and tries again with the same key.

use super::history::{Appointment, Asked, Sent, Told};
use super::nodes::Nodes;
use crate::support::{Signer, now};
use serde_json::{Value, json};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Request;

/// A client that waits longer has learned nothing.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often somebody who wants to know tries.
const TRIES: usize = 200;

/// Somebody who asks for a donor.
pub(super) struct Caller<'a> {
    pub nodes: &'a Nodes<'a>,
    pub signer: &'a Signer,
    agent: Agent,
}

/// Whom something is asked for.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub account_id: String,
    pub donor_no: String,
}

/// How somebody takes it when no answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Tries again, with the same key, until there is an answer.
    Asks,
    /// Puts the telephone away.
    GivesUp,
}

impl<'a> Caller<'a> {
    pub fn new(nodes: &'a Nodes<'a>, signer: &'a Signer) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        Self { nodes, signer, agent }
    }

    /// Sends a request, first to the `wanted`th server: every sending, the last with the answer when there is one.
    pub fn ask(
        &self,
        owner: &Owner,
        key: &str,
        asked: &Asked,
        wanted: usize,
        patience: Patience,
    ) -> Vec<Sent> {
        let mut sendings = Vec::new();
        for place in 0..TRIES {
            let sent = self.send(owner, key, asked, wanted + place);
            let answered = sent.told != Told::Nothing;
            sendings.push(sent);
            if answered || patience == Patience::GivesUp {
                break;
            }
            self.nodes.wait_until_well();
        }
        sendings
    }

    /// Sends a request once.
    pub fn send(&self, owner: &Owner, key: &str, asked: &Asked, wanted: usize) -> Sent {
        let (path, body) = request(asked);
        let address = self.nodes.address(wanted);
        let request = Request::post(format!("http://{address}{path}"))
            .header("authorization", format!("Bearer {}", self.signer.access(&owner.account_id)))
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        let from = now();
        let answer = self.agent.run(request.body(body.to_string()).unwrap());
        let told = told(answer);
        Sent {
            donor_no: owner.donor_no.clone(),
            key: key.to_owned(),
            asked: asked.clone(),
            from,
            until: now(),
            told,
        }
    }

    /// The donor's active appointments, as the server shows them; `None` when it does not.
    pub fn look(&self, owner: &Owner, wanted: usize) -> Option<Vec<Appointment>> {
        let address = self.nodes.address(wanted);
        let request = Request::get(format!("http://{address}/v1/appointments"))
            .header("authorization", format!("Bearer {}", self.signer.access(&owner.account_id)));
        let mut answer = self.agent.run(request.body(()).unwrap()).ok()?;
        let list: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
        let shown = list.as_array()?.iter().filter_map(appointment);
        Some(shown.filter(|it| it.state == "held" || it.state == "booked").collect())
    }
}

fn request(asked: &Asked) -> (String, Value) {
    let of = |appointment: &str, what: &str| format!("/v1/appointments/{appointment}/{what}");
    match asked {
        Asked::Hold { slot } => ("/v1/holds".to_owned(), json!({ "slot": slot })),
        Asked::Book { slot } => ("/v1/appointments".to_owned(), json!({ "slot": slot })),
        Asked::Confirm { appointment } => (of(appointment, "confirmation"), json!({})),
        Asked::Renew { appointment } => (of(appointment, "renewal"), json!({})),
        Asked::Cancel { appointment } => (of(appointment, "cancellation"), json!({})),
        Asked::Move { appointment, slot } => (of(appointment, "move"), json!({ "slot": slot })),
    }
}

fn told(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Told {
    let Ok(mut answer) = answer else { return Told::Nothing };
    let status = answer.status().as_u16();
    let Ok(text) = answer.body_mut().read_to_string() else { return Told::Nothing };
    if status >= 500 {
        return Told::Nothing;
    }
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    match appointment(&body) {
        Some(appointment) if status < 300 => Told::Done(appointment),
        _ => Told::Refused { status, code: body["code"].as_str().unwrap_or_default().to_owned() },
    }
}

fn appointment(shown: &Value) -> Option<Appointment> {
    let text = |member: &str| Some(shown.get(member)?.as_str()?.to_owned());
    Some(Appointment {
        id: text("id")?,
        state: text("state")?,
        slot: text("slot")?,
        donor_no: text("donor_no")?,
        hold_expires_at: text("hold_expires_at").map(|end| end.parse().unwrap()),
    })
}
