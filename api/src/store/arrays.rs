//! Many rows in one PostgreSQL statement whose text is always the same: each column is an array.
//!
//! A statement with a parameter for each value has another text for each number of rows, so it is parsed and planned
//! anew each time; this one is prepared once.

use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, SingleValue, SqlType};
use std::marker::PhantomData;

/// `before`, a parameter for each column with commas, `after`. `Answer` is the type of what it returns.
pub(super) struct Arrays<'a, Answer = diesel::sql_types::Text> {
    before: &'static str,
    columns: Vec<Box<dyn QueryFragment<Pg> + 'a>>,
    after: &'static str,
    answer: PhantomData<Answer>,
}

impl<'a, Answer> Arrays<'a, Answer> {
    pub fn new(before: &'static str, after: &'static str) -> Self {
        Self { before, columns: Vec::new(), after, answer: PhantomData }
    }

    /// One more column, of the SQL type `Type`.
    pub fn column<Type, Value>(mut self, values: impl IntoIterator<Item = Value>) -> Self
    where
        Type: SqlType + SingleValue,
        Array<Type>: SqlType + SingleValue,
        Vec<Value>: AsExpression<Array<Type>>,
        <Vec<Value> as AsExpression<Array<Type>>>::Expression: QueryFragment<Pg> + 'a,
    {
        let values: Vec<Value> = values.into_iter().collect();
        self.columns.push(Box::new(values.as_expression()));
        self
    }
}

impl<Answer> QueryFragment<Pg> for Arrays<'_, Answer> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.before);
        for (place, column) in self.columns.iter().enumerate() {
            out.push_sql(if place == 0 { "" } else { ", " });
            column.walk_ast(out.reborrow())?;
        }
        out.push_sql(self.after);
        Ok(())
    }
}

// Told apart by its text.
impl<Answer> QueryId for Arrays<'_, Answer> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Answer> Query for Arrays<'_, Answer> {
    type SqlType = Answer;
}

impl<Answer> RunQueryDsl<PgConnection> for Arrays<'_, Answer> {}

/// `INSERT` of rows whose fields are named like the table's columns.
macro_rules! insert_together {
    ($table:ident, $rows:expr, [$first:ident $(, $name:ident)* $(,)?], $after:literal) => {
        $crate::store::arrays::Arrays::<diesel::sql_types::Text>::new(
            concat!(
                "INSERT INTO ", stringify!($table), " (", stringify!($first) $(, ", ", stringify!($name))*,
                ") SELECT * FROM unnest("
            ),
            concat!(") ", $after),
        )
        .column::<<$table::$first as diesel::Expression>::SqlType, _>($rows.iter().map(|row| &row.$first))
        $(.column::<<$table::$name as diesel::Expression>::SqlType, _>($rows.iter().map(|row| &row.$name)))*
    };
}
pub(super) use insert_together;

/// `UPDATE` of columns to the rows' fields of the same names, where the `key` columns are the same, too, and `$and`.
macro_rules! update_together {
    ($table:ident, $rows:expr, key [$key:ident $(, $other:ident)*], set [$first:ident $(, $name:ident)* $(,)?], $and:literal) => {
        $crate::store::arrays::Arrays::<diesel::sql_types::Text>::new(
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
            ),
        )
        .column::<<$table::$key as diesel::Expression>::SqlType, _>($rows.iter().map(|row| &row.$key))
        $(.column::<<$table::$other as diesel::Expression>::SqlType, _>($rows.iter().map(|row| &row.$other)))*
        .column::<<$table::$first as diesel::Expression>::SqlType, _>($rows.iter().map(|row| &row.$first))
        $(.column::<<$table::$name as diesel::Expression>::SqlType, _>($rows.iter().map(|row| &row.$name)))*
    };
}
pub(super) use update_together;
