//! SQL statements, as written; queries and expressions stand beside them.

use crate::{Name, Span};
use std::sync::Arc;

pub use super::expression::*;
pub use super::query::*;
pub use super::schema::*;
pub use super::session::*;

/// A statement. `BEGIN` to `RELEASE` also stand alone as steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `CREATE TABLE`
    CreateTable(CreateTable),
    /// `ALTER TABLE`
    AlterTable(AlterTable),
    /// `CREATE INDEX`
    CreateIndex(Box<CreateIndex>),
    /// `DROP INDEX`
    DropIndex(DropIndex),
    /// `DROP TABLE`
    DropTable(DropTable),
    /// `TRUNCATE`
    Truncate(Truncate),
    /// `CREATE SEQUENCE`, `ALTER SEQUENCE`, `DROP SEQUENCE`
    Sequence(SequenceStatement),
    /// `INSERT`
    Insert(Insert),
    /// `UPDATE`
    Update(Update),
    /// `DELETE`
    Delete(Delete),
    /// `SELECT`, `VALUES`, `TABLE`, with or without `WITH`
    Query(Box<Query>),
    /// `BEGIN [modes]`
    Begin(TransactionModes),
    /// `COMMIT [AND CHAIN]`
    Commit {
        /// Another transaction with the same modes begins at once.
        chain: bool,
    },
    /// `ROLLBACK [AND CHAIN]`
    Rollback {
        /// Another transaction with the same modes begins at once.
        chain: bool,
    },
    /// `SAVEPOINT s`
    Savepoint(Name),
    /// `ROLLBACK TO [SAVEPOINT] s`
    RollbackTo(Name),
    /// `RELEASE [SAVEPOINT] s`
    Release(Name),
    /// A statement about the session or its transaction that names no rows.
    Session(SessionStatement),
}

impl Statement {
    /// A shared copy. A function of its own, so that whoever copies statements does not compile it anew.
    #[inline(never)]
    pub fn shared(&self) -> Arc<Self> {
        Arc::new(self.clone())
    }
}

/// `[store.]table`; the store only in invariants, and refused with a reason elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct TableName {
    /// The database before the dot.
    pub database: Option<Name>,
    /// The table.
    pub table: Name,
    /// The whole.
    pub span: Span,
}

/// `CREATE TABLE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub name: TableName,
    /// Columns in order.
    pub columns: Vec<ColumnDefinition>,
    /// Table constraints in order.
    pub constraints: Vec<TableConstraint>,
    /// `IF NOT EXISTS`: nothing happens when the name is taken.
    pub if_not_exists: bool,
    /// The whole statement.
    pub span: Span,
}

/// `CREATE [UNIQUE] INDEX`. INCLUDE, directions and the order of nulls are not kept: no outcome depends on them.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// No two rows have the same keys.
    pub unique: bool,
    /// Its name; without one PostgreSQL's is made.
    pub name: Option<Name>,
    /// What it is on.
    pub table: TableName,
    /// Columns and expressions.
    pub keys: Vec<Expression>,
    /// Only rows that fulfil this are in it.
    pub filter: Option<Expression>,
    /// The whole statement.
    pub span: Span,
}

/// `DROP INDEX`
#[derive(Clone, Debug, PartialEq)]
pub struct DropIndex {
    /// The indexes.
    pub names: Vec<Name>,
    /// The whole statement.
    pub span: Span,
}

/// One column of `CREATE TABLE` or `ADD COLUMN`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub data_type: TypeName,
    /// Constraints in order.
    pub constraints: Vec<ColumnConstraint>,
    /// The whole definition.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeName {
    /// Which type.
    pub kind: TypeKind,
    /// Where it stands.
    pub span: Span,
}

/// The types of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// 16 bits
    SmallInt,
    /// 32 bits
    Integer,
    /// 64 bits
    BigInt,
    /// `serial`: integer, not null, default from a sequence
    Serial,
    /// `bigserial`
    BigSerial,
    /// `numeric[(precision[, scale])]`
    Numeric(Option<(u8, u8)>),
    /// `text`
    Text,
    /// `varchar[(n)]`, `n` in characters
    VarChar(Option<u32>),
    /// `char[(n)]`, `n` in characters, 1 when left out; `bpchar` has no length
    Char(Option<u32>),
    /// `boolean`
    Boolean,
    /// `date`
    Date,
    /// `timestamp` without time zone
    Timestamp,
    /// `timestamptz`
    TimestampTz,
    /// `uuid`
    Uuid,
    /// `json`, kept as written
    Json,
    /// `jsonb`, normalised
    Jsonb,
}

/// A constraint behind a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnConstraint {
    /// `CONSTRAINT name`
    pub name: Option<Name>,
    /// What it demands.
    pub kind: ColumnConstraintKind,
    /// Where it stands.
    pub span: Span,
}

