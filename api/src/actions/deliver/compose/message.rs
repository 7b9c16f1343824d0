//! What a queued message says, as things stand when it is sent.

use crate::actions::sign_in::CODE_LIFETIME;
use crate::actions::{Context, call_ups, invite};
use crate::domain::call_ups::Stage;
use crate::error::Error;
use crate::links;
use crate::store::Db;
use crate::store::appointments::{self, Visit};
use crate::store::call_ups as store;
use crate::store::outbox::OutboxRow;
use notifications::{AppointmentEvent, AppointmentNews, CallUp, Language, Message, SignInCode, Thanks};
use serde::Deserialize;

/// What a message says.
pub(super) struct Said {
    pub message: Message,
    /// The appointment that it is about.
    pub visit: Option<Visit>,
}

/// What a queued sign-in code says.
#[derive(Deserialize)]
struct Code {
    code: String,
    language: String,
}

/// What a sign-in code's message says, and in which language.
///
/// # Errors
/// `internal` when it does not open, or is of a kind that no code of ours wrote.
pub(super) fn code(context: &Context, row: &OutboxRow) -> Result<(Message, Language), Error> {
    if row.kind != "sign_in_code" {
        return Err(Error::internal("a message of a kind that does not exist"));
    }
    let content = row.content(&context.vault)?;
    let Code { code, language } =
        serde_json::from_str(&content).map_err(|_| Error::internal("a message that cannot be read"))?;
    let (language, station) = match language.as_str() {
        "en" => (Language::English, &context.station.name_en),
        _ => (Language::Chinese, &context.station.name),
    };
    let minutes = u32::try_from(CODE_LIFETIME.num_minutes()).unwrap_or(0);
    Ok((Message::SignInCode(SignInCode { station: station.clone(), code, minutes }), language))
}

/// What a message about something in the database says, unless what it tells is over.
///
/// # Errors
/// Failures of the database.
pub(super) fn of(context: &Context, db: &mut Db, row: &OutboxRow) -> Result<Option<Said>, Error> {
    let Some(subject) = &row.subject else { return Ok(None) };
    let alone = |message| Said { message, visit: None };
    let station = context.station.name.clone();
    if row.kind == "thanks" {
        return Ok(Some(alone(Message::Thanks(Thanks { station, certificate: row.version > 0 }))));
    }
    if row.kind == call_ups::MESSAGE {
        return Ok(call_up(context, db, row, subject)?.map(alone));
    }
    if invite::KINDS.contains(&row.kind.as_str()) {
        return Ok(invite::message(context, db, row, subject)?.map(alone));
    }
    let Some(visit) = appointments::visit(db, subject)? else { return Ok(None) };
    if visit.appointment.sequence != row.version {
        return Ok(None);
    }
    let replaced = match &visit.appointment.replaces {
        Some(id) => appointments::visit(db, id)?,
        None => None,
    };
    let news = news(context, &row.kind, &visit, replaced.as_ref())?;
    // A hold is in no calendar; the appointment in whose place it is offered is.
    let firm = Some(visit).filter(|visit| visit.appointment.state != "held").or(replaced);
    Ok(news.map(|news| Said { message: Message::Appointment(news), visit: firm }))
}

/// A call to a member of an emergency team, while somebody is looked for and the member has not answered.
fn call_up(context: &Context, db: &mut Db, row: &OutboxRow, answer: &str) -> Result<Option<Message>, Error> {
    let call_up = store::waited(db, answer)?.filter(|call_up| {
        call_up.version == row.version && call_up.standing().stage(context.clock.now()) == Stage::Open
    });
    let (station, link) = (context.station.name.clone(), links::call_up::url(context, answer)?);
    Ok(call_up.map(|_| Message::CallUp(CallUp { station, link })))
}

/// What a kind of message says about an appointment in the state that it is in; `None` when that makes no sense.
fn news(
    context: &Context,
    kind: &str,
    visit: &Visit,
    replaced: Option<&Visit>,
) -> Result<Option<AppointmentNews>, Error> {
    let place = |visit: &Visit| notifications::Visit {
        place: visit.site.name.clone(),
        starts_at: visit.appointment.starts_at.and_utc(),
    };
    let appointment = &visit.appointment;
    let (what, told) = match (kind, appointment.state.as_str()) {
        ("appointment_booked", "booked") => (AppointmentEvent::Booked, visit),
        ("appointment_moved", "booked") => (AppointmentEvent::Moved, visit),
        ("appointment_cancelled", "cancelled") => (AppointmentEvent::Cancelled, visit),
        ("reminder", "booked") => (AppointmentEvent::Near, visit),
        ("session_moved", "booked") => (AppointmentEvent::SessionMoved, visit),
        ("session_cancelled", "cancelled") => (AppointmentEvent::SessionCancelled(None), visit),
        ("session_cancelled", "held") => {
            let Some(replaced) = replaced else { return Ok(None) };
            (AppointmentEvent::SessionCancelled(Some(place(visit))), replaced)
        }
        ("place_offered", "held") => {
            let Some(until) = appointment.hold_expires_at else { return Ok(None) };
            (AppointmentEvent::Offered(until.and_utc()), visit)
        }
        _ => return Ok(None),
    };
    let link = match what {
        AppointmentEvent::Cancelled => String::new(),
        _ => links::appointment::url(context, &appointment.id, appointment.sequence)?,
    };
    Ok(Some(AppointmentNews { station: context.station.name.clone(), what, visit: place(told), link }))
}
