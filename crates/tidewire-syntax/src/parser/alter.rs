//! `ALTER TABLE`, `DROP TABLE` and `TRUNCATE`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{
    AlterAction, AlterTable, ColumnChange, Drop, DropTable, TableName, Truncate,
};

impl Parser<'_> {
    pub(super) fn alter_table(&mut self) -> Parsed<AlterTable> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        if !self.at_word("table") {
            let what = format!("`ALTER {}`", self.nth_text(0).to_ascii_uppercase());
            return self.unsupported(&what, "only tables are altered");
        }
        self.eat_word("table");
        let if_exists = self.eat_words(&["if", "exists"]);
        self.eat_word("only");
        let table = self.table_name()?;
        let mut actions = Vec::new();
        loop {
            actions.push(self.alter_action()?);
            // PostgreSQL's grammar lets RENAME stand alone only.
            let alone = matches!(
                actions.last(),
                Some(
                    AlterAction::RenameColumn(..)
                        | AlterAction::RenameTable(_)
                        | AlterAction::RenameConstraint(..)
                )
            );
            if alone || !self.eat(SyntaxKind::Comma) {
                break;
            }
            if self.at_word("rename") {
                return self.fail("`add`, `drop` or `alter`");
            }
        }
        Ok(AlterTable {
            table,
            if_exists,
            actions,
            span: self.since(start),
        })
    }

    fn alter_action(&mut self) -> Parsed<AlterAction> {
        if self.eat_word("rename") {
            return self.rename();
        }
        if self.eat_word("add") {
            let constraint = ["constraint", "primary", "unique", "check", "foreign"];
            if self.one_of(&constraint).is_some() {
                let constraint = self.table_constraint()?;
                return Ok(AlterAction::AddConstraint {
                    constraint,
                    not_valid: self.eat_words(&["not", "valid"]),
                });
            }
            self.eat_word("column");
            let if_not_exists = self.eat_words(&["if", "not", "exists"]);
            return Ok(AlterAction::AddColumn {
                definition: self.column_definition()?,
                if_not_exists,
            });
        }
        if self.eat_word("drop") {
            if self.eat_word("constraint") {
                let drop = self.dropped("the name of the constraint")?;
                return Ok(AlterAction::DropConstraint(drop));
            }
            self.eat_word("column");
            return Ok(AlterAction::DropColumn(
                self.dropped("the name of a column")?,
            ));
        }
        if self.eat_words(&["validate", "constraint"]) {
            let name = self.identifier("the name of the constraint")?;
            return Ok(AlterAction::ValidateConstraint(name));
        }
        if self.eat_word("alter") {
            return self.alter_column();
        }
        let words = ["rename", "add", "drop", "alter", "validate"];
        self.unknown_word("`rename`, `add`, `drop` or `alter`", &words)
    }

    /// Behind `RENAME`.
    fn rename(&mut self) -> Parsed<AlterAction> {
        let new_name = "its new name";
        if self.eat_word("to") {
            return Ok(AlterAction::RenameTable(self.identifier(new_name)?));
        }
        if self.eat_word("constraint") {
            let from = self.identifier("the name of the constraint")?;
            self.expect_word("to")?;
            let to = self.identifier(new_name)?;
            return Ok(AlterAction::RenameConstraint(from, to));
        }
        self.eat_word("column");
        let from = self.identifier("the name of a column")?;
        self.expect_word("to")?;
        let to = self.identifier(new_name)?;
        Ok(AlterAction::RenameColumn(from, to))
    }

    /// `[IF EXISTS] name [CASCADE | RESTRICT]`
    fn dropped(&mut self, what: &str) -> Parsed<Drop> {
        let if_exists = self.eat_words(&["if", "exists"]);
        Ok(Drop {
            name: self.identifier(what)?,
            if_exists,
            cascade: self.cascade(),
        })
    }

    /// `[CASCADE | RESTRICT]`
    fn cascade(&mut self) -> bool {
        let cascade = self.eat_word("cascade");
        if !cascade {
            self.eat_word("restrict");
        }
        cascade
    }

    /// Behind `ALTER`.
    fn alter_column(&mut self) -> Parsed<AlterAction> {
        if self.at_word("constraint") {
            let hint = "drop the constraint and add it again";
            return self.unsupported("`ALTER CONSTRAINT`", hint);
        }
        self.eat_word("column");
        let column = self.identifier("the name of a column")?;
        let change = if self.eat_words(&["set", "not", "null"]) {
            ColumnChange::NotNull(true)
        } else if self.eat_words(&["drop", "not", "null"]) {
            ColumnChange::NotNull(false)
        } else if self.eat_words(&["set", "default"]) {
            ColumnChange::Default(Some(self.default_expression()?))
        } else if self.eat_words(&["drop", "default"]) {
            ColumnChange::Default(None)
        } else if self.eat_word("type") || self.eat_words(&["set", "data", "type"]) {
            let data_type = self.type_name()?;
            if self.at_word("using") || self.at_word("collate") {
                let what = format!("{} in ALTER COLUMN", self.found());
                return self.unsupported(&what, "add a column, copy, and drop the old one");
            }
            ColumnChange::Type(data_type)
        } else if self.at_word("set") || self.at_word("reset") || self.at_word("add") {
            return self.unsupported(
                "this form of `ALTER COLUMN`",
                "SET and DROP of NOT NULL and DEFAULT, and TYPE, are there",
            );
        } else {
            let words = [
                "set not null",
                "drop not null",
                "set default",
                "drop default",
                "type",
            ];
            return self.unknown_word("what happens to the column", &words);
        };
        Ok(AlterAction::AlterColumn(column, change))
    }

    /// `DROP TABLE [IF EXISTS] a, b [CASCADE | RESTRICT]`
    pub(super) fn drop_table(&mut self) -> Parsed<DropTable> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        if !self.at_word("table") {
            let what = format!("`DROP {}`", self.nth_text(0).to_ascii_uppercase());
            return match self.at(SyntaxKind::Word) {
                true => self.unsupported(&what, "only tables and indexes are dropped"),
                false => self.fail("`table`"),
            };
        }
        self.eat_word("table");
        let if_exists = self.eat_words(&["if", "exists"]);
        Ok(DropTable {
            tables: self.table_names()?,
            if_exists,
            cascade: self.cascade(),
            span: self.since(start),
        })
    }

    /// `TRUNCATE [TABLE] [ONLY] a, b [RESTART IDENTITY | CONTINUE IDENTITY] [CASCADE | RESTRICT]`
    pub(super) fn truncate(&mut self) -> Parsed<Truncate> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.eat_word("table");
        self.eat_word("only");
        let tables = self.table_names()?;
        let restart_identity = self.eat_words(&["restart", "identity"]);
        if !restart_identity {
            self.eat_words(&["continue", "identity"]);
        }
        Ok(Truncate {
            tables,
            restart_identity,
            cascade: self.cascade(),
            span: self.since(start),
        })
    }

    fn table_names(&mut self) -> Parsed<Vec<TableName>> {
        let mut tables = Vec::new();
        loop {
            tables.push(self.table_name()?);
            if !self.eat(SyntaxKind::Comma) {
                return Ok(tables);
            }
        }
    }
}
