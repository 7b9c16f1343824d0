//! `GET /v1/slots/soonest`: real places, near, for what one may give, from the day one may give it.

use super::auth::Donor;
use super::problem::{CallerProblems, Problem};
use crate::actions::soonest::{FoundSlot, Searches, Wish};
use crate::domain::donation::Product;
use crate::domain::place::Point;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is wished for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// Where one is: latitude and longitude in degrees, WGS 84, with a comma; anywhere when absent.
    #[serde(default)]
    near: Option<String>,
    /// How far one would go, km; 30 when absent.
    #[serde(default)]
    within_km: Option<u32>,
    /// Not before this day, Asia/Shanghai; the first day on which the rules allow it, when that is later.
    #[serde(default)]
    from: Option<NaiveDate>,
    /// How many places, at most 50; 10 when absent.
    #[serde(default)]
    limit: Option<u8>,
    /// A relative's donor number; one's own record when absent.
    #[serde(default)]
    donor_no: Option<String>,
}

/// A place that can be booked.
#[derive(Serialize, ToSchema)]
pub struct SoonestSlot {
    /// The slot's id.
    slot: String,
    starts_at: DateTime<Utc>,
    product: &'static str,
    /// Places left for everybody.
    free: i64,
    /// The site's code.
    site: String,
    name: String,
    address: String,
    /// Degrees, WGS 84.
    latitude: f64,
    /// Degrees, WGS 84.
    longitude: f64,
    /// How far it is, m.
    distance_m: Option<u64>,
}

/// The soonest places.
#[derive(Serialize, ToSchema)]
pub struct Soonest {
    /// The first day on which the rules allow it, Asia/Shanghai; absent when there is none to be seen.
    first_day: Option<NaiveDate>,
    /// By day, then by distance, then by time.
    places: Vec<SoonestSlot>,
}

/// Find the soonest places, near, for what one may give, from the day one may give it.
#[utoipa::path(
    get, path = "/v1/slots/soonest", tag = "donor", operation_id = "soonest", security(("bearer" = [])),
    params(Wanted),
    responses(
        (status = 200, description = "Real places", body = Soonest),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_record`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`malformed_query`, `unknown_product`, `not_a_place`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn soonest(
    searches: web::Data<Searches>,
    donor: Donor,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Error> {
    let wanted = wanted.into_inner();
    let product = Product::from_word(&wanted.product)
        .ok_or_else(|| Refusal::new("product", "unknown_product", "There is no such product."))?;
    let wish = Wish {
        account_id: donor.id().to_owned(),
        donor_no: wanted.donor_no,
        product,
        near: wanted.near.as_deref().map(point).transpose()?,
        within_m: f64::from(wanted.within_km.unwrap_or(30).min(20_000)) * 1_000.0,
        from: wanted.from,
        limit: usize::from(wanted.limit.unwrap_or(10).clamp(1, 50)),
    };
    let found = searches.find(wish).await?;
    let place = |found: FoundSlot| {
        let (latitude, longitude) = found.site.place().degrees();
        SoonestSlot {
            free: found.free,
            slot: found.slot.id,
            starts_at: found.slot.starts_at.and_utc(),
            product: product.as_str(),
            site: found.site.code,
            name: found.site.name,
            address: found.site.address,
            latitude,
            longitude,
            distance_m: found.distance_m,
        }
    };
    let places = found.places.into_iter().map(place).collect();
    Ok(HttpResponse::Ok().json(Soonest { first_day: found.first_day, places }))
}

fn point(text: &str) -> Result<Point, Error> {
    let parts = text.split_once(',').and_then(|(latitude, longitude)| {
        Some((latitude.trim().parse().ok()?, longitude.trim().parse().ok()?))
    });
    let (latitude, longitude) = parts
        .ok_or_else(|| Refusal::new("near", "not_a_place", "near is latitude and longitude with a comma."))?;
    Ok(Point::of_degrees(latitude, longitude)?)
}
