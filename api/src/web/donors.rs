//! `/v1/donors/{donor_no}`: a donor's record, for the donor and for relatives who may see it.

use super::auth::Donor;
use super::problem::{CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::donors::{Viewer, seen};
use crate::actions::units::{JourneyView, Journeys};
use crate::error::Error;
use crate::links;
use crate::store::{certificates, donations, statuses};
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A donation.
#[derive(Serialize, ToSchema)]
pub struct DonationView {
    donation_no: String,
    collected_at: DateTime<Utc>,
    /// The station's code of the site.
    site_code: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: &'static str,
    /// The collected volume, ml.
    volume_ml: u32,
    /// Therapeutic units of platelets.
    units: u32,
    /// `donated`, `deferred` or `incomplete`.
    outcome: &'static str,
    /// For the donor's own eyes: a relative is shown nothing here.
    #[serde(flatten)]
    became: JourneyView,
}

/// List a donor's donations, the newest first.
#[utoipa::path(
    get, path = "/v1/donors/{donor_no}/donations", tag = "donor", operation_id = "donations",
    security(("bearer" = [])),
    params(("donor_no" = String, Path, description = "One's own donor number, or a relative's")),
    responses(
        (status = 200, description = "Donations", body = [DonationView]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn donations(
    context: web::Data<Context>,
    donor: Donor,
    donor_no: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let now = context.clock.now();
    let acting = donor.acting(&context);
    let list = seen(&acting, donor.id().to_owned(), donor_no.into_inner(), move |db, id, viewer| {
        let mut rows = donations::of_donors(db, &[id])?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.collected_at));
        let own = rows.iter().filter(|_| viewer == Viewer::Donor).map(|row| row.donation_no.as_str());
        let journeys = Journeys::load(db, own, now)?;
        rows.into_iter()
            .map(|row| {
                let collection = row.collection()?;
                Ok(DonationView {
                    became: journeys.of(&row.donation_no),
                    donation_no: row.donation_no,
                    collected_at: collection.collected_at,
                    site_code: row.site_code,
                    product: collection.product.as_str(),
                    volume_ml: collection.volume_ml,
                    units: collection.units,
                    outcome: collection.outcome.as_str(),
                })
            })
            .collect::<Result<Vec<_>, Error>>()
    });
    Ok(HttpResponse::Ok().json(list.await?))
}

/// A donor's newest certificate.
#[derive(Serialize, ToSchema)]
pub struct CertificateView {
    /// The certificate's number (GB/T 36904).
    certificate_no: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// `valid`, `suspended` or `revoked`.
    status: String,
    /// The text of the QR code, for showing it without a network.
    text: String,
    /// The QR code's picture, for whoever holds the link.
    qr: String,
}

/// Show a donor's newest certificate.
#[utoipa::path(
    get, path = "/v1/donors/{donor_no}/certificate", tag = "donor", operation_id = "certificate",
    security(("bearer" = [])),
    params(("donor_no" = String, Path, description = "One's own donor number, or a relative's")),
    responses(
        (status = 200, description = "The certificate", body = CertificateView),
        (status = 404, description = "`not_found`, `no_certificate`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_signed_yet`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn certificate(
    context: web::Data<Context>,
    donor: Donor,
    donor_no: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let acting = donor.acting(&context);
    let newest = seen(&acting, donor.id().to_owned(), donor_no.into_inner(), |db, id, _| {
        let Some(row) = certificates::of_donor(db, id)?.into_iter().next() else { return Ok(None) };
        let status = statuses::of_certificate(db, &row.certificate_no)?.map(|row| row.status);
        Ok(Some((row, status)))
    });
    let (row, status) = newest.await?.ok_or_else(|| {
        Error::new(crate::error::Kind::NotFound, "no_certificate", "There is no certificate yet.")
    })?;
    Ok(HttpResponse::Ok().json(CertificateView {
        text: row.token()?,
        qr: links::certificate(&context, &row)?,
        issued_at: row.issued_at.and_utc(),
        expires_at: row.expires_at.and_utc(),
        status: status.unwrap_or_else(|| "valid".to_owned()),
        certificate_no: row.certificate_no,
    }))
}
