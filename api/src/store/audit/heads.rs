//! Where each stream of the audit trail ends.

use crate::chance::Chance;
use crate::domain::audit_chain::Head;
use crate::error::Error;
use crate::store::Db;
use crate::store::schema::audit_heads;
use diesel::prelude::*;

type HeadRow = (i64, i64, Vec<u8>);

fn head((stream, seq, hash): HeadRow) -> Head {
    Head { stream, seq, hash }
}

/// The heads of all streams, empty ones too.
pub fn all(db: &mut Db) -> Result<Vec<Head>, Error> {
    let rows: Vec<HeadRow> = audit_heads::table.order(audit_heads::stream).load(db)?;
    Ok(rows.into_iter().map(head).collect())
}

/// The head of a stream that is this transaction's alone until it ends.
///
/// On PostgreSQL that is the first stream that no other transaction writes to: others' streams are passed over, the
/// one that this transaction took before is not. Only when every stream is taken does it wait, for any of them; it
/// holds none then, so that writers of the trail do not wait in a circle.
pub(super) fn take(db: &mut Db, chance: &mut Chance) -> Result<Head, Error> {
    let row: Option<HeadRow> = match db {
        Db::Sqlite(connection) => {
            audit_heads::table.order(audit_heads::stream).first(connection).optional()?
        }
        Db::Postgres(connection) => {
            let free = audit_heads::table.order(audit_heads::stream).limit(1).for_update().skip_locked();
            match free.get_result(connection).optional()? {
                Some(free) => Some(free),
                None => wait_for_one(connection, chance)?,
            }
        }
    };
    row.map(head).ok_or_else(|| Error::internal("the audit trail has no streams"))
}

fn wait_for_one(connection: &mut PgConnection, chance: &mut Chance) -> Result<Option<HeadRow>, Error> {
    let streams: i64 = audit_heads::table.count().get_result(connection)?;
    let any = chance.below(u32::try_from(streams).map_err(Error::internal)?);
    let any =
        audit_heads::table.order(audit_heads::stream).offset(i64::from(any)).select(audit_heads::stream);
    let Some(stream) = any.first::<i64>(connection).optional()? else { return Ok(None) };
    Ok(audit_heads::table.find(stream).for_update().get_result(connection).optional()?)
}

/// Moves the head of a stream that was [taken](take).
pub(super) fn advance(db: &mut Db, head: &Head) -> Result<(), Error> {
    let moved = diesel::update(audit_heads::table.find(head.stream))
        .set((audit_heads::seq.eq(head.seq), audit_heads::hash.eq(&head.hash)))
        .execute(db)?;
    if moved == 1 { Ok(()) } else { Err(Error::internal("a stream of the audit trail has lost its head")) }
}
