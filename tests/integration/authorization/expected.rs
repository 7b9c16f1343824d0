//! Who may do what, as the station's managers would say it: written down a second time, so that neither the product's
//! own table nor a route can change without this one.

/// Every role that signs in.
pub const ROLES: [&str; 9] =
    ["donor", "desk", "hospital_admin", "system", "operator", "doctor", "reviewer", "admin", "auditor"];

/// Everybody who has sessions: systems get a token a time and no session to look after.
const PEOPLE: &[&str] =
    &["donor", "desk", "hospital_admin", "operator", "doctor", "reviewer", "admin", "auditor"];
const DONORS: &[&str] = &["donor"];
const OF_A_HOSPITAL: &[&str] = &["desk", "hospital_admin", "system", "admin"];
const MANAGERS: &[&str] = &["hospital_admin", "admin"];
const ADMIN: &[&str] = &["admin"];
const WINDOW: &[&str] = &["operator"];
const DOOR: &[&str] = &["operator", "doctor"];
const DOCTOR: &[&str] = &["doctor"];
const PLANNERS: &[&str] = &["operator", "admin"];
const RESPONSIBLE_FOR_UNITS: &[&str] = &["doctor", "admin"];

/// One operation.
pub struct Expectation {
    /// Its id in the contract.
    pub operation: &'static str,
    /// Who may.
    pub who: Who,
    /// What its path names.
    pub objects: Objects,
}

/// Who may do it.
pub enum Who {
    /// Anybody, without a token; with the reason.
    Anybody(&'static str),
    /// These roles and no others.
    Only(&'static [&'static str]),
}

/// The objects in its path.
pub enum Objects {
    /// There are none.
    None,
    /// Each has an owner. For everybody else it looks as if it did not exist, but for those who oversee them all.
    Owned {
        /// The roles that see everybody's.
        overseen_by: &'static [&'static str],
    },
    /// They have no owner; with the reason.
    Unowned(&'static str),
}

impl Objects {
    /// Whether a role must not see those of others.
    pub fn are_hidden_from(&self, role: &str) -> bool {
        matches!(self, Self::Owned { overseen_by } if !overseen_by.contains(&role))
    }
}

const fn anybody(operation: &'static str, why: &'static str) -> Expectation {
    Expectation { operation, who: Who::Anybody(why), objects: Objects::None }
}

