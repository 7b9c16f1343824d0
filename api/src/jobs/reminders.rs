//! Queues reminders of appointments that were made or changed.

use crate::actions::{Context, remind};

/// One round: until nothing has changed.
pub async fn round(context: &Context) {
    loop {
        match remind::plan(context).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(code = error.code, context = error.context, "reminders could not be queued");
                return;
            }
        }
    }
}
