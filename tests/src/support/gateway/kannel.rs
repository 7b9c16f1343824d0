//! Kannel's `sendsms` (Kannel 1.4 user guide, "SMS push").

use super::http::{Reply, Request};
use super::{Gateway, Sms, State};

impl State {
    pub(super) fn sendsms(&mut self, request: &Request) -> Reply {
        let [to, from, text] = ["to", "from", "text"].map(|name| request.parameter(name).to_owned());
        let credentials = (request.parameter("username"), request.parameter("password"));
        let credentials_ok = credentials == (Gateway::SMS_USER, Gateway::SMS_PASSWORD);
        let ucs2 = (request.parameter("coding"), request.parameter("charset")) == ("2", "UTF-8");
        if to.is_empty() {
            return Reply::text(400, "Missing receiver number(s), rejected");
        }
        if from.is_empty() || text.is_empty() || !ucs2 {
            return Reply::text(400, "Sender, text, coding or charset missing, rejected");
        }
        self.messages.push(Sms { to, from, text, credentials_ok });
        match credentials_ok {
            true => Reply::text(202, "0: Accepted for delivery"),
            false => Reply::text(403, "Authorization failed for sendsms"),
        }
    }
}
