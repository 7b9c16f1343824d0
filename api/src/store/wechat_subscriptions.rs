//! How many more messages of each template somebody takes by WeChat.

use super::connection::{Db, on_each};
use super::schema::wechat_subscriptions as table;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text, Timestamp};

/// A balance as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = table)]
pub struct SubscriptionRow {
    /// Whose it is.
    pub account_id: String,
    /// WeChat's id of the template.
    pub template_id: String,
    /// Messages that are still taken.
    pub remaining: i64,
    /// UTC.
    pub changed_at: NaiveDateTime,
}

/// What WeChat said of one message: it took it, or there was no consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Whom it was for.
    pub account_id: String,
    /// The template that it was made of.
    pub template_id: String,
    /// WeChat knows of no consent (43101): none is left, whatever the balance says.
    pub refused: bool,
}

/// An account's balances.
pub fn of_account(db: &mut Db, account_id: &str) -> Result<Vec<SubscriptionRow>, Error> {
    Ok(table::table.filter(table::account_id.eq(account_id)).order(table::template_id.asc()).load(db)?)
}

/// How many messages of a template an account still takes.
pub fn remaining(db: &mut Db, account_id: &str, template_id: &str) -> Result<i64, Error> {
    let found = table::table.find((account_id, template_id)).select(table::remaining).first(db).optional()?;
    Ok(found.unwrap_or(0))
}

/// Adds one consent, unless there are `most` already; `false` then.
pub fn add(
    db: &mut Db,
    account_id: &str,
    template_id: &str,
    most: i64,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let row = SubscriptionRow {
        account_id: account_id.to_owned(),
        template_id: template_id.to_owned(),
        remaining: 1,
        changed_at: now.naive_utc(),
    };
    let inserted = on_each!(db, |connection| diesel::insert_into(table::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    if inserted == 1 {
        return Ok(true);
    }
    let room = table::table.find((account_id, template_id)).filter(table::remaining.lt(most));
    let added = diesel::update(room)
        .set((table::remaining.eq(table::remaining + 1), table::changed_at.eq(now.naive_utc())))
        .execute(db)?;
    Ok(added == 1)
}

/// Takes consents away that messages used up, all with one statement on PostgreSQL. The rows are locked in one order.
pub fn spend(db: &mut Db, used: &[Used], now: DateTime<Utc>) -> Result<(), Error> {
    match db {
        _ if used.is_empty() => {}
        Db::Postgres(connection) => spend_together(connection, used, now).map(drop)?,
        Db::Sqlite(connection) => {
            for one in used {
                let own = table::table.find((&one.account_id, &one.template_id));
                let left = own.filter(table::remaining.gt(0));
                let at = table::changed_at.eq(now.naive_utc());
                match one.refused {
                    true => diesel::update(left).set((table::remaining.eq(0), at)).execute(connection)?,
                    false => diesel::update(left)
                        .set((table::remaining.eq(table::remaining - 1), at))
                        .execute(connection)?,
                };
            }
        }
    }
    Ok(())
}

fn spend_together(connection: &mut PgConnection, used: &[Used], now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::sql_query(
        "WITH used AS (
             SELECT account_id, template_id, count(*) AS times, bool_or(refused) AS refused
             FROM unnest($1, $2, $3) AS one (account_id, template_id, refused) GROUP BY account_id, template_id
         ), locked AS (
             SELECT account_id, template_id FROM wechat_subscriptions JOIN used USING (account_id, template_id)
             ORDER BY account_id, template_id FOR UPDATE OF wechat_subscriptions
         )
         UPDATE wechat_subscriptions AS mine
         SET remaining = CASE WHEN used.refused THEN 0 ELSE greatest(mine.remaining - used.times, 0) END, changed_at = $4
         FROM used JOIN locked USING (account_id, template_id)
         WHERE mine.account_id = used.account_id AND mine.template_id = used.template_id",
    )
    .bind::<Array<Text>, _>(used.iter().map(|one| one.account_id.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(used.iter().map(|one| one.template_id.as_str()).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(used.iter().map(|one| one.refused).collect::<Vec<_>>())
    .bind::<Timestamp, _>(now.naive_utc())
    .execute(connection)
}

/// Forgets an account's balances: they are of the WeChat user who signed in to it.
pub fn forget(db: &mut Db, account_id: &str) -> Result<(), Error> {
    diesel::delete(table::table.filter(table::account_id.eq(account_id))).execute(db)?;
    Ok(())
}
