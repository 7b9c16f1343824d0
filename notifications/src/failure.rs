//! What a failed hand-over means for the queue behind it.

use std::fmt;

use crate::reason::Reason;

/// What a queue may do next with the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// This message will never be taken for this recipient: do not retry, suppress the address, tell a person.
    Permanent,
    /// The server asks for less: wait, without using up an attempt.
    Throttled,
    /// Our account or our set-up is refused, whoever the recipient is: stop the channel, keep the queue, tell a person.
    Account,
    /// Nothing was accepted: retry with back-off.
    Transient,
    /// The message was handed over and no answer came: it may or may not have been accepted. Never resent by itself.
    Ambiguous,
}

/// How far the hand-over had come; the SMTP verbs are those of RFC 5321 §3. Over HTTP there are [`Step::Compose`],
/// [`Step::Connect`], [`Step::Acceptance`], and [`Step::Recipient`] when a provider refuses the number or the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Writing the letter as MIME, or the request; the network was not touched.
    Compose,
    /// Connection, greeting and `EHLO`; with [`Security::Tls`](crate::Security::Tls) and `https://` the TLS handshake too.
    Connect,
    /// `STARTTLS` and its handshake.
    Secure,
    /// `AUTH`.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`; over HTTP, what the provider says about the recipient.
    Recipient,
    /// `DATA`, before the first byte of the letter.
    Content,
    /// From the first byte of the letter, or of the HTTP request, to the end of the server's answer.
    Acceptance,
}

/// What went wrong at that step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The server answered with this SMTP reply code, 400 to 599 (RFC 5321 §4.2.1).
    Answer(u16),
    /// The server answered with this HTTP status (RFC 9110 §15), and it is not the one that means yes.
    Http(u16),
    /// The provider answered that it does not send the message, for this reason; its own code is in [`Failure::detail`].
    Refused(Reason),
    /// The provider sends approved templates only, and the settings name none for this kind of message and language.
    NoTemplate,
    /// No answer within the time-out.
    TimedOut,
    /// The connection was refused or broken, or the answer was not SMTP or HTTP.
    Disconnected,
    /// The answer is larger than we read.
    TooLarge,
    /// HTTP said 200, and the rest of the answer is not what the provider documents.
    Unreadable,
    /// The server's certificate is not trusted, or it lacks what we insist on (`STARTTLS`, a way to log in).
    Unacceptable,
    /// The message cannot be written down (a date outside the years 1970 to 9999, a telephone number that is none).
    Unwritable,
}

/// A hand-over that did not succeed.
///
/// `Display` is one sentence without personal data, fit for any log or screen. [`Failure::detail`] is the private context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct Failure {
    /// What the queue may do next.
    pub class: Class,
    /// How far it had come.
    pub step: Step,
    /// What went wrong.
    pub cause: Cause,
    /// The server's own words for the staff's log: one line, at most 300 characters, without the recipient: e-mail addresses and
    /// the recipient's local part are `<address>`, of an SMS gateway's words only plain ones are left, and of a provider's its code. The server chose the
    /// rest: do not show it to donors. Empty when it said nothing.
    pub detail: String,
}

impl Failure {
    pub(crate) fn new(step: Step, cause: Cause) -> Self {
        Self { class: classify(step, cause), step, cause, detail: String::new() }
    }

    /// What a provider refused; `code` is its own word for it.
    pub(crate) fn refused(reason: Reason, code: &str) -> Self {
        let step = if reason.is_about_recipient() { Step::Recipient } else { Step::Acceptance };
        Self::new(step, Cause::Refused(reason)).with_detail(plain_code(code))
    }

    pub(crate) fn with_detail(self, detail: String) -> Self {
        Self { detail, ..self }
    }
}

/// The longest code of a provider's that is kept, bytes; `UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny` has 69.
const LONGEST_CODE: usize = 100;

/// A provider's code, when it is nothing but a code: whatever it is, it goes into a log.
pub(crate) fn plain_code(code: &str) -> String {
    let plain = code.len() <= LONGEST_CODE
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && code.bytes().filter(u8::is_ascii_digit).count() < 7;
    if plain { code.to_owned() } else { String::new() }
}

/// The class of a failure, from what went wrong and when.
///
/// A 5xx before any recipient was named (greeting, `AUTH`, `MAIL FROM`) is about us and not about the recipient, who must not
/// be suppressed for it. Over HTTP, 500, 502 and 504 may come from a machine that had passed the request on: only 503 says that
/// nothing was done.
pub(crate) fn classify(step: Step, cause: Cause) -> Class {
    match (cause, step) {
        (Cause::Unwritable, _) => Class::Permanent,
        (Cause::Unacceptable | Cause::NoTemplate, _) => Class::Account,
        (Cause::Refused(reason), _) => reason.class(),
        (Cause::Answer(452), _) => Class::Throttled,
        (Cause::Answer(..500), _) => Class::Transient,
        (Cause::Answer(_), Step::Connect | Step::Secure | Step::Login | Step::Sender) => Class::Account,
        (Cause::Answer(_), _) => Class::Permanent,
        (Cause::Http(status), _) => class_of_status(status),
        (Cause::TimedOut | Cause::Disconnected | Cause::TooLarge | Cause::Unreadable, Step::Acceptance) => {
            Class::Ambiguous
        }
        (Cause::TimedOut | Cause::Disconnected | Cause::TooLarge | Cause::Unreadable, _) => Class::Transient,
    }
}

