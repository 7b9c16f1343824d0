//! Notes who did not come, and ends visits of people who went without a word.

use crate::actions::{Context, door, no_shows};

/// One round.
pub async fn round(context: &Context) {
    let noted = async {
        door::end_old_visits(context).await?;
        no_shows::note(context).await
    };
    if let Err(error) = noted.await {
        tracing::error!(code = error.code, context = error.context, "misses could not be noted");
    }
}
