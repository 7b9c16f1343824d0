//! Guesses at a secret: looked at one after the other, counted, and made to wait.

use crate::domain::lockout::after_failure;
use crate::error::{Error, Kind};
use crate::store::{Db, lockouts, one_at_a_time};
use chrono::{DateTime, TimeDelta, Utc};

/// What a guess came to. A wrong one is written down too, so it is not an error of the transaction.
pub(super) enum Guess<T> {
    Right(T),
    Wrong,
    Waiting(TimeDelta),
}

/// Looks at a guess at the secret behind `subject`, unless wrong ones make it wait; a wrong one is counted. Guesses that
/// come at the same moment, at whatever node, are looked at one after the other: none is left out of the count.
pub(super) fn guess<T>(
    db: &mut Db,
    subject: &[u8],
    now: DateTime<Utc>,
    look: impl FnOnce(&mut Db) -> Result<Option<T>, Error>,
) -> Result<Guess<T>, Error> {
    one_at_a_time(db, subject)?;
    let before = lockouts::of(db, subject)?;
    if let Some(wait) = before.and_then(|lockout| lockout.wait(now)) {
        return Ok(Guess::Waiting(wait));
    }
    match look(db)? {
        Some(right) => {
            if before.is_some() {
                lockouts::clear(db, subject)?;
            }
            Ok(Guess::Right(right))
        }
        None => {
            lockouts::save(db, subject, &after_failure(before, now))?;
            Ok(Guess::Wrong)
        }
    }
}

impl<T> Guess<T> {
    /// What the right guess leads to.
    pub(super) fn and_then<U>(self, next: impl FnOnce(T) -> Result<U, Error>) -> Result<Guess<U>, Error> {
        Ok(match self {
            Self::Right(right) => Guess::Right(next(right)?),
            Self::Wrong => Guess::Wrong,
            Self::Waiting(wait) => Guess::Waiting(wait),
        })
    }

    /// The right guess's fruit.
    ///
    /// # Errors
    /// `wrong`; `locked_out` with the time to wait.
    pub(super) fn or_refuse(self, wrong: impl FnOnce() -> Error) -> Result<T, Error> {
        match self {
            Self::Right(right) => Ok(right),
            Self::Wrong => Err(wrong()),
            Self::Waiting(wait) => Err(locked_out(wait)),
        }
    }
}

pub(super) fn locked_out(wait: TimeDelta) -> Error {
    let retry_after_seconds = u64::try_from(wait.num_seconds() + 1).unwrap_or(1);
    Error::new(
        Kind::TooMany { retry_after_seconds },
        "locked_out",
        "Too many wrong attempts. Please wait before the next one.",
    )
}
