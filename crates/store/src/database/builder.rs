//! Statements with lists in them, and truths as both databases read them.
//!
//! sqlx's own builder writes `?` for every database that it does not know, and
//! PostgreSQL takes only numbered placeholders. SQLite takes both, but looks a
//! numbered one up among all those before it, which thousands of them make slow.

use super::{Connection, Db, is_server};
use sqlx::Arguments;
use sqlx::{
    AssertSqlSafe, Decode, Encode, FromRow, Type,
    any::{AnyArguments, AnyRow, AnyTypeInfo, AnyValueRef},
    error::BoxDynError,
    query::{Query, QueryAs, QueryScalar},
};
use std::fmt::Write;

/// A statement being written, with the values bound so far.
pub struct Builder {
    sql: String,
    arguments: AnyArguments,
    numbered: bool,
}

impl Builder {
    pub fn new(connection: &Connection, sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            arguments: AnyArguments::default(),
            numbered: is_server(connection),
        }
    }

    /// Only ever our own words; values are bound.
    pub fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    pub fn push_bind<'t>(&mut self, value: impl Encode<'t, Db> + Type<Db>) -> &mut Self {
        self.arguments
            .add(value)
            .expect("texts, numbers and truths are taken as they are");
        self.sql.push(if self.numbered { '$' } else { '?' });
        if self.numbered {
            write!(self.sql, "{}", self.arguments.len())
                .expect("a String takes all that is written");
        }
        self
    }

    /// Writes `(a, b, c)` with each value bound, for `IN`.
    pub fn push_list<'t, T: Encode<'t, Db> + Type<Db>>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let mut row = self.row();
        for value in values {
            row.push_bind(value);
        }
        self.push(")")
    }

    /// Writes `VALUES (a, b), (c, d)`, a row for each item.
    pub fn push_values<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut bind: impl FnMut(&mut Row<'_>, T),
    ) -> &mut Self {
        self.push("VALUES ");
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            bind(&mut self.row(), item);
            self.push(")");
        }
        self
    }

    fn row(&mut self) -> Row<'_> {
        self.push("(");
        Row {
            builder: self,
            separator: "",
        }
    }

    pub fn build(self) -> Query<'static, Db, AnyArguments> {
        sqlx::query_with(AssertSqlSafe(self.sql), self.arguments)
    }

    pub fn build_query_as<O: for<'r> FromRow<'r, AnyRow>>(
        self,
    ) -> QueryAs<'static, Db, O, AnyArguments> {
        sqlx::query_as_with(AssertSqlSafe(self.sql), self.arguments)
    }

    pub fn build_query_scalar<O>(self) -> QueryScalar<'static, Db, O, AnyArguments>
    where
        (O,): for<'r> FromRow<'r, AnyRow>,
    {
        sqlx::query_scalar_with(AssertSqlSafe(self.sql), self.arguments)
    }
}

/// Values in parentheses.
pub struct Row<'b> {
    builder: &'b mut Builder,
    separator: &'static str,
}

impl Row<'_> {
    pub fn push_bind<'t>(&mut self, value: impl Encode<'t, Db> + Type<Db>) -> &mut Self {
        self.builder.push(self.separator).push_bind(value);
        self.separator = ", ";
        self
    }
}

/// A truth: BOOLEAN in PostgreSQL, a number in SQLite.
#[derive(Debug, Clone, Copy)]
pub struct Flag(pub bool);

impl Type<Db> for Flag {
    fn type_info() -> AnyTypeInfo {
        <bool as Type<Db>>::type_info()
    }

    fn compatible(of: &AnyTypeInfo) -> bool {
        <bool as Type<Db>>::compatible(of) || <i64 as Type<Db>>::compatible(of)
    }
}

impl<'r> Decode<'r, Db> for Flag {
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        <bool as Decode<Db>>::decode(value.clone())
            .or_else(|_| <i64 as Decode<Db>>::decode(value).map(|number| number != 0))
            .map(Flag)
    }
}
