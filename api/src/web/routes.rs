//! All routes.

use super::{
    appeal_link, appointments, audit, booking_policy, calendar, call_up_link, certificates,
    collection_sessions, consents, donors, door, eligibility, family, groups, health, hospitals, me, merges,
    message_preferences, one_tap, openapi, own_record, problem, questionnaire, receipts, session_changes,
    sessions, sign_in, sites, slots, station_appeals, station_donors, station_messages,
    station_questionnaires, station_teams, station_units, status_lists, teams, unit_policy, users, verify,
    verify_page, waitlist, wechat_subscriptions, well_known,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder, Route};

/// Every address that the server answers to, on one screen.
pub(super) fn all(app: &mut ServiceConfig) {
    app.service(post("/v1/verify", verify::verify))
        .service(get("/v1/certificates/{certificate_no}/qr.{format}", certificates::qr))
        .service(get("/status/{list}", status_lists::status_list))
        .service(get("/.well-known/jwks.json", well_known::jwks))
        .service(get("/.well-known/cose-keys", well_known::cose_keys))
        .service(get("/.well-known/xue-keyset", well_known::keyset))
        .service(get("/openapi.json", openapi::document))
        .service(get("/healthz", health::healthz))
        .service(get("/readyz", health::readyz))
        .service(get("/metrics", health::metrics))
        .configure(sign_in_routes)
        .configure(donor_routes)
        .configure(staff_routes)
        .service(get("/call-ups", teams::where_to_answer))
        .service(get("/book", appointments::where_to_book))
        .service(get_and_post("/u/{key}", message_preferences::ask, message_preferences::unsubscribe))
        .service(get("/v1/receipts/kannel", receipts::kannel))
        .service(get("/v1/inbound/kannel", receipts::kannel_inbound))
        .service(post("/v1/receipts/aliyun/{token}", receipts::aliyun))
        .service(post("/v1/receipts/tencent/{token}", receipts::tencent))
        .service(post("/v1/inbound/aliyun/{token}", receipts::aliyun_inbound))
        .service(post("/v1/inbound/tencent/{token}", receipts::tencent_inbound))
        .configure(verify_page::routes)
        .default_service(web::to(problem::nothing_here));
}

fn sign_in_routes(app: &mut ServiceConfig) {
    app.service(post("/v1/auth/otp", sign_in::request_code))
        .service(post("/v1/auth/token", sign_in::token))
        .service(post("/v1/auth/sign-out", sign_in::sign_out))
        .service(post("/v1/auth/sign-out-everywhere", sign_in::sign_out_everywhere))
        .service(post("/v1/auth/invitations/open", users::open))
        .service(post("/v1/auth/invitations/accept", users::accept))
        .service(get("/v1/me/sessions", sessions::list))
        .service(delete("/v1/me/sessions/{session}", sessions::end));
}

fn donor_routes(app: &mut ServiceConfig) {
    app.service(get("/v1/me", me::me))
        .service(get("/v1/me/eligibility", eligibility::eligibility))
        .service(post("/v1/holds", appointments::hold))
        .service(get_and_post("/v1/appointments", appointments::list, appointments::book))
        .service(get("/v1/appointments/{appointment}", appointments::show))
        .service(post("/v1/appointments/{appointment}/confirmation", appointments::confirm))
        .service(post("/v1/appointments/{appointment}/renewal", appointments::renew))
        .service(post("/v1/appointments/{appointment}/attendance", appointments::will_come))
        .service(get("/v1/appointments/{appointment}/calendar", calendar::of_appointment))
        .service(post_and_delete("/v1/me/calendar-feed", calendar::open_feed, calendar::close_feed))
        .service(get("/calendar/{token}.ics", calendar::feed))
        .service(get_and_post("/a/{key}", one_tap::show, one_tap::answer))
        .service(get_and_post("/b/{key}", appeal_link::show, appeal_link::book))
        .service(get_and_post("/t/{key}", call_up_link::show, call_up_link::answer))
        .service(post("/v1/appointments/{appointment}/cancellation", appointments::cancel))
        .service(post("/v1/appointments/{appointment}/move", appointments::move_to))
        .service(own_visit_routes())
        .service(get_and_post("/v1/me/waitlist", waitlist::list, waitlist::join))
        .service(delete("/v1/me/waitlist/{entry}", waitlist::leave))
        .service(get("/v1/groups/{code}", groups::show))
        .service(get("/v1/group-counts/{key}", groups::counts))
        .service(get("/v1/slots/soonest", slots::soonest))
        .service(get("/v1/me/questionnaire", questionnaire::show))
        .service(put("/v1/me/questionnaire/answers", questionnaire::answer))
        .service(post("/v1/me/questionnaire/submission", questionnaire::submit))
        .service(get("/v1/me/questionnaire/pass", questionnaire::pass))
        .service(get("/v1/me/export", me::export))
        .service(get("/v1/me/access-log", me::access_log))
        .service(post("/v1/me/erasure", me::erasure))
        .service(post("/v1/me/donor", own_record::bind))
        .service(post("/v1/me/registration", own_record::register))
        .service(get_and_post("/v1/me/consents", consents::list, consents::give))
        .service(delete("/v1/me/consents/{purpose}", consents::withdraw))
        .service(post("/v1/me/sharing-codes", family::share))
        .service(post("/v1/me/family", family::join))
        .service(delete("/v1/me/family/{donor_no}", family::leave))
        .service(get_and_put(
            "/v1/me/message-preferences",
            message_preferences::show,
            message_preferences::change,
        ))
        .service(get_and_post(
            "/v1/me/wechat-subscriptions",
            wechat_subscriptions::show,
            wechat_subscriptions::answer,
        ))
        .service(get("/v1/me/managers", family::managers))
        .service(delete("/v1/me/managers/{manager}", family::remove_manager))
        .service(get("/v1/me/teams", teams::list))
        .service(post_and_delete("/v1/me/teams/{team}/membership", teams::enrol, teams::leave))
        .service(get("/v1/me/call-ups", teams::call_ups))
        .service(put("/v1/me/call-ups/{call_up}/answer", teams::answer))
        .service(get("/v1/donors/{donor_no}/donations", donors::donations))
        .service(get("/v1/donors/{donor_no}/certificate", donors::certificate));
}

