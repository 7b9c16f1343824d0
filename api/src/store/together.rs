//! Many rows in one statement whose text is one of a few: it is prepared once, and planned once.
//!
//! A statement with a parameter for each value has another text for each number of rows, so it is parsed and planned anew each
//! time. PostgreSQL takes each column as one array; SQLite takes rows by powers of two.

use super::connection::Db;
use diesel::backend::Backend;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, SingleValue, SqlType, Text};
use diesel::sqlite::Sqlite;
use std::marker::PhantomData;

/// Rows of one statement of SQLite at most.
const MOST: usize = 64;

/// The statements that write some rows.
pub(super) enum Together<'a> {
    /// One, with an array for each column.
    Columns(Values<Pg, Box<dyn QueryFragment<Pg> + 'a>>),
    /// One for each part of the rows.
    Rows(Vec<Values<Sqlite, Row<'a>>>),
}

impl Together<'_> {
    /// Writes them: how many were written.
    pub fn execute(self, db: &mut Db) -> QueryResult<usize> {
        match (self, db) {
            (Self::Columns(statement), Db::Postgres(connection)) => statement.execute(connection),
            (Self::Rows(statements), Db::Sqlite(connection)) => {
                statements.into_iter().map(|statement| statement.execute(connection)).sum()
            }
            _ => Err(diesel::result::Error::NotFound),
        }
    }

    /// Writes them: what each that was written says of itself.
    pub fn load(self, db: &mut Db) -> QueryResult<Vec<String>> {
        match (self, db) {
            (Self::Columns(statement), Db::Postgres(connection)) => statement.load(connection),
            (Self::Rows(statements), Db::Sqlite(connection)) => {
                let parts: QueryResult<Vec<Vec<String>>> =
                    statements.into_iter().map(|statement| statement.load(connection)).collect();
                Ok(parts?.into_iter().flatten().collect())
            }
            _ => Err(diesel::result::Error::NotFound),
        }
    }
}

/// `before`, the parts with commas, `after`. `Answer` is the type of what it returns.
pub(super) struct Values<DB, Part, Answer = Text> {
    before: &'static str,
    parts: Vec<Part>,
    after: &'static str,
    kind: PhantomData<(DB, Answer)>,
}

impl<DB, Part, Answer> Values<DB, Part, Answer> {
    pub fn new(before: &'static str, parts: Vec<Part>, after: &'static str) -> Self {
        Self { before, parts, after, kind: PhantomData }
    }
}

impl<DB: Backend, Part: QueryFragment<DB>, Answer> QueryFragment<DB> for Values<DB, Part, Answer> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.before);
        for (place, part) in self.parts.iter().enumerate() {
            out.push_sql(if place == 0 { "" } else { ", " });
            part.walk_ast(out.reborrow())?;
        }
        out.push_sql(self.after);
        Ok(())
    }
}

// Told apart by its text.
impl<DB, Part, Answer> QueryId for Values<DB, Part, Answer> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, Part, Answer> Query for Values<DB, Part, Answer> {
    type SqlType = Answer;
}

impl<Part, Answer> RunQueryDsl<PgConnection> for Values<Pg, Part, Answer> {}
impl<Part, Answer> RunQueryDsl<SqliteConnection> for Values<Sqlite, Part, Answer> {}

/// A parameter for each value of a row.
pub(super) struct Row<'a>(pub Vec<Box<dyn QueryFragment<Sqlite> + 'a>>);

impl QueryFragment<Sqlite> for Row<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        for (place, value) in self.0.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ", " });
            value.walk_ast(out.reborrow())?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// One column of the SQL type `Type`.
pub(super) fn column<'a, Type, Value>(
    values: impl IntoIterator<Item = Value>,
) -> Box<dyn QueryFragment<Pg> + 'a>
where
    Type: SqlType + SingleValue,
    Array<Type>: SqlType + SingleValue,
    Vec<Value>: AsExpression<Array<Type>>,
    <Vec<Value> as AsExpression<Array<Type>>>::Expression: QueryFragment<Pg> + 'a,
{
    Box::new(values.into_iter().collect::<Vec<Value>>().as_expression())
}

/// One value of the SQL type `Type`.
pub(super) fn value<'a, Type, Value>(value: Value) -> Box<dyn QueryFragment<Sqlite> + 'a>
where
    Type: SqlType + SingleValue,
    Value: AsExpression<Type>,
    Value::Expression: QueryFragment<Sqlite> + 'a,
{
    Box::new(value.as_expression())
}

