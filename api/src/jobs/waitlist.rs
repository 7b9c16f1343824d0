//! Offers freed places to those who wait, and gives back those that groups did not use.

use crate::actions::{Context, groups, waitlist};
use crate::error::Error;

/// One round.
pub async fn round(context: &Context) {
    log(groups::give_back_unused(context).await, "groups' places could not be given back");
    log(waitlist::serve(context).await, "those who wait could not be served");
}

/// Ends what waits for days that are over.
pub async fn end_past(context: &Context) {
    log(waitlist::end_past(context).await, "waits could not be ended");
}

fn log(outcome: Result<usize, Error>, what: &str) {
    if let Err(error) = outcome {
        tracing::error!(code = error.code, context = error.context, "{what}");
    }
}
