//! Donors who answer the questions before a donation.

use super::callers::Caller;
use super::people::Town;
use super::server::{Answer, Server};
use super::station::Station;
use serde_json::{Map, Value, json};

const ANSWERS: &str = "/v1/me/questionnaire/answers";

impl Station {
    /// T0001, a man, and T0002, a woman, who let their health data be used.
    #[track_caller]
    pub fn two_donors(&self, server: &Server) -> [Caller; 2] {
        self.import(&Town::of(2));
        let donors = self.crowd(&["T0001".to_owned(), "T0002".to_owned()]);
        let callers: Vec<Caller> = donors.into_iter().map(|donor| donor.caller).collect();
        callers.iter().for_each(|caller| server.consent_to_health_data(caller));
        callers.try_into().unwrap()
    }
}

impl Server {
    /// Gives the consent to health data.
    #[track_caller]
    pub fn consent_to_health_data(&self, caller: &Caller) {
        let consent = json!({ "purpose": "health_data", "text_version": "1", "given_from": "mini_program" });
        self.send(caller, "/v1/me/consents", consent).with_status(201);
    }

    /// A request with `If-Match`.
    #[track_caller]
    pub fn call_if_match(
        &self,
        caller: &Caller,
        method: &str,
        path: &str,
        tag: &str,
        body: Option<&Value>,
    ) -> Answer {
        let bearer = format!("Bearer {}", caller.access);
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-match", tag)];
        let body = body.map(ToString::to_string).unwrap_or_default();
        self.request(method, path, &headers, body.as_bytes())
    }

    /// Puts a draft in the place of the one that `tag` names.
    #[track_caller]
    pub fn put_answers(&self, caller: &Caller, tag: &str, draft: &Value) -> Answer {
        self.call_if_match(caller, "PUT", ANSWERS, tag, Some(draft))
    }

    /// Answers question after question: as `answers` says, and otherwise with no, or the first choice. The last draft's
    /// tag.
    #[track_caller]
    pub fn fill_in(&self, caller: &Caller, product: &str, answers: &[(&str, &str)]) -> String {
        let mut read = self.read(caller, "/v1/me/questionnaire").with_status(200);
        let mut given = Map::new();
        loop {
            let asked = read.json();
            for question in asked["questions"].as_array().unwrap() {
                let id = question["id"].as_str().unwrap();
                let special = answers.iter().find(|(known, _)| *known == id).map(|(_, answer)| json!(answer));
                let answer = special.unwrap_or_else(|| match question["kind"].as_str().unwrap() {
                    "yes_no" => json!("no"),
                    "choice" => question["choices"][0]["id"].clone(),
                    kind => panic!("nobody says what answers {id}, a {kind}"),
                });
                given.insert(id.to_owned(), answer);
            }
            let tag = read.header("etag").to_owned();
            let draft =
                json!({ "questionnaire": asked["questionnaire"], "product": product, "answers": given });
            read = self.put_answers(caller, &tag, &draft).with_status(200);
            if read.json()["complete"] == true {
                return read.header("etag").to_owned();
            }
        }
    }

    /// Submits the draft that `tag` names.
    #[track_caller]
    pub fn submit(&self, caller: &Caller, tag: &str) -> Answer {
        self.call_if_match(caller, "POST", "/v1/me/questionnaire/submission", tag, None)
    }

    /// Answers the questions, and submits them: what it came to.
    #[track_caller]
    pub fn questionnaire(&self, caller: &Caller, product: &str, answers: &[(&str, &str)]) -> Value {
        let tag = self.fill_in(caller, product, answers);
        self.submit(caller, &tag).with_status(201).json()
    }
}