/// Parts of as many rows as a power of two.
pub(super) fn parts<T>(mut rows: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    while !rows.is_empty() {
        let (part, rest) = rows.split_at(MOST.min(1 << rows.len().ilog2()));
        parts.push(part);
        rows = rest;
    }
    parts
}

/// Statements of one text on PostgreSQL and one on SQLite, over these columns of the rows.
macro_rules! together {
    ($db:expr, $table:ident, $rows:expr, [$($name:ident),*], ($before:expr, $after:expr), ($lite_before:expr, $lite_after:expr)) => {
        match &*$db {
            $crate::store::Db::Postgres(_) => $crate::store::together::Together::Columns(
                $crate::store::together::Values::new(
                    $before,
                    vec![$($crate::store::together::column::<<$table::$name as diesel::Expression>::SqlType, _>(
                        $rows.iter().map(|row| &row.$name),
                    )),*],
                    $after,
                ),
            ),
            $crate::store::Db::Sqlite(_) => {
                let parts = $crate::store::together::parts($rows).into_iter().map(|part| {
                    let rows = part.iter().map(|row| $crate::store::together::Row(vec![
                        $($crate::store::together::value::<<$table::$name as diesel::Expression>::SqlType, _>(&row.$name)),*
                    ]));
                    $crate::store::together::Values::new($lite_before, rows.collect(), $lite_after)
                });
                $crate::store::together::Together::Rows(parts.collect())
            }
        }
    };
}
pub(super) use together;

/// `INSERT` of rows whose fields are named like the table's columns.
macro_rules! insert_together {
    ($db:expr, $table:ident, $rows:expr, [$first:ident $(, $name:ident)* $(,)?], $after:literal) => {
        $crate::store::together::together!(
            $db, $table, $rows, [$first $(, $name)*],
            (
                concat!(
                    "INSERT INTO ", stringify!($table), " (", stringify!($first) $(, ", ", stringify!($name))*,
                    ") SELECT * FROM unnest("
                ),
                concat!(") ", $after)
            ),
            (
                concat!(
                    "INSERT INTO ", stringify!($table), " (", stringify!($first) $(, ", ", stringify!($name))*, ") VALUES "
                ),
                concat!(" ", $after)
            )
        )
    };
}
pub(super) use insert_together;

/// `UPDATE` of columns to the rows' fields of the same names, where the `key` columns are the same, too, and `$and`, in which the
/// row is called `new`.
macro_rules! update_together {
    ($db:expr, $table:ident, $rows:expr, key [$key:ident $(, $other:ident)*], set [$first:ident $(, $name:ident)* $(,)?], $and:literal) => {
        $crate::store::together::together!(
            $db, $table, $rows, [$key $(, $other)*, $first $(, $name)*],
            (
                concat!(
                    "UPDATE ", stringify!($table), " SET ",
                    stringify!($first), " = new.", stringify!($first) $(, ", ", stringify!($name), " = new.", stringify!($name))*,
                    " FROM unnest("
                ),
                concat!(
                    ") AS new (", stringify!($key) $(, ", ", stringify!($other))*, ", ", stringify!($first)
                    $(, ", ", stringify!($name))*, ") WHERE ",
                    stringify!($table), ".", stringify!($key), " = new.", stringify!($key)
                    $(, " AND ", stringify!($table), ".", stringify!($other), " = new.", stringify!($other))*,
                    " ", $and
                )
            ),
            (
                concat!(
                    "WITH new (", stringify!($key) $(, ", ", stringify!($other))*, ", ", stringify!($first)
                    $(, ", ", stringify!($name))*, ") AS (VALUES "
                ),
                concat!(
                    ") UPDATE ", stringify!($table), " SET ",
                    stringify!($first), " = new.", stringify!($first) $(, ", ", stringify!($name), " = new.", stringify!($name))*,
                    " FROM new WHERE ",
                    stringify!($table), ".", stringify!($key), " = new.", stringify!($key)
                    $(, " AND ", stringify!($table), ".", stringify!($other), " = new.", stringify!($other))*,
                    " ", $and
                )
            )
        )
    };
}
pub(super) use update_together;

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn rows_go_by_powers_of_two_in_their_order() {
        for count in [0, 1, 2, 3, 63, 64, 65, 200] {
            let rows: Vec<usize> = (0..count).collect();

            let parts = parts(&rows);

            assert!(parts.iter().all(|part| part.len().is_power_of_two() && part.len() <= super::MOST));
            assert_eq!(parts.concat(), rows);
        }
    }
}