fn staff_routes(app: &mut ServiceConfig) {
    app.service(post("/v1/station/donors/search", station_donors::find))
        .service(put("/v1/station/donors/{donor_no}/sign-in-phone", station_donors::set_sign_in_phone))
        .service(post("/v1/station/donors/{donor_no}/managers", station_donors::add_manager))
        .service(get("/v1/station/donors/{donor_no}/questionnaires", station_questionnaires::list))
        .service(get("/v1/station/questionnaires/{questionnaire}", station_questionnaires::show))
        .service(get("/v1/station/passes/{code}", station_questionnaires::check_pass))
        .service(get("/v1/station/units/{unit_no}", station_units::show))
        .service(get_and_put("/v1/station/unit-policy", unit_policy::show, unit_policy::change))
        .service(get_and_post("/v1/station/merges", merges::list, merges::propose))
        .service(post("/v1/station/merges/{merge}/reversal", merges::propose_undoing))
        .service(post("/v1/station/merges/{merge}/decision", merges::decide))
        .service(get_and_post("/v1/station/sites", sites::list, sites::enter))
        .service(get_and_put("/v1/station/sites/{site}", sites::show, sites::change))
        .service(get_and_post("/v1/station/sites/{site}/templates", sites::templates, sites::enter_template))
        .service(delete("/v1/station/sites/{site}/templates/{template}", sites::end_template))
        .service(get_and_post("/v1/station/sessions", collection_sessions::list, collection_sessions::open))
        .service(get("/v1/station/sessions/{session}", collection_sessions::show))
        .service(get_and_post("/v1/station/sessions/{session}/groups", groups::list, groups::make))
        .service(delete("/v1/station/groups/{group}", groups::close))
        .service(get("/v1/station/waitlist", waitlist::counts))
        .service(get_and_put("/v1/station/booking-policy", booking_policy::show, booking_policy::change))
        .service(post("/v1/station/donors/{donor_no}/forgiveness", booking_policy::forgive))
        .service(post("/v1/station/sessions/{session}/cancellation", session_changes::cancel))
        .service(post("/v1/station/sessions/{session}/move", session_changes::shift))
        .service(get("/v1/station/sessions/{session}/unreached", session_changes::unreached))
        .service(post("/v1/station/appointments/{appointment}/call", session_changes::call))
        .service(put("/v1/station/sessions/{session}/pause", collection_sessions::pause))
        .service(get_and_post("/v1/station/sessions/{session}/visits", door::queue, door::check_in))
        .service(post("/v1/station/visits/{visit}/screening", door::screen))
        .service(post("/v1/station/visits/{visit}/donation", door::collect))
        .service(post("/v1/station/visits/{visit}/deferral", door::defer))
        .service(post("/v1/station/visits/{visit}/departure", door::depart))
        .service(get("/v1/station/donors/{donor_no}/deferrals", door::list_deferrals))
        .service(post("/v1/station/deferrals/{deferral}/lifting", door::lift))
        .service(post("/v1/station/donations/{donation_no}/reactions", door::record_reaction))
        .service(get("/v1/station/reactions", door::open_reactions))
        .service(post("/v1/station/reactions/{reaction}/follow-up", door::follow_reaction_up))
        .service(get_and_post("/v1/station/teams", station_teams::list, station_teams::create))
        .service(post("/v1/station/teams/{team}/closure", station_teams::close))
        .service(get_and_post(
            "/v1/station/teams/{team}/call-ups",
            station_teams::call_ups,
            station_teams::call_up,
        ))
        .service(get("/v1/station/call-ups/{call_up}/coming", station_teams::coming))
        .service(post("/v1/station/call-ups/{call_up}/closure", station_teams::end_call_up))
        .service(get("/v1/station/messages", station_messages::list))
        .service(get_and_delete(
            "/v1/station/messages/{message}",
            station_messages::show,
            station_messages::discard,
        ))
        .service(post("/v1/station/messages/{message}/retry", station_messages::retry))
        .service(get("/v1/station/message-counts", station_messages::counts))
        .service(get("/v1/station/templates", station_messages::templates))
        .service(get("/v1/station/templates/{template}/preview", station_messages::preview))
        .service(get_and_post("/v1/station/appeals", station_appeals::list, station_appeals::open))
        .service(get("/v1/station/appeals/{appeal}", station_appeals::show))
        .service(post("/v1/station/appeals/{appeal}/closure", station_appeals::close))
        .service(get("/v1/station/audit", audit::audit))
        .service(get_and_post("/v1/users", users::list, users::invite))
        .service(delete("/v1/users/{user}", users::disable))
        .service(post("/v1/users/{user}/invitation", users::invite_again))
        .service(get_and_post("/v1/hospitals", hospitals::list, hospitals::enter))
        .service(get("/v1/hospitals/{hospital}", hospitals::show))
        .service(get_and_post(
            "/v1/hospitals/{hospital}/clients",
            hospitals::clients,
            hospitals::register_client,
        ))
        .service(delete("/v1/hospitals/{hospital}/clients/{client}", hospitals::revoke_client));
}

