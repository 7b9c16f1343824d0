//! Follows urgent appeals.

use crate::actions::{Context, appeals};

/// One round.
pub async fn round(context: &Context) {
    if let Err(error) = appeals::follow(context).await {
        tracing::error!(code = error.code, context = error.context, "appeals could not be followed");
    }
}
