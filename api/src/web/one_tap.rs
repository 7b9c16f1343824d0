//! `/a/{key}`: the page behind the link in an SMS. To look changes nothing, for some telephones fetch links by themselves.

use super::verify_page::assets::STYLE;
use crate::actions::book::{Appointment, Bookings, Request, Wish};
use crate::actions::one_tap::{self, Opened};
use crate::actions::{Context, soonest::FoundSlot};
use crate::domain::language::Language;
use crate::error::Error;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, web};
use askama::Template;
use chrono::{DateTime, Utc};
use notifications::local_time;
use serde::Deserialize;

/// Nothing from elsewhere, and nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// What was tapped.
#[derive(Deserialize)]
pub struct Tapped {
    /// `confirm` a hold, `come`, `cancel`, or `move`.
    action: String,
    /// The new slot, to move.
    #[serde(default)]
    slot: Option<String>,
}

/// What the page shows.
#[derive(Template)]
#[template(path = "one_tap.html")]
struct Page {
    language: Language,
    style: &'static str,
    key: String,
    place: String,
    address: String,
    starts_at: Option<DateTime<Utc>>,
    /// `held`, `booked`, `cancelled`, or the code of what went wrong.
    state: String,
    /// Whether something was just done.
    done: bool,
    others: Vec<Other>,
}

struct Other {
    slot: String,
    place: String,
    starts_at: DateTime<Utc>,
}

/// Show an appointment by its link, with what can be done: yes, no, another time.
pub async fn show(request: HttpRequest, context: web::Data<Context>, key: web::Path<String>) -> HttpResponse {
    let (language, key) = (Language::of(&request), key.into_inner());
    match one_tap::look(&context, &key).await {
        Ok(opened) => respond(&mut HttpResponse::Ok(), &Page::of(language, key, opened)),
        Err(error) => refused(language, key, &error),
    }
}

/// Say yes, no or another time by a link; it works once.
pub async fn answer(
    request: HttpRequest,
    context: web::Data<Context>,
    bookings: web::Data<Bookings>,
    key: web::Path<String>,
    tapped: web::Bytes,
) -> Result<HttpResponse, Error> {
    let (language, key) = (Language::of(&request), key.into_inner());
    let Tapped { action, slot } = serde_urlencoded::from_bytes(&tapped)
        .map_err(|_| Error::invalid("malformed_body", "The form cannot be read."))?;
    let outcome = async {
        let visit = one_tap::open(&context, &key).await?;
        let appointment = visit.appointment.id.clone();
        let wish = match (action.as_str(), slot) {
            ("confirm", _) => Wish::Confirm { appointment },
            ("come", _) => Wish::WillCome { appointment },
            ("cancel", _) => Wish::Cancel { appointment },
            ("move", Some(slot)) => Wish::Move { appointment, slot },
            _ => return Err(Error::invalid("malformed_body", "There is no such answer.")),
        };
        let account_id = visit.appointment.account_id.clone();
        let at_version = Some(visit.appointment.sequence);
        bookings.submit(Request { account_id, wish, key: None, at_version }).await
    };
    match outcome.await {
        Ok(appointment) => Ok(respond(&mut HttpResponse::Ok(), &Page::done(language, key, appointment))),
        Err(error) if error.code == "malformed_body" => Err(error),
        Err(error) if error.code == "changed_meanwhile" => Ok(refused(language, key, &one_tap::used())),
        Err(error) => Ok(refused(language, key, &error)),
    }
}

fn refused(language: Language, key: String, error: &Error) -> HttpResponse {
    let status = error.status_code();
    if status.is_server_error() {
        tracing::error!(code = error.code, context = error.context, "a link could not be answered");
    }
    let page = Page {
        language,
        style: STYLE.address(),
        key,
        place: String::new(),
        address: String::new(),
        starts_at: None,
        state: error.code.to_owned(),
        done: false,
        others: Vec::new(),
    };
    respond(&mut HttpResponse::build(status), &page)
}

fn respond(response: &mut HttpResponseBuilder, page: &Page) -> HttpResponse {
    as_html(response, page.language, page)
}

/// A page behind a link in a message: not kept, not framed, and its address not told.
pub(super) fn as_html(
    response: &mut HttpResponseBuilder,
    language: Language,
    page: &impl Template,
) -> HttpResponse {
    let Ok(html) = page.render() else { return HttpResponse::InternalServerError().finish() };
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_LANGUAGE, language.tag()))
        .insert_header((VARY, "accept-language"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(html)
}

/// A time as messages write it.
pub(super) fn written(at: DateTime<Utc>, language: Language) -> String {
    let language = match language {
        Language::Chinese => notifications::Language::Chinese,
        Language::English => notifications::Language::English,
    };
    local_time(at, language)
}

impl Page {
    fn of(language: Language, key: String, opened: Opened) -> Self {
        let Opened { visit, others } = opened;
        let other = |found: FoundSlot| Other {
            slot: found.slot.id,
            place: found.site.name,
            starts_at: found.slot.starts_at.and_utc(),
        };
        Self {
            language,
            style: STYLE.address(),
            key,
            place: visit.site.name,
            address: visit.site.address,
            starts_at: Some(visit.appointment.starts_at.and_utc()),
            state: visit.appointment.state,
            done: false,
            others: others.into_iter().map(other).collect(),
        }
    }

    fn done(language: Language, key: String, appointment: Appointment) -> Self {
        Self {
            language,
            style: STYLE.address(),
            key,
            place: appointment.name,
            address: appointment.address,
            starts_at: Some(appointment.starts_at),
            state: appointment.state,
            done: true,
            others: Vec::new(),
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
        match (self.state.as_str(), self.done) {
            ("held", _) => self.say("为您暂留", "Held for you"),
            ("booked", true) => self.say("已确认，期待您的到来", "Confirmed. See you there"),
            ("booked", false) => self.say("您的献血预约", "Your appointment"),
            ("cancelled", _) => self.say("已取消", "Cancelled"),
            ("link_unknown", _) => self.say("没有这个链接", "There is no such link"),
            ("link_used", _) => {
                self.say("链接已使用，或预约已变更", "This link was used, or the appointment has changed")
            }
            ("slot_full", _) => {
                self.say("刚刚被约满，请另选时间", "Somebody was faster. Choose another time")
            }
            ("too_late_to_change", _) => {
                self.say("临近开始，请致电血站", "Too late to change here. Please call the station")
            }
            ("hold_expired", _) => {
                self.say("暂留已过期，请重新预约", "The place is not held any more. Please book again")
            }
            _ => self.say(
                "暂时无法办理，请致电血站",
                "This cannot be done at the moment. Please call the station",
            ),
        }
    }
}
