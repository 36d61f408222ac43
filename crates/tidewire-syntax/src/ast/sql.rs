//! SQL statements and queries, as written; their expressions stand beside them.

use crate::{Name, Span};

pub use super::expression::*;
pub use super::session::*;

/// A statement. `BEGIN` to `RELEASE` also stand alone as steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `CREATE TABLE`
    CreateTable(CreateTable),
    /// `ALTER TABLE`
    AlterTable(AlterTable),
    /// `INSERT`
    Insert(Insert),
    /// `UPDATE`
    Update(Update),
    /// `DELETE`
    Delete(Delete),
    /// `SELECT`
    Select(Box<Select>),
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

/// `ALTER TABLE`, one action.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub table: TableName,
    /// The action.
    pub action: AlterAction,
    /// The whole statement.
    pub span: Span,
}

/// What an [`AlterTable`] does.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterAction {
    /// `RENAME [COLUMN] a TO b`
    RenameColumn(Name, Name),
    /// `RENAME TO t`
    RenameTable(Name),
    /// `ADD [COLUMN] …`
    AddColumn(ColumnDefinition),
    /// `DROP [COLUMN] c`
    DropColumn(Name),
}

/// `INSERT`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: TableName,
    /// `AS alias`, by which ON CONFLICT may name the row in the way.
    pub alias: Option<Name>,
    /// Named columns; empty means all in order.
    pub columns: Vec<Name>,
    /// What goes in.
    pub source: InsertSource,
    /// `ON CONFLICT`
    pub on_conflict: Option<OnConflict>,
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
    /// `SELECT …`
    Query(Box<Select>),
    /// `DEFAULT VALUES`
    DefaultValues,
}

/// `ON CONFLICT [(columns)] DO …`
#[derive(Clone, Debug, PartialEq)]
pub struct OnConflict {
    /// The columns that find the unique constraint; empty means any (only with `DO NOTHING`).
    pub target: Vec<Name>,
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

/// `column = expression`; `None` stands for `DEFAULT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: Name,
    /// Its new value.
    pub value: Option<Expression>,
}

/// `UPDATE`
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The table.
    pub table: TableName,
    /// `AS alias`
    pub alias: Option<Name>,
    /// `SET …`
    pub assignments: Vec<Assignment>,
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
    /// The table.
    pub table: TableName,
    /// `AS alias`
    pub alias: Option<Name>,
    /// `WHERE …`
    pub filter: Option<Expression>,
    /// `RETURNING`
    pub returning: Vec<SelectItem>,
    /// The whole statement.
    pub span: Span,
}

/// `SELECT`
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// `DISTINCT`
    pub distinct: bool,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// `FROM`: comma-separated, each a table with its joins. Empty for `SELECT 1`.
    pub from: Vec<TableExpression>,
    /// `WHERE`
    pub filter: Option<Expression>,
    /// `GROUP BY`
    pub group_by: Vec<Expression>,
    /// `HAVING`
    pub having: Option<Expression>,
    /// `ORDER BY`
    pub order_by: Vec<OrderBy>,
    /// `LIMIT`
    pub limit: Option<Expression>,
    /// `OFFSET`
    pub offset: Option<Expression>,
    /// `FOR UPDATE` and its kin
    pub locking: Option<Locking>,
    /// The whole query.
    pub span: Span,
}

/// One item of a select list or of `RETURNING`.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `*`
    All(Span),
    /// `t.*`
    AllOf(Name),
    /// `expression [AS name]`
    Expression(Expression, Option<Name>),
}

/// A table in `FROM`, with what is joined to it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableExpression {
    /// The first table.
    pub table: TableReference,
    /// Joins, left to right.
    pub joins: Vec<Join>,
}

/// A table with an optional alias.
#[derive(Clone, Debug, PartialEq)]
pub struct TableReference {
    /// The table.
    pub name: TableName,
    /// `AS alias`
    pub alias: Option<Name>,
}

/// One join.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Inner, left or cross.
    pub kind: JoinKind,
    /// The right side.
    pub table: TableReference,
    /// `ON …`; `None` only for a cross join.
    pub on: Option<Expression>,
}

/// Kinds of joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// `[INNER] JOIN`
    Inner,
    /// `LEFT [OUTER] JOIN`
    Left,
    /// `CROSS JOIN`
    Cross,
}

/// One sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The key.
    pub expression: Expression,
    /// `DESC`
    pub descending: bool,
    /// `NULLS FIRST` / `NULLS LAST`; the default is last when ascending.
    pub nulls_first: Option<bool>,
}

/// `FOR UPDATE [OF t] [NOWAIT | SKIP LOCKED]`
#[derive(Clone, Debug, PartialEq)]
pub struct Locking {
    /// How strong.
    pub strength: LockStrength,
    /// `OF` names; empty means all tables.
    pub of: Vec<Name>,
    /// What happens when a row is locked.
    pub wait: LockWait,
    /// Where it stands.
    pub span: Span,
}

/// Row-lock strengths, weakest first (PostgreSQL manual 13.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockStrength {
    /// `FOR KEY SHARE`
    KeyShare,
    /// `FOR SHARE`
    Share,
    /// `FOR NO KEY UPDATE`
    NoKeyUpdate,
    /// `FOR UPDATE`
    Update,
}

/// What a locking read does about a locked row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LockWait {
    /// Waits.
    #[default]
    Wait,
    /// Fails with 55P03.
    NoWait,
    /// Leaves the row out.
    SkipLocked,
}