/// A success that is not the expected one (200 of a captive portal) is no answer of the gateway's: nobody knows what was done.
fn class_of_status(status: u16) -> Class {
    match status {
        408 | 503 => Class::Transient,
        429 => Class::Throttled,
        300..=399 | 401..=407 | 501 | 505.. => Class::Account,
        400..=499 => Class::Permanent,
        _ => Class::Ambiguous,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the message {} {} ({})", self.class, self.step, self.cause)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Permanent => "was refused for good",
            Self::Throttled => "was put off by a busy server",
            Self::Account => "was kept back because our account or set-up was refused",
            Self::Transient => "could not be handed over for now",
            Self::Ambiguous => "may or may not have been accepted",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Compose => "while writing it",
            Self::Connect => "while connecting",
            Self::Secure => "while securing the connection",
            Self::Login => "while logging in",
            Self::Sender => "while naming the sender",
            Self::Recipient => "while naming the recipient",
            Self::Content => "before its content was sent",
            Self::Acceptance => "after its content was sent",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(code) => write!(out, "SMTP {code}"),
            Self::Http(status) => write!(out, "HTTP {status}"),
            Self::Refused(reason) => reason.fmt(out),
            Self::NoTemplate => out.write_str("no template of the provider's is configured for it"),
            Self::Unreadable => out.write_str("the answer cannot be read"),
            Self::TimedOut => out.write_str("no answer in time"),
            Self::Disconnected => out.write_str("no connection or no readable answer"),
            Self::TooLarge => out.write_str("the answer is too large"),
            Self::Unacceptable => out.write_str("the server cannot be trusted or lacks what we insist on"),
            Self::Unwritable => out.write_str("it cannot be written down"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_follows_from_the_step_and_the_cause() {
        use Cause::{
            Answer, Disconnected, Http, NoTemplate, TimedOut, TooLarge, Unacceptable, Unreadable, Unwritable,
        };
        use Step::{Acceptance, Compose, Connect, Content, Login, Recipient, Secure, Sender};

        for (step, cause, class) in [
            (Compose, Unwritable, Class::Permanent),
            (Connect, Answer(421), Class::Transient),
            (Connect, Answer(554), Class::Account),
            (Connect, Disconnected, Class::Transient),
            (Connect, TimedOut, Class::Transient),
            (Secure, Unacceptable, Class::Account),
            (Secure, Answer(454), Class::Transient),
            (Login, Answer(454), Class::Transient),
            (Login, Answer(535), Class::Account),
            (Login, Unacceptable, Class::Account),
            (Sender, Answer(530), Class::Account),
            (Sender, Answer(550), Class::Account),
            (Sender, Answer(452), Class::Throttled),
            (Recipient, Answer(450), Class::Transient),
            (Recipient, Answer(452), Class::Throttled),
            (Recipient, Answer(550), Class::Permanent),
            (Recipient, TimedOut, Class::Transient),
            (Content, Disconnected, Class::Transient),
            (Content, Answer(554), Class::Permanent),
            (Acceptance, Answer(451), Class::Transient),
            (Acceptance, Answer(452), Class::Throttled),
            (Acceptance, Answer(552), Class::Permanent),
            (Acceptance, TimedOut, Class::Ambiguous),
            (Acceptance, Disconnected, Class::Ambiguous),
            (Acceptance, TooLarge, Class::Ambiguous),
            (Acceptance, Http(200), Class::Ambiguous),
            (Acceptance, Http(302), Class::Account),
            (Acceptance, Http(400), Class::Permanent),
            (Acceptance, Http(401), Class::Account),
            (Acceptance, Http(403), Class::Account),
            (Acceptance, Http(404), Class::Account),
            (Acceptance, Http(408), Class::Transient),
            (Acceptance, Http(429), Class::Throttled),
            (Acceptance, Http(500), Class::Ambiguous),
            (Acceptance, Http(502), Class::Ambiguous),
            (Acceptance, Http(503), Class::Transient),
            (Acceptance, Http(504), Class::Ambiguous),
            (Acceptance, Unreadable, Class::Ambiguous),
            (Compose, NoTemplate, Class::Account),
        ] {
            assert_eq!(classify(step, cause), class, "{step:?} {cause:?}");
        }
    }

    #[test]
    fn only_what_happened_after_the_content_was_sent_is_ambiguous() {
        let before = [
            Step::Compose,
            Step::Connect,
            Step::Secure,
            Step::Login,
            Step::Sender,
            Step::Recipient,
            Step::Content,
        ];
        for step in before {
            for cause in [Cause::TimedOut, Cause::Disconnected] {
                assert_ne!(classify(step, cause), Class::Ambiguous, "{step:?} {cause:?}");
            }
        }
    }

    #[test]
    fn a_code_that_holds_a_number_or_a_sentence_is_not_kept() {
        let kept = |code: &str| Failure::refused(Reason::Unknown, code).detail;

        assert_eq!(kept("isv.BUSINESS_LIMIT_CONTROL"), "isv.BUSINESS_LIMIT_CONTROL");
        assert_eq!(kept("43101"), "43101");
        for strange in ["17000000001", "no such number", "张三", "a\nb", &"a".repeat(101)] {
            assert_eq!(kept(strange), "", "{strange}");
        }
    }

    #[test]
    fn a_failure_reads_as_one_sentence() {
        let failure = Failure::new(Step::Recipient, Cause::Answer(550));

        assert_eq!(
            failure.to_string(),
            "the message was refused for good while naming the recipient (SMTP 550)"
        );
    }
}