/// What a [`ColumnConstraint`] demands.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnConstraintKind {
    /// `NOT NULL`
    NotNull,
    /// `NULL`
    Null,
    /// `PRIMARY KEY`
    PrimaryKey,
    /// `UNIQUE`
    Unique,
    /// `CHECK (…)`
    Check(Expression),
    /// `DEFAULT …`
    Default(Expression),
    /// `GENERATED { ALWAYS | BY DEFAULT } AS IDENTITY`
    Identity {
        /// `ALWAYS` refuses an explicit value.
        always: bool,
    },
    /// `REFERENCES table [(column)] [ON DELETE …] [ON UPDATE …]`
    References(References),
}

/// Where a foreign key points and what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct References {
    /// The table it points to.
    pub table: TableName,
    /// Its columns; empty means its primary key.
    pub columns: Vec<Name>,
    /// `ON DELETE`
    pub on_delete: ReferentialAction,
    /// `ON UPDATE`
    pub on_update: ReferentialAction,
}

/// What happens to the referencing row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReferentialAction {
    /// `NO ACTION` and `RESTRICT`
    #[default]
    NoAction,
    /// `CASCADE`
    Cascade,
    /// `SET NULL`
    SetNull,
}

/// A constraint of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableConstraint {
    /// `CONSTRAINT name`
    pub name: Option<Name>,
    /// What it demands.
    pub kind: TableConstraintKind,
    /// Where it stands.
    pub span: Span,
}

/// What a [`TableConstraint`] demands.
#[derive(Clone, Debug, PartialEq)]
pub enum TableConstraintKind {
    /// `PRIMARY KEY (…)`
    PrimaryKey(Vec<Name>),
    /// `UNIQUE (…)`
    Unique(Vec<Name>),
    /// `CHECK (…)`
    Check(Expression),
    /// `FOREIGN KEY (…) REFERENCES …`
    ForeignKey(Vec<Name>, References),
}

/// `INSERT`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// `WITH …`
    pub with: Option<With>,
    /// The table.
    pub table: TableName,
    /// `AS alias`, by which ON CONFLICT may name the row in the way.
    pub alias: Option<Name>,
    /// Named columns; empty means all in order.
    pub columns: Vec<Name>,
    /// What goes in.
    pub source: InsertSource,
    /// `ON CONFLICT`
    pub on_conflict: Option<Box<OnConflict>>,
    /// `RETURNING`
    pub returning: Vec<SelectItem>,
    /// The whole statement.
    pub span: Span,
}

/// Where inserted rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum InsertSource {
    /// `VALUES (…), (…)`; `None` stands for `DEFAULT`.
    Values(Vec<Vec<Option<Expression>>>),
    /// `SELECT …`, or any other query but bare `VALUES`
    Query(Box<Query>),
    /// `DEFAULT VALUES`
    DefaultValues,
}

/// What ON CONFLICT finds its unique index by.
#[derive(Clone, Debug, PartialEq)]
pub enum ConflictTarget {
    /// Any (only with `DO NOTHING`).
    Any,
    /// `(columns and expressions) [WHERE …]`
    Keys {
        /// The keys of the index.
        keys: Vec<Expression>,
        /// Implies the predicate of a partial index.
        filter: Option<Expression>,
    },
    /// `ON CONSTRAINT name`
    Constraint(Name),
}

/// `ON CONFLICT [target] DO …`
#[derive(Clone, Debug, PartialEq)]
pub struct OnConflict {
    /// What finds the unique index.
    pub target: ConflictTarget,
    /// What to do.
    pub action: ConflictAction,
    /// Where it stands.
    pub span: Span,
}

/// What `ON CONFLICT` does.
#[derive(Clone, Debug, PartialEq)]
pub enum ConflictAction {
    /// `DO NOTHING`
    Nothing,
    /// `DO UPDATE SET … [WHERE …]`
    Update {
        /// Assignments; `excluded.c` names the row that was to go in.
        assignments: Vec<Assignment>,
        /// Rows in the way that do not match stay as they are.
        filter: Option<Expression>,
    },
}

/// One item of `SET`.
#[derive(Clone, Debug, PartialEq)]
pub enum Assignment {
    /// `column = expression`; `None` stands for `DEFAULT`. `(a, b) = (1, 2)` is two of them.
    Column(Name, Option<Expression>),
    /// `(a, b) = (SELECT …)`
    Columns(Vec<Name>, Box<Query>),
}

/// `UPDATE`
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// `WITH …`
    pub with: Option<With>,
    /// The table.
    pub table: TableName,
    /// `AS alias`
    pub alias: Option<Name>,
    /// `SET …`
    pub assignments: Vec<Assignment>,
    /// `FROM …`, whose rows the assignments may read
    pub from: Vec<TableExpression>,
    /// `WHERE …`
    pub filter: Option<Expression>,
    /// `RETURNING`
    pub returning: Vec<SelectItem>,
    /// The whole statement.
    pub span: Span,
}

/// `DELETE`
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// `WITH …`
    pub with: Option<With>,
    /// The table.
    pub table: TableName,
    /// `AS alias`
    pub alias: Option<Name>,
    /// `USING …`
    pub using: Vec<TableExpression>,
    /// `WHERE …`
    pub filter: Option<Expression>,
    /// `RETURNING`
    pub returning: Vec<SelectItem>,
    /// The whole statement.
    pub span: Span,
}
