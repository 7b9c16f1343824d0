//! A word of ours in a query's own text.
//!
//! An index with a condition (`WHERE state = 'queued'`) is used for what a query's text says. With the word as a parameter,
//! PostgreSQL's prepared statements cannot use the index, and SQLite plans the query anew at each execution to see whether
//! it may.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;

/// A word that needs no quoting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word(pub &'static str);

impl Expression for Word {
    type SqlType = Text;
}

impl<Source> AppearsOnTable<Source> for Word {}
impl<Source> SelectableExpression<Source> for Word {}

impl<GroupBy> ValidGrouping<GroupBy> for Word {
    type IsAggregate = is_aggregate::Never;
}

impl<DB: Backend> QueryFragment<DB> for Word {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("'");
        out.push_sql(self.0);
        out.push_sql("'");
        Ok(())
    }
}

// Told apart by its text.
impl QueryId for Word {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
