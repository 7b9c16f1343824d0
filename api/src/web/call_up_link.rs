//! `/t/{key}`: the page behind the link in a call-up's message. To look changes nothing, for some telephones fetch links by themselves.
//!
//! It shows no name, no group and no team: whoever holds the telephone may read it.

use super::one_tap::{as_html, written};
use super::verify_page::assets::STYLE;
use crate::actions::Context;
use crate::actions::call_ups::{OwnCallUp, by_link};
use crate::domain::call_ups::Answer;
use crate::domain::language::Language;
use crate::error::Error;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// What was tapped.
#[derive(Deserialize)]
pub struct Tapped {
    /// `come` or `stay`.
    action: String,
}

/// What the page shows.
#[derive(Template)]
#[template(path = "call_up_link.html")]
struct Page {
    language: Language,
    style: &'static str,
    key: String,
    /// `asked`, `coming`, `not_coming`, `enough`, or the code of what went wrong.
    state: String,
    place: Option<Where>,
    closes_at: Option<DateTime<Utc>>,
}

struct Where {
    name: String,
    address: String,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
}

/// Show what a call-up asks, with yes and no.
pub async fn show(request: HttpRequest, context: web::Data<Context>, key: web::Path<String>) -> HttpResponse {
    let (language, key) = (Language::of(&request), key.into_inner());
    let looked = by_link::look(&context, &key).await;
    Page::answered(language, key, looked)
}

/// Say yes or no by a link; a mind can be changed until the call-up is over.
pub async fn answer(
    request: HttpRequest,
    context: web::Data<Context>,
    key: web::Path<String>,
    tapped: web::Bytes,
) -> Result<HttpResponse, Error> {
    let (language, key) = (Language::of(&request), key.into_inner());
    let Tapped { action } = serde_urlencoded::from_bytes(&tapped)
        .map_err(|_| Error::invalid("malformed_body", "The form cannot be read."))?;
    let after = match action.as_str() {
        "come" => Answer::Coming,
        "stay" => Answer::NotComing,
        _ => return Err(Error::invalid("malformed_body", "There is no such answer.")),
    };
    let outcome = by_link::tap(&context, &key, after).await;
    Ok(Page::answered(language, key, outcome))
}

impl Page {
    fn answered(language: Language, key: String, outcome: Result<OwnCallUp, Error>) -> HttpResponse {
        let style = STYLE.address();
        match outcome {
            Ok(OwnCallUp { asked, place }) => {
                let enough = asked.call_up.coming >= asked.call_up.needed && asked.answer.state != "coming";
                let place = place.map(|place| Where {
                    name: place.name,
                    address: place.address,
                    opens_at: place.opens_at.and_utc(),
                    closes_at: place.closes_at.and_utc(),
                });
                let state = if enough { "enough".to_owned() } else { asked.answer.state };
                let closes_at = Some(asked.call_up.closes_at.and_utc());
                let page = Self { language, style, key, state, place, closes_at };
                as_html(&mut HttpResponse::Ok(), language, &page)
            }
            Err(error) => {
                let status = error.status_code();
                if status.is_server_error() {
                    tracing::error!(
                        code = error.code,
                        context = error.context,
                        "a link could not be answered"
                    );
                }
                let state = error.code.to_owned();
                let page = Self { language, style, key, state, place: None, closes_at: None };
                as_html(&mut HttpResponse::build(status), language, &page)
            }
        }
    }

    fn say(&self, chinese: &'static str, english: &'static str) -> &'static str {
        match self.language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }

    fn time(&self, at: &DateTime<Utc>) -> String {
        written(*at, self.language)
    }

    fn headline(&self) -> &'static str {
        match self.state.as_str() {
            "asked" => {
                self.say("血站现急需您的帮助，您能前来吗？", "The station needs your help now. Can you come?")
            }
            "coming" => self.say("谢谢您！我们等您前来", "Thank you! We are expecting you"),
            "not_coming" => self.say("已记录：您这次不能前来", "Noted: you cannot come this time"),
            "enough" | "enough_are_coming" => {
                self.say("人数已够，谢谢您！", "Enough donors are coming. Thank you!")
            }
            "call_up_closed" => self.say(
                "本次召集已结束。如不能按约前来，请致电血站",
                "This call is over. If you cannot come as you said, please call the station",
            ),
            "link_unknown" => self.say("没有这个链接", "There is no such link"),
            _ => self.say(
                "暂时无法办理，请致电血站",
                "This cannot be done at the moment. Please call the station",
            ),
        }
    }

    fn may_come(&self) -> bool {
        ["asked", "not_coming"].contains(&self.state.as_str())
    }

    fn may_stay(&self) -> bool {
        ["asked", "coming"].contains(&self.state.as_str())
    }
}