const fn only(operation: &'static str, roles: &'static [&'static str]) -> Expectation {
    Expectation { operation, who: Who::Only(roles), objects: Objects::None }
}

const fn owned(operation: &'static str, roles: &'static [&'static str]) -> Expectation {
    Expectation { operation, who: Who::Only(roles), objects: Objects::Owned { overseen_by: ADMIN } }
}

const fn unowned(operation: &'static str, roles: &'static [&'static str], why: &'static str) -> Expectation {
    Expectation { operation, who: Who::Only(roles), objects: Objects::Unowned(why) }
}

const DONOR_OF_THE_STATION: &str = "a donor stands at any window of the station, before any of its operators";
const MERGE_OF_THE_STATION: &str =
    "a merge is the station's: a colleague decides on it, and must not be its proposer";
const SCHEDULE_OF_THE_STATION: &str =
    "sites and sessions are the station's, and all of its planners plan them";
const ANSWERS_FOR_THE_DOCTOR: &str =
    "the station has one door: any of its doctors reads what is brought there, and says why";
const PASS: &str = "whoever comes to the desk shows the pass to whoever stands there";
const UNIT_OF_THE_STATION: &str =
    "a unit is the station's: whoever has the role looks, says why, and its donor can read so";
const GROUP_BY_CODE: &str = "whoever has the code is of the group; it shows times and no people";
const TEAM_OF_THE_STATION: &str =
    "teams and their call-ups are the station's, and all who manage teams manage them";
const TEAM_TO_JOIN: &str = "a team is open to every donor, and the membership in it is the caller's own";
const MESSAGE_OF_THE_STATION: &str = "the outbox is the station's: its staff see what became of messages, not whom they go to or what they say";
const APPEAL_OF_THE_STATION: &str =
    "an appeal is the station's: all of its planners follow it, and it shows counts and no people";
const WORD: &str = "the word names a consent of the caller's own";

/// All operations of the contract, in its order of subjects.
#[rustfmt::skip]
pub const EXPECTED: &[Expectation] = &[
    anybody("verify", "hospitals and passers-by verify; the text is its own proof"),
    anybody("certificate_qr", "the key in the link opens it, and nothing else"),
    anybody("status_list", "verifiers keep it; it says nothing about whom"),
    anybody("jwks", "public keys"),
    anybody("cose_keys", "public keys"),
    anybody("keyset", "public keys"),
    anybody("openapi", "the contract"),
    anybody("kannel_receipt", "the provider has no account; the secret in the address opens it"),
    anybody("kannel_inbound", "the provider has no account; the secret in the address opens it"),
    anybody("aliyun_receipts", "the provider has no account; the secret in the address opens it"),
    anybody("tencent_receipts", "the provider has no account; the secret in the address opens it"),
    anybody("aliyun_inbound", "the provider has no account; the secret in the address opens it"),
    anybody("tencent_inbound", "the provider has no account; the secret in the address opens it"),
    anybody("health", "the load balancer asks"),
    anybody("readiness", "the load balancer asks"),
    anybody("metrics", "Prometheus asks; the proxy keeps it inside"),
    anybody("request_code", "who signs in has no token yet"),
    anybody("token", "who signs in has no token yet"),
    anybody("open_invitation", "the invitation opens it"),
    anybody("accept_invitation", "the invitation opens it"),

    only("sign_out", PEOPLE),
    only("sign_out_everywhere", PEOPLE),
    only("sessions", PEOPLE),
    Expectation { operation: "end_session", who: Who::Only(PEOPLE), objects: Objects::Owned { overseen_by: &[] } },

    only("me", DONORS),
    owned("eligibility", DONORS),
    owned("soonest", DONORS),
    only("hold", DONORS),
    only("book", DONORS),
    only("appointments", DONORS),
    owned("appointment", DONORS),
    owned("confirm", DONORS),
    owned("renew", DONORS),
    owned("will_come", DONORS),
    owned("appointment_calendar", DONORS),
    only("open_calendar_feed", DONORS),
    only("close_calendar_feed", DONORS),
    anybody("calendar_feed", "its address is the key, for calendars cannot sign in"),
    owned("cancel", DONORS),
    owned("move_appointment", DONORS),
    only("message_preferences", DONORS),
    only("change_message_preferences", DONORS),
    only("wechat_subscriptions", DONORS),
    only("answer_wechat_subscriptions", DONORS),
    only("join_waitlist", DONORS),
    only("own_waitlist", DONORS),
    owned("leave_waitlist", DONORS),
    unowned("group", DONORS, GROUP_BY_CODE),
    anybody("group_counts", "the organiser's key opens it; it holds no names"),
    only("take_ticket", DONORS),
    only("own_visit", DONORS),
    only("return_ticket", DONORS),
    only("questionnaire", DONORS),
    only("answer_questionnaire", DONORS),
    only("submit_questionnaire", DONORS),
    only("desk_pass", DONORS),
    only("export", DONORS),
    only("access_log", DONORS),
    only("erase", DONORS),
    only("bind_record", DONORS),
    only("register", DONORS),
    only("consents", DONORS),
    only("give_consent", DONORS),
    unowned("withdraw_consent", DONORS, WORD),
    only("share", DONORS),
    only("join", DONORS),
    owned("leave", DONORS),
    only("managers", DONORS),
    owned("remove_manager", DONORS),
    owned("donations", DONORS),
    owned("certificate", DONORS),
    only("own_teams", DONORS),
    unowned("join_team", DONORS, TEAM_TO_JOIN),
    unowned("leave_team", DONORS, TEAM_TO_JOIN),
    only("own_call_ups", DONORS),
    owned("answer_call_up", DONORS),

    only("find_donors", &["operator", "doctor", "reviewer"]),
    unowned("set_sign_in_phone", WINDOW, DONOR_OF_THE_STATION),
    unowned("add_manager", WINDOW, DONOR_OF_THE_STATION),
    unowned("questionnaires", DOCTOR, ANSWERS_FOR_THE_DOCTOR),
    unowned("submitted_questionnaire", DOCTOR, ANSWERS_FOR_THE_DOCTOR),
    unowned("check_pass", &["operator", "doctor"], PASS),
    unowned("unit", &["operator", "doctor"], UNIT_OF_THE_STATION),
    only("merges", &["operator", "reviewer", "admin"]),
    only("propose_merge", &["operator", "reviewer"]),
    unowned("propose_unmerge", &["operator", "reviewer"], MERGE_OF_THE_STATION),
    unowned("decide_merge", &["reviewer", "admin"], MERGE_OF_THE_STATION),
    only("messages", PLANNERS),
    unowned("message", PLANNERS, MESSAGE_OF_THE_STATION),
    unowned("drop_message", PLANNERS, MESSAGE_OF_THE_STATION),
    unowned("retry_message", PLANNERS, MESSAGE_OF_THE_STATION),
    only("message_counts", PLANNERS),
    only("message_templates", PLANNERS) ,
    unowned("preview_template", PLANNERS, "the contents are invented"),
    only("audit", &["auditor"]),

    only("sites", PLANNERS),
    only("booking_policy", PLANNERS),
    only("change_booking_policy", PLANNERS),
    only("unit_policy", RESPONSIBLE_FOR_UNITS),
    only("change_unit_policy", RESPONSIBLE_FOR_UNITS),
    unowned("forgive_misses", WINDOW, DONOR_OF_THE_STATION),
    unowned("cancel_session", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("move_session", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("make_group", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("groups", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("close_group", PLANNERS, SCHEDULE_OF_THE_STATION),
    only("waitlist_counts", PLANNERS),
    unowned("unreached", WINDOW, SCHEDULE_OF_THE_STATION),
    unowned("call", WINDOW, DONOR_OF_THE_STATION),
    unowned("check_in", DOOR, SCHEDULE_OF_THE_STATION),
    unowned("queue", DOOR, SCHEDULE_OF_THE_STATION),
    unowned("screen", DOOR, DONOR_OF_THE_STATION),
    unowned("collect", DOOR, DONOR_OF_THE_STATION),
    unowned("defer", DOOR, DONOR_OF_THE_STATION),
    unowned("depart", DOOR, DONOR_OF_THE_STATION),
    unowned("record_reaction", DOOR, DONOR_OF_THE_STATION),
    unowned("deferrals", DOCTOR, DONOR_OF_THE_STATION),
    unowned("lift_deferral", DOCTOR, DONOR_OF_THE_STATION),
    only("open_reactions", DOCTOR),
    unowned("follow_reaction_up", DOCTOR, DONOR_OF_THE_STATION),
    only("enter_site", PLANNERS),
    unowned("site", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("change_site", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("templates", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("enter_template", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("end_template", PLANNERS, SCHEDULE_OF_THE_STATION),
    only("collection_sessions", PLANNERS),
    only("open_session", PLANNERS),
    unowned("collection_session", PLANNERS, SCHEDULE_OF_THE_STATION),
    unowned("pause_session", PLANNERS, SCHEDULE_OF_THE_STATION),

    only("teams", PLANNERS),
    only("create_team", PLANNERS),
    unowned("close_team", PLANNERS, TEAM_OF_THE_STATION),
    unowned("call_ups", PLANNERS, TEAM_OF_THE_STATION),
    unowned("call_up", PLANNERS, TEAM_OF_THE_STATION),
    unowned("coming", DOOR, TEAM_OF_THE_STATION),
    unowned("close_call_up", PLANNERS, TEAM_OF_THE_STATION),

    only("appeals", PLANNERS),
    only("open_appeal", PLANNERS),
    unowned("appeal", PLANNERS, APPEAL_OF_THE_STATION),
    unowned("close_appeal", PLANNERS, APPEAL_OF_THE_STATION),

    only("users", MANAGERS),
    only("invite", MANAGERS),
    owned("invite_again", MANAGERS),
    owned("disable_user", MANAGERS),
    only("hospitals", ADMIN),
    only("enter_hospital", ADMIN),
    owned("hospital", OF_A_HOSPITAL),
    owned("clients", MANAGERS),
    owned("register_client", MANAGERS),
    owned("revoke_client", MANAGERS),
];
