//! `GET /v1/me/eligibility`: when may I give?

use super::auth::Donor;
use super::problem::{CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::eligibility::facts;
use crate::clock::day_in_china;
use crate::domain::donation::Product;
use crate::domain::eligibility::{Answer, Block, Cause, assess};
use crate::error::Error;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Whom and which day it is about.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// The day, Asia/Shanghai; today when absent.
    #[serde(default)]
    on: Option<NaiveDate>,
    /// A relative's donor number; one's own record when absent.
    #[serde(default)]
    donor_no: Option<String>,
}

/// What the rules say of one product.
#[derive(Serialize, ToSchema)]
pub struct Eligibility {
    /// `whole_blood` or `apheresis_platelets`.
    product: &'static str,
    /// The day that was asked about, Asia/Shanghai.
    on: NaiveDate,
    /// Whether the rules allow that day. The doctor on site decides.
    eligible: bool,
    /// The first possible day from then on; absent when there is none to be seen.
    first_day: Option<NaiveDate>,
    /// The rule pack in force on that day.
    rule_pack: String,
    /// What stands in the way of that day.
    blocks: Vec<Blocked>,
}

/// Why a day is not possible.
#[derive(Serialize, ToSchema)]
pub struct Blocked {
    /// `age.min`, `interval.whole_blood.whole_blood`, `maximum.apheresis_platelets.donations`, `deferral`, …
    rule: String,
    /// The clause behind it.
    clause: String,
    /// The donation that blocks, when one does.
    donation_no: Option<String>,
    /// The appointment that blocks, when it is a donation that is planned.
    appointment: Option<String>,
    /// Its day, or the date of birth.
    because_of: Option<NaiveDate>,
    /// The first day on which this does not block any more; absent when there is none.
    until: Option<NaiveDate>,
}

impl From<Block> for Blocked {
    fn from(block: Block) -> Self {
        let (donation_no, appointment, because_of) = match block.because_of {
            Cause::Donation(number, day) => (Some(number), None, Some(day)),
            Cause::Planned(appointment, day) => (None, Some(appointment), Some(day)),
            Cause::Birth(day) => (None, None, Some(day)),
            Cause::Deferral => (None, None, None),
        };
        let Block { rule, clause, until, .. } = block;
        Self { rule, clause, donation_no, appointment, because_of, until }
    }
}

/// Show when a donor may give, and what stands in the way.
#[utoipa::path(
    get, path = "/v1/me/eligibility", tag = "donor", operation_id = "eligibility", security(("bearer" = [])),
    params(Question),
    responses(
        (status = 200, description = "For each product", body = [Eligibility]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_record`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`malformed_query`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn eligibility(
    context: web::Data<Context>,
    donor: Donor,
    question: web::Query<Question>,
) -> Result<HttpResponse, Error> {
    let Question { on, donor_no } = question.into_inner();
    let on = on.unwrap_or_else(|| day_in_china(context.clock.now()));
    let account_id = donor.id().to_owned();
    let facts = context.pool.read(move |db| facts(db, &account_id, donor_no.as_deref())).await?;
    let answers = Product::ALL.iter().map(|product| {
        let Answer { on, pack, blocks, first_day } = assess(&context.rules, &facts, *product, on);
        Eligibility {
            product: product.as_str(),
            on,
            eligible: blocks.is_empty(),
            first_day,
            rule_pack: pack,
            blocks: blocks.into_iter().map(Blocked::from).collect(),
        }
    });
    Ok(HttpResponse::Ok().json(answers.collect::<Vec<_>>()))
}
