//! Hospitals are entered by the station.

use super::Context;
use crate::chance::Chance;
use crate::domain::hospital::HospitalCode;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::hospitals::{self as store, HospitalRow};
use serde_json::json;

/// Enters a hospital.
///
/// # Errors
/// `hospital_code_taken`.
pub async fn enter(context: &Context, code: HospitalCode, name: String) -> Result<(), Error> {
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context
        .pool
        .write(move |db| {
            let row = HospitalRow { code: code.as_str().to_owned(), name, created_at: now.naive_utc() };
            if !store::insert(db, &row)? {
                return Err(Error::conflict(
                    "hospital_code_taken",
                    "There is a hospital with this code already.",
                ));
            }
            let entry =
                Entry { actor, action: "hospital.entered", subject: row.code.clone(), detail: json!({}) };
            audit::append(db, [entry], now, &mut Chance::from_system()?)
        })
        .await
}
