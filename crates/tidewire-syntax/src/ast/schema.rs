//! Statements that change or remove tables, as written. What `CREATE TABLE` is made of stands in `sql`.

use super::sql::{ColumnDefinition, Expression, TableConstraint, TableName, TypeName};
use crate::{Name, Span};

/// `ALTER TABLE [IF EXISTS] table action, …`
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub table: TableName,
    /// `IF EXISTS`: nothing happens without the table.
    pub if_exists: bool,
    /// The actions, carried out in this order; never empty.
    pub actions: Vec<AlterAction>,
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
    /// `RENAME CONSTRAINT a TO b`
    RenameConstraint(Name, Name),
    /// `ADD [COLUMN] [IF NOT EXISTS] …`
    AddColumn {
        /// The column.
        definition: ColumnDefinition,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
    },
    /// `DROP [COLUMN] [IF EXISTS] c [CASCADE]`
    DropColumn(Drop),
    /// `ADD [CONSTRAINT name] … [NOT VALID]`
    AddConstraint {
        /// The constraint.
        constraint: TableConstraint,
        /// `NOT VALID`: rows that stand already are not looked at.
        not_valid: bool,
    },
    /// `VALIDATE CONSTRAINT c`: now they are.
    ValidateConstraint(Name),
    /// `DROP CONSTRAINT [IF EXISTS] c [CASCADE]`
    DropConstraint(Drop),
    /// `ALTER [COLUMN] c …`
    AlterColumn(Name, ColumnChange),
}

/// What `DROP COLUMN` and `DROP CONSTRAINT` take away.
#[derive(Clone, Debug, PartialEq)]
pub struct Drop {
    /// Its name.
    pub name: Name,
    /// `IF EXISTS`: nothing happens without it.
    pub if_exists: bool,
    /// `CASCADE`: what depends on it goes too.
    pub cascade: bool,
}

/// What `ALTER COLUMN` changes.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnChange {
    /// `SET NOT NULL` (true) or `DROP NOT NULL`
    NotNull(bool),
    /// `SET DEFAULT …`, or `DROP DEFAULT`
    Default(Option<Expression>),
    /// `[SET DATA] TYPE …`; every value must convert by an assignment.
    Type(TypeName),
}

/// `DROP TABLE [IF EXISTS] a, b [CASCADE]`
#[derive(Clone, Debug, PartialEq)]
pub struct DropTable {
    /// The tables; never empty.
    pub tables: Vec<TableName>,
    /// `IF EXISTS`: tables that are not there are passed over.
    pub if_exists: bool,
    /// `CASCADE`: foreign keys that point to them go too.
    pub cascade: bool,
    /// The whole statement.
    pub span: Span,
}

/// `TRUNCATE [TABLE] a, b [RESTART IDENTITY] [CASCADE]`
#[derive(Clone, Debug, PartialEq)]
pub struct Truncate {
    /// The tables; never empty.
    pub tables: Vec<TableName>,
    /// `RESTART IDENTITY`: sequences of their columns begin again.
    pub restart_identity: bool,
    /// `CASCADE`: tables that point to them are emptied too.
    pub cascade: bool,
    /// The whole statement.
    pub span: Span,
}

/// A statement about sequences.
#[derive(Clone, Debug, PartialEq)]
pub enum SequenceStatement {
    /// `CREATE SEQUENCE [IF NOT EXISTS] name [options]`
    Create {
        /// Its name.
        name: Name,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// Options in order.
        options: Vec<SequenceOption>,
    },
    /// `ALTER SEQUENCE name options`
    Alter {
        /// Its name.
        name: Name,
        /// Options in order.
        options: Vec<SequenceOption>,
    },
    /// `DROP SEQUENCE [IF EXISTS] a, b`
    Drop {
        /// The sequences; never empty.
        names: Vec<Name>,
        /// `IF EXISTS`
        if_exists: bool,
    },
}

/// What `CREATE SEQUENCE` and `ALTER SEQUENCE` may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceOption {
    /// `INCREMENT [BY] n`
    Increment(i64),
    /// `MINVALUE n`; `None` for `NO MINVALUE`
    Minimum(Option<i64>),
    /// `MAXVALUE n`; `None` for `NO MAXVALUE`
    Maximum(Option<i64>),
    /// `START [WITH] n`
    Start(i64),
    /// `RESTART [[WITH] n]`
    Restart(Option<i64>),
    /// `CYCLE` or `NO CYCLE`
    Cycle(bool),
}
