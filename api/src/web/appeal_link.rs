//! `/b/{key}`: the page behind the link in an appeal's message. To look changes nothing, for some telephones fetch links by themselves.
//!
//! It shows no name, no group and no product: whoever holds the telephone may read it.

use super::one_tap::{as_html, written};
use super::verify_page::assets::STYLE;
use crate::actions::Context;
use crate::actions::appeals::by_link::{self, Offered};
use crate::actions::book::{Appointment, Bookings, Request, Wish};
use crate::actions::soonest::FoundSlot;
use crate::domain::language::Language;
use crate::error::Error;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// What was tapped.
#[derive(Deserialize)]
pub struct Tapped {
    /// One of the places that were shown.
    slot: String,
}

/// What the page shows.
#[derive(Template)]
#[template(path = "appeal_link.html")]
struct Page {
    language: Language,
    style: &'static str,
    key: String,
    /// `asked`, `booked`, or the code of what went wrong.
    state: String,
    places: Vec<Place>,
    booked: Option<Place>,
}

struct Place {
    slot: String,
    name: String,
    address: String,
    starts_at: DateTime<Utc>,
}

impl From<FoundSlot> for Place {
    fn from(FoundSlot { slot, site, .. }: FoundSlot) -> Self {
        Self { slot: slot.id, name: site.name, address: site.address, starts_at: slot.starts_at.and_utc() }
    }
}

/// Show the soonest places of an appeal to whom it asked.
pub async fn show(request: HttpRequest, context: web::Data<Context>, key: web::Path<String>) -> HttpResponse {
    let (language, key) = (Language::of(&request), key.into_inner());
    match by_link::look(&context, &key).await {
        Ok(Offered { places, .. }) => {
            let places = places.into_iter().map(Place::from).collect();
            Page { places, ..Page::new(language, key, "asked") }.respond(&mut HttpResponse::Ok())
        }
        Err(error) => refused(language, key, &error),
    }
}

/// Book one of the places by a link.
pub async fn book(
    request: HttpRequest,
    context: web::Data<Context>,
    bookings: web::Data<Bookings>,
    key: web::Path<String>,
    tapped: web::Bytes,
) -> Result<HttpResponse, Error> {
    let (language, key) = (Language::of(&request), key.into_inner());
    let Tapped { slot } = serde_urlencoded::from_bytes(&tapped)
        .map_err(|_| Error::invalid("malformed_body", "The form cannot be read."))?;
    let outcome = async {
        let offered = by_link::look(&context, &key).await?;
        let wish = Wish::Book(offered.wish(slot)?);
        bookings.submit(Request { account_id: offered.account_id, wish, key: None, at_version: None }).await
    };
    match outcome.await {
        Ok(Appointment { slot, name, address, starts_at, .. }) => {
            let booked = Some(Place { slot, name, address, starts_at });
            Ok(Page { booked, ..Page::new(language, key, "booked") }.respond(&mut HttpResponse::Ok()))
        }
        Err(error) => Ok(refused(language, key, &error)),
    }
}

fn refused(language: Language, key: String, error: &Error) -> HttpResponse {
    let status = error.status_code();
    if status.is_server_error() {
        tracing::error!(code = error.code, context = error.context, "a link could not be answered");
    }
    Page::new(language, key, error.code).respond(&mut HttpResponse::build(status))
}

impl Page {
    fn new(language: Language, key: String, state: &str) -> Self {
        let (style, state) = (STYLE.address(), state.to_owned());
        Self { language, style, key, state, places: Vec::new(), booked: None }
    }

    fn respond(&self, response: &mut actix_web::HttpResponseBuilder) -> HttpResponse {
        as_html(response, self.language, self)
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
            "asked" if self.places.is_empty() => self
                .say("目前没有空余时段，请稍后再试", "There are no free places now. Please try again later"),
            "asked" => self.say("请选择献血时间和地点", "Choose when and where to give"),
            "booked" => self.say("已预约，期待您的到来", "Booked. See you there"),
            "already_booked" => self.say("您已有预约，谢谢！", "You have a place already. Thank you!"),
            "appeal_closed" => self.say("本次招募已结束，谢谢您！", "This appeal is over. Thank you!"),
            "slot_full" => self.say("刚刚被约满，请另选时间", "Somebody was faster. Choose another time"),
            "link_unknown" => self.say("没有这个链接", "There is no such link"),
            _ => self.say(
                "暂时无法办理，请致电血站",
                "This cannot be done at the moment. Please call the station",
            ),
        }
    }
}
