//! `/v1/station/sessions/{session}/visits`, `/v1/station/visits`: what happens at the door.

mod forms;
pub(super) mod own;

pub use forms::*;

use super::auth::{Staff, needs};
use super::body::Json;
use super::problem::{BodyProblems, CallerProblems, Problem};
use super::verification::award_word;
use crate::actions::door::{self, NewDeferral, NewDonation};
use crate::actions::{Context, reactions};
use crate::domain::donation::Product;
use crate::domain::refusal::Refusal;
use crate::domain::{awards, screening};
use crate::error::Error;
use actix_web::{HttpResponse, web};

/// Reactions that are shown at once.
const PAGE: i64 = 200;

/// The product of a word.
pub(super) fn product(word: &str) -> Result<Product, Error> {
    let product = Product::from_word(word);
    product.ok_or_else(|| Refusal::new("product", "unknown_product", "There is no such product.").into())
}

/// Check somebody in, by donor number, appointment, or certificate.
#[utoipa::path(
    post, path = "/v1/station/sessions/{session}/visits", tag = "door", operation_id = "check_in",
    security(("bearer" = [])), request_body = CheckIn,
    params(("session" = String, Path, description = "The session's id")),
    responses(
        (status = 201, description = "In the queue", body = Visit),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_today`, `session_cancelled`, `not_eligible`, `already_here`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn check_in(
    context: web::Data<Context>,
    staff: Staff<needs::WorkAtTheDoor>,
    session: web::Path<String>,
    Json(request): Json<CheckIn>,
) -> Result<HttpResponse, Error> {
    let product = request.product.as_deref().map(product).transpose()?;
    let acting = staff.acting(&context);
    let visit = door::check_in(&acting, session.into_inner(), request.code, product).await?;
    Ok(HttpResponse::Created().json(Visit::from(visit)))
}

/// Show who waits at a session, in the order of their turns.
#[utoipa::path(
    get, path = "/v1/station/sessions/{session}/visits", tag = "door", operation_id = "queue",
    security(("bearer" = [])),
    params(("session" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "Who is next comes first", body = [InQueue]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn queue(
    context: web::Data<Context>,
    _staff: Staff<needs::WorkAtTheDoor>,
    session: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let queue = context.pool.read(move |db| door::queue(db, &session)).await?;
    Ok(HttpResponse::Ok().json(queue.into_iter().map(InQueue::from).collect::<Vec<_>>()))
}

/// Write down what was measured; the rule pack says whether the donor may give.
#[utoipa::path(
    post, path = "/v1/station/visits/{visit}/screening", tag = "door", operation_id = "screen",
    security(("bearer" = [])), request_body = ScreeningRequest,
    params(("visit" = String, Path, description = "The visit's id")),
    responses(
        (status = 200, description = "Whether the donor may give, and what lies outside the limits", body = Screening),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`wrong_state`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn screen(
    context: web::Data<Context>,
    staff: Staff<needs::WorkAtTheDoor>,
    visit: web::Path<String>,
    Json(request): Json<ScreeningRequest>,
) -> Result<HttpResponse, Error> {
    let measured = screening::Measured::from(request);
    let screened = door::screen(&staff.acting(&context), visit.into_inner(), measured).await?;
    Ok(HttpResponse::Ok().json(Screening::from(screened)))
}

/// Record a donation: history, totals and certificate move together.
#[utoipa::path(
    post, path = "/v1/station/visits/{visit}/donation", tag = "door", operation_id = "collect",
    security(("bearer" = [])), request_body = DonationRequest,
    params(("visit" = String, Path, description = "The visit's id")),
    responses(
        (status = 200, description = "Recorded; the same request again gets the same answer", body = Recorded),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`wrong_state`, `donation_no_taken`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn collect(
    context: web::Data<Context>,
    staff: Staff<needs::WorkAtTheDoor>,
    visit: web::Path<String>,
    Json(request): Json<DonationRequest>,
) -> Result<HttpResponse, Error> {
    let donation = NewDonation {
        product: product(&request.product)?,
        donation_no: request.donation_no,
        volume_ml: request.volume_ml,
        units: request.units,
    };
    let collected = door::collect(&staff.acting(&context), visit.into_inner(), donation).await?;
    let counts_hundredths = awards::counts_hundredths(&collected.totals);
    Ok(HttpResponse::Ok().json(Recorded {
        donation_no: collected.donation_no,
        whole_blood_ml: collected.totals.whole_blood_ml,
        donations: collected.totals.donations,
        platelet_units: collected.totals.platelet_units,
        award: award_word(awards::reached(counts_hundredths)),
        certificate_no: collected.certificate_no,
    }))
}

/// Ask a donor to wait: nothing is collected.
#[utoipa::path(
    post, path = "/v1/station/visits/{visit}/deferral", tag = "door", operation_id = "defer",
    security(("bearer" = [])), request_body = DeferralRequest,
    params(("visit" = String, Path, description = "The visit's id")),
    responses(
        (status = 201, description = "Written down; it counts in the donor's eligibility from now on", body = Entered),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`wrong_state`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn defer(
    context: web::Data<Context>,
    staff: Staff<needs::WorkAtTheDoor>,
    visit: web::Path<String>,
    Json(DeferralRequest { rule, until }): Json<DeferralRequest>,
) -> Result<HttpResponse, Error> {
    let id = door::defer(&staff.acting(&context), visit.into_inner(), NewDeferral { rule, until }).await?;
    Ok(HttpResponse::Created().json(Entered { id }))
}

/// Write down that somebody went without giving, by their own wish.
#[utoipa::path(
    post, path = "/v1/station/visits/{visit}/departure", tag = "door", operation_id = "depart",
    security(("bearer" = [])),
    params(("visit" = String, Path, description = "The visit's id")),
    responses(
        (status = 204, description = "Written down"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`wrong_state`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn depart(
    context: web::Data<Context>,
    staff: Staff<needs::WorkAtTheDoor>,
    visit: web::Path<String>,
) -> Result<HttpResponse, Error> {
    door::leave(&staff.acting(&context), visit.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List a donor's deferrals.
#[utoipa::path(
    get, path = "/v1/station/donors/{donor_no}/deferrals", tag = "door", operation_id = "deferrals",
    security(("bearer" = [])),
    params(("donor_no" = String, Path, description = "The donor's number")),
    responses(
        (status = 200, description = "The newest first", body = [Deferral]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn list_deferrals(
    context: web::Data<Context>,
    staff: Staff<needs::DecideDeferrals>,
    donor_no: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let found = door::deferrals_of(&staff.acting(&context), donor_no.into_inner()).await?;
    Ok(HttpResponse::Ok().json(found.into_iter().map(Deferral::from).collect::<Vec<_>>()))
}

/// Lift a deferral.
#[utoipa::path(
    post, path = "/v1/station/deferrals/{deferral}/lifting", tag = "door", operation_id = "lift_deferral",
    security(("bearer" = [])),
    params(("deferral" = String, Path, description = "The deferral's id")),
    responses(
        (status = 204, description = "It does not count any more"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn lift(
    context: web::Data<Context>,
    staff: Staff<needs::DecideDeferrals>,
    deferral: web::Path<String>,
) -> Result<HttpResponse, Error> {
    door::lift(&staff.acting(&context), deferral.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Write an adverse reaction down.
#[utoipa::path(
    post, path = "/v1/station/donations/{donation_no}/reactions", tag = "door", operation_id = "record_reaction",
    security(("bearer" = [])), request_body = ReactionRequest,
    params(("donation_no" = String, Path, description = "The donation's number")),
    responses(
        (status = 201, description = "Somebody is to ask on the day that the list of open ones says", body = Entered),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn record_reaction(
    context: web::Data<Context>,
    staff: Staff<needs::WorkAtTheDoor>,
    donation_no: web::Path<String>,
    Json(request): Json<ReactionRequest>,
) -> Result<HttpResponse, Error> {
    let severity = reactions::Severity::from_word(&request.severity).ok_or_else(|| {
        Refusal::new("severity", "unknown_severity", "A reaction is mild, moderate or severe.")
    })?;
    let note = request.checked_note()?;
    let id = reactions::record(&staff.acting(&context), donation_no.into_inner(), severity, note).await?;
    Ok(HttpResponse::Created().json(Entered { id }))
}

/// List adverse reactions after which nobody has asked yet.
#[utoipa::path(
    get, path = "/v1/station/reactions", tag = "door", operation_id = "open_reactions", security(("bearer" = [])),
    responses((status = 200, description = "By the day on which somebody is to ask; at most 200", body = [Reaction]), CallerProblems)
)]
pub async fn open_reactions(
    context: web::Data<Context>,
    staff: Staff<needs::FollowReactions>,
) -> Result<HttpResponse, Error> {
    let rows = reactions::open(&staff.acting(&context), PAGE).await?;
    let shown: Vec<Reaction> =
        rows.iter().map(|row| Reaction::open(row, &context.vault)).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(shown))
}

/// Write down that somebody asked how the donor is.
#[utoipa::path(
    post, path = "/v1/station/reactions/{reaction}/follow-up", tag = "door", operation_id = "follow_reaction_up",
    security(("bearer" = [])), request_body = FollowUp,
    params(("reaction" = String, Path, description = "The reaction's id")),
    responses(
        (status = 204, description = "Written down"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn follow_reaction_up(
    context: web::Data<Context>,
    staff: Staff<needs::FollowReactions>,
    reaction: web::Path<String>,
    Json(FollowUp { outcome }): Json<FollowUp>,
) -> Result<HttpResponse, Error> {
    let recovery = reactions::Recovery::from_word(&outcome).ok_or_else(|| {
        Refusal::new("outcome", "unknown_outcome", "A donor has recovered, or was referred to a doctor.")
    })?;
    reactions::follow_up(&staff.acting(&context), reaction.into_inner(), recovery).await?;
    Ok(HttpResponse::NoContent().finish())
}
