//! Makes the sessions that weekly templates ask for, up to the horizon.

use crate::actions::{Context, schedule};

/// One round.
pub async fn round(context: &Context) {
    if let Err(error) = schedule::plan_ahead(context).await {
        tracing::error!(
            code = error.code,
            context = error.context,
            "sessions could not be made from templates"
        );
    }
}