fn own_visit_routes() -> Resource {
    let [get, head] = reading(door::own::own_visit);
    let (take, give_back) =
        (web::post().to(door::own::take_ticket), web::delete().to(door::own::return_ticket));
    at("/v1/me/visit", "GET, HEAD, POST, DELETE", [get, head, take, give_back])
}

/// A resource that answers to GET and HEAD.
pub(super) fn get<F, A>(path: &str, read: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    let [get, head] = reading(read);
    at(path, "GET, HEAD", [get, head])
}

/// A resource that answers to POST.
fn post<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    at(path, "POST", [web::post().to(handler)])
}

/// A resource that answers to PUT.
fn put<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    at(path, "PUT", [web::put().to(handler)])
}

/// A resource that answers to DELETE.
fn delete<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    at(path, "DELETE", [web::delete().to(handler)])
}

/// A resource that is read with GET and HEAD, and changed with PUT.
fn get_and_put<F, A, G, B>(path: &str, read: F, change: G) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
    G: Handler<B, Output: Responder + 'static>,
    B: FromRequest + 'static,
{
    let [get, head] = reading(read);
    at(path, "GET, HEAD, PUT", [get, head, web::put().to(change)])
}

/// A resource that is read with GET and HEAD, and added to with POST.
fn get_and_post<F, A, G, B>(path: &str, read: F, add: G) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
    G: Handler<B, Output: Responder + 'static>,
    B: FromRequest + 'static,
{
    let [get, head] = reading(read);
    at(path, "GET, HEAD, POST", [get, head, web::post().to(add)])
}

/// A resource that is read with GET and HEAD, and ended with DELETE.
fn get_and_delete<F, A, G, B>(path: &str, read: F, end: G) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
    G: Handler<B, Output: Responder + 'static>,
    B: FromRequest + 'static,
{
    let [get, head] = reading(read);
    at(path, "GET, HEAD, DELETE", [get, head, web::delete().to(end)])
}

/// A resource that is begun with POST and ended with DELETE.
fn post_and_delete<F, A, G, B>(path: &str, begin: F, end: G) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
    G: Handler<B, Output: Responder + 'static>,
    B: FromRequest + 'static,
{
    at(path, "POST, DELETE", [web::post().to(begin), web::delete().to(end)])
}

fn reading<F, A>(read: F) -> [Route; 2]
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    [web::get().to(read.clone()), web::head().to(read)]
}

/// A resource, with the methods that a refused request is told of.
fn at(path: &str, allow: &'static str, routes: impl IntoIterator<Item = Route>) -> Resource {
    let wrong_method = move || problem::wrong_method(allow);
    routes.into_iter().fold(web::resource(path), Resource::route).default_service(web::to(wrong_method))
}
