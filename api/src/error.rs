//! The one error type: what the caller may read, a stable code, and what only the log may see.

use crate::domain::idempotency::Unanswered;
use crate::domain::refusal::Refusal;
use std::borrow::Cow;
use std::fmt;

/// What a failure is about; `web/problem.rs` turns it into an HTTP status, the command line into an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request itself is wrong.
    Invalid,
    /// The body is larger than allowed.
    TooLarge,
    /// The body's media type is not one that this operation takes.
    UnsupportedMedia,
    /// The caller did not say who they are, or could not show it.
    Unauthenticated,
    /// The caller's role may not do this, whatever it is done to.
    Forbidden,
    /// Not there, or not for this caller: the two look the same.
    NotFound,
    /// The method is not one of this resource's.
    MethodNotAllowed {
        /// The methods that it has.
        allow: &'static str,
    },
    /// The state of things does not allow it now.
    Conflict,
    /// The thing was changed since the caller read it.
    PreconditionFailed,
    /// The caller has to say which version is to be changed.
    PreconditionRequired,
    /// Too many requests.
    TooMany {
        /// Whole seconds after which a request may succeed.
        retry_after_seconds: u64,
    },
    /// Something that is needed does not answer.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// A named failure: a code and a public sentence that the reader can act on, and a private context.
#[derive(Debug)]
pub struct Error {
    /// What the failure is about.
    pub kind: Kind,
    /// Stable, `snake_case`, part of the contract.
    pub code: &'static str,
    /// One sentence for the caller. MUST NOT hold personal data or internals.
    pub message: Cow<'static, str>,
    /// The member of the request that is wrong, when it is one.
    pub field: Option<&'static str>,
    /// For the log only. MUST NOT hold personal data.
    pub context: Option<String>,
}

impl Error {
    /// A failure of the given kind.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, code, message: message.into(), field: None, context: None }
    }

    /// The request itself is wrong.
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// The state of things does not allow it now.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// Not there, or not for this caller.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotFound, "not_found", message)
    }

    /// Somebody else changed it since it was read.
    pub fn changed_meanwhile() -> Self {
        Self::new(
            Kind::PreconditionFailed,
            "changed_meanwhile",
            "Somebody changed this meanwhile. Read it again, and repeat the change.",
        )
    }

    /// A fault of ours; `context` goes to the log.
    pub fn internal(context: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, "internal", "Something went wrong on our side. Please try again later.")
            .because(context)
    }

    /// The database gave no connection.
    pub fn database_unavailable(context: impl fmt::Display) -> Self {
        Self::new(
            Kind::Unavailable,
            "database_unavailable",
            "The database does not answer. Please try again in a moment.",
        )
        .because(context)
    }

    /// Adds what only the log may see.
    #[must_use]
    pub fn because(mut self, context: impl fmt::Display) -> Self {
        self.context = Some(context.to_string());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.message, self.code)?;
        match &self.context {
            Some(context) => write!(out, ": {context}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self { field: Some(refusal.column), ..Self::invalid(refusal.reason, refusal.message) }
    }
}

impl From<Unanswered> for Error {
    fn from(why: Unanswered) -> Self {
        match why {
            Unanswered::KeyReused => Self::invalid(why.as_str(), why.message()),
            Unanswered::Running | Unanswered::Lost => Self::conflict(why.as_str(), why.message()),
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::internal(format_args!("database: {error}"))
    }
}
