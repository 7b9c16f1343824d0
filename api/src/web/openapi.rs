//! The contract: generated from the handlers; `openapi.yaml` is its committed copy, and a test compares them.

use super::idempotency::{is_kept_here, takes_keys};
use super::{
    appointments, audit, booking_policy, calendar, certificates, collection_sessions, consents, donors, door,
    eligibility, family, groups, health, hospitals, me, merges, message_preferences, own_record, problem,
    questionnaire, receipts, session_changes, sessions, sign_in, sites, slots, station_appeals,
    station_donors, station_messages, station_questionnaires, station_teams, station_units, status_lists,
    teams, unit_policy, users, verification, verify, waitlist, wechat_subscriptions, well_known,
};
use crate::error::Error;
use actix_web::HttpResponse;
use std::collections::BTreeMap;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi, openapi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rexue 热血",
        description = "The donor-facing mobile backend of a blood station, and the issuer of its electronic \
            donation certificate. Every error is `application/problem+json` (RFC 9457) with a stable `code`. \
            Every answer has an `X-Request-Id`.",
        license(name = "Apache-2.0 OR MIT"),
    ),
    paths(
        verify::verify,
        certificates::qr,
        status_lists::status_list,
        well_known::jwks,
        well_known::cose_keys,
        well_known::keyset,
        receipts::kannel,
        receipts::kannel_inbound,
        receipts::aliyun,
        receipts::tencent,
        receipts::aliyun_inbound,
        receipts::tencent_inbound,
        health::healthz,
        health::readyz,
        health::metrics,
        document,
        sign_in::request_code,
        sign_in::token,
        sign_in::sign_out,
        sign_in::sign_out_everywhere,
        users::open,
        users::accept,
        sessions::list,
        sessions::end,
        me::me,
        eligibility::eligibility,
        questionnaire::show,
        questionnaire::answer,
        questionnaire::submit,
        questionnaire::pass,
        me::export,
        me::access_log,
        me::erasure,
        own_record::bind,
        own_record::register,
        consents::list,
        consents::give,
        consents::withdraw,
        family::share,
        family::join,
        family::leave,
        message_preferences::show,
        message_preferences::change,
        wechat_subscriptions::show,
        wechat_subscriptions::answer,
        family::managers,
        family::remove_manager,
        donors::donations,
        donors::certificate,
        teams::list,
        teams::enrol,
        teams::leave,
        teams::call_ups,
        teams::answer,
        station_donors::find,
        station_donors::set_sign_in_phone,
        station_donors::add_manager,
        station_questionnaires::list,
        station_questionnaires::show,
        station_questionnaires::check_pass,
        station_units::show,
        unit_policy::show,
        unit_policy::change,
        merges::list,
        merges::propose,
        merges::propose_undoing,
        merges::decide,
        slots::soonest,
        appointments::hold,
        appointments::book,
        appointments::list,
        appointments::show,
        appointments::confirm,
        appointments::renew,
        appointments::will_come,
        calendar::of_appointment,
        calendar::open_feed,
        calendar::close_feed,
        calendar::feed,
        appointments::cancel,
        appointments::move_to,
        waitlist::join,
        waitlist::list,
        waitlist::leave,
        groups::show,
        groups::counts,
        sites::list,
        sites::enter,
        sites::show,
        sites::change,
        sites::templates,
        sites::enter_template,
        sites::end_template,
        collection_sessions::list,
        collection_sessions::open,
        collection_sessions::show,
        groups::make,
        groups::list,
        groups::close,
        waitlist::counts,
        collection_sessions::pause,
        door::own::take_ticket,
        door::own::own_visit,
        door::own::return_ticket,
        door::check_in,
        door::queue,
        door::screen,
        door::collect,
        door::defer,
        door::depart,
        door::list_deferrals,
        door::lift,
        door::record_reaction,
        door::open_reactions,
        door::follow_reaction_up,
        booking_policy::show,
        booking_policy::change,
        booking_policy::forgive,
        session_changes::cancel,
        session_changes::shift,
        session_changes::unreached,
        session_changes::call,
        station_teams::list,
        station_teams::create,
        station_teams::close,
        station_teams::call_ups,
        station_teams::call_up,
        station_teams::coming,
        station_teams::end_call_up,
        station_messages::list,
        station_messages::show,
        station_messages::discard,
        station_messages::retry,
        station_messages::counts,
        station_messages::templates,
        station_messages::preview,
        station_appeals::list,
        station_appeals::open,
        station_appeals::show,
        station_appeals::close,
        audit::audit,
        users::list,
        users::invite,
        users::invite_again,
        users::disable,
        hospitals::list,
        hospitals::enter,
        hospitals::show,
        hospitals::clients,
        hospitals::register_client,
        hospitals::revoke_client,
    ),
    components(schemas(problem::Problem, verification::Verification)),
    modifiers(&Bearer, &Keys),
    tags(
        (name = "verification", description = "Is this certificate genuine, and does it still hold?"),
        (name = "certificates", description = "Certificates, by capability link."),
        (name = "trust", description = "What verifiers trust and keep: keys and status lists."),
        (name = "sign-in", description = "Who calls."),
        (name = "donor", description = "What a donor sees and does."),
        (name = "family", description = "Relatives' records, by their own word."),
        (name = "privacy", description = "What is held of a donor, for what, and who looked."),
        (name = "booking", description = "Places, held and booked."),
        (name = "schedule", description = "Where and when blood can be given."),
        (name = "door", description = "Who is at the door, and what comes of it."),
        (name = "teams", description = "Emergency teams, and calls to them."),
        (name = "appeals", description = "Urgent appeals to donors, and what they came to."),
        (name = "station", description = "For the station's staff."),
        (name = "users", description = "Users of the station and of hospitals."),
        (name = "hospitals", description = "Hospitals and their systems."),
        (name = "operation", description = "For those who run it."),
    ),
)]
struct Document;

/// The one way to say who calls: an access token of `POST /v1/auth/token`.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("An access token of `POST /v1/auth/token`; it lasts ten minutes."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// `Idempotency-Key` on every operation that takes one, and what it can come to.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut openapi::OpenApi) {
        for (path, item) in document.paths.paths.iter_mut().filter(|(path, _)| takes_keys(path)) {
            let Some(operation) = item.post.as_mut().filter(|operation| operation.security.is_some()) else {
                continue;
            };
            let key = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "The same key with the same request gets the first answer again, for two days, and nothing is done twice",
                ))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build();
            operation.parameters.get_or_insert_default().push(key.into());
            let responses = &mut operation.responses.responses;
            add_codes(responses, "422", "`key_reused`, `bad_idempotency_key`");
            if is_kept_here(path) {
                add_codes(
                    responses,
                    "409",
                    "`request_running`, `answer_lost`: of the same `Idempotency-Key`",
                );
            }
        }
    }
}

/// Says that an answer of this status has these codes, too.
fn add_codes(responses: &mut BTreeMap<String, RefOr<Response>>, status: &str, codes: &str) {
    match responses.get_mut(status) {
        Some(RefOr::T(known)) => known.description = format!("{}; {codes}", known.description),
        _ => {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response =
                ResponseBuilder::new().description(codes).content("application/problem+json", problem);
            responses.insert(status.to_owned(), response.build().into());
        }
    }
}

/// The contract as YAML.
///
/// # Errors
/// `internal`.
pub fn yaml() -> Result<String, Error> {
    Document::openapi().to_yaml().map_err(Error::internal)
}

/// Fetch this document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object, content_type = "application/json")))]
pub async fn document() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
