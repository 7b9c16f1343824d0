//! Follows urgent appeals; once a day, tells who may give again and whose blood was used.

use crate::actions::{Context, appeals, invite_again, tell_used};
use crate::error::Error;

/// One round.
pub async fn round(context: &Context) {
    log(appeals::follow(context).await, "appeals could not be followed");
    log(invite_again::plan(context).await, "invitations could not be queued");
    log(tell_used::plan(context).await, "the use of donations could not be told");
}

fn log(outcome: Result<usize, Error>, what: &str) {
    if let Err(error) = outcome {
        tracing::error!(code = error.code, context = error.context, "{what}");
    }
}
