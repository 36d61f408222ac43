//! `CREATE TABLE` and `ALTER TABLE`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{
    AlterAction, AlterTable, ColumnConstraint, ColumnConstraintKind, ColumnDefinition, CreateTable,
    References, ReferentialAction, TableConstraint, TableConstraintKind,
};

impl Parser<'_> {
    pub(super) fn create_table(&mut self) -> Parsed<CreateTable> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        if !self.at_word("table") {
            let hint = "only tables and indexes are created";
            let what = format!("`CREATE {}`", self.nth_text(0).to_ascii_uppercase());
            return match self.at(SyntaxKind::Word) {
                true => self.unsupported(&what, hint),
                false => self.fail("`table`"),
            };
        }
        self.eat_word("table");
        if self.at_words(&["if", "not", "exists"]) {
            let hint = "leave it out: every run begins with empty databases";
            return self.unsupported("`IF NOT EXISTS`", hint);
        }
        let mut create = CreateTable {
            name: self.table_name()?,
            columns: Vec::new(),
            constraints: Vec::new(),
            span: self.since(start),
        };
        if self.at_word("as") {
            return self.unsupported(
                "`CREATE TABLE … AS`",
                "name its columns, then INSERT … SELECT",
            );
        }
        self.node(SyntaxKind::List, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            loop {
                parser.table_element(&mut create)?;
                if !parser.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")
        })?;
        create.span = self.since(start);
        Ok(create)
    }

    fn table_element(&mut self, create: &mut CreateTable) -> Parsed<()> {
        let words = [
            "constraint",
            "primary",
            "unique",
            "check",
            "foreign",
            "like",
            "exclude",
        ];
        match self.one_of(&words) {
            Some("like" | "exclude") if !self.at_name() || self.nth(1) != SyntaxKind::Word => {
                let what = format!("{} in CREATE TABLE", self.found());
                self.unsupported(&what, "")
            }
            Some("exclude") | None => {
                create.columns.push(self.column_definition()?);
                Ok(())
            }
            Some(_) => {
                create.constraints.push(self.table_constraint()?);
                Ok(())
            }
        }
    }

    /// `[CONSTRAINT name]`
    fn constraint_name(&mut self) -> Parsed<Option<crate::Name>> {
        match self.eat_word("constraint") {
            true => Ok(Some(self.identifier("the name of the constraint")?)),
            false => Ok(None),
        }
    }

    fn table_constraint(&mut self) -> Parsed<TableConstraint> {
        let start = self.start();
        let name = self.constraint_name()?;
        let kind = if self.eat_words(&["primary", "key"]) {
            TableConstraintKind::PrimaryKey(self.column_list()?)
        } else if self.eat_word("unique") {
            TableConstraintKind::Unique(self.column_list()?)
        } else if self.eat_word("check") {
            TableConstraintKind::Check(self.parenthesised()?)
        } else if self.eat_words(&["foreign", "key"]) {
            let columns = self.column_list()?;
            if !self.at_word("references") {
                return self.unknown_word("`references`", &["references"]);
            }
            TableConstraintKind::ForeignKey(columns, self.references()?)
        } else {
            let words = ["primary key", "unique", "check", "foreign key"];
            return self.unknown_word("a constraint", &words);
        };
        self.no_deferring()?;
        Ok(TableConstraint {
            name,
            kind,
            span: self.since(start),
        })
    }

    fn column_definition(&mut self) -> Parsed<ColumnDefinition> {
        let start = self.start();
        let name = self.identifier("the name of a column")?;
        let data_type = self.type_name()?;
        let mut constraints = Vec::new();
        while let Some(constraint) = self.column_constraint()? {
            constraints.push(constraint);
        }
        Ok(ColumnDefinition {
            name,
            data_type,
            constraints,
            span: self.since(start),
        })
    }

    fn column_constraint(&mut self) -> Parsed<Option<ColumnConstraint>> {
        let start = self.start();
        let name = self.constraint_name()?;
        let kind = if self.eat_words(&["not", "null"]) {
            ColumnConstraintKind::NotNull
        } else if self.eat_word("null") {
            ColumnConstraintKind::Null
        } else if self.eat_words(&["primary", "key"]) {
            ColumnConstraintKind::PrimaryKey
        } else if self.eat_word("unique") {
            ColumnConstraintKind::Unique
        } else if self.eat_word("check") {
            ColumnConstraintKind::Check(self.parenthesised()?)
        } else if self.eat_word("default") {
            ColumnConstraintKind::Default(self.default_expression()?)
        } else if self.eat_word("generated") {
            self.identity()?
        } else if self.at_word("references") {
            ColumnConstraintKind::References(self.references()?)
        } else if self.at_word("collate") {
            return self.unsupported("`COLLATE`", "texts compare by their bytes");
        } else {
            self.no_deferring()?;
            let ends = [
                SyntaxKind::Comma,
                SyntaxKind::CloseParen,
                SyntaxKind::Semicolon,
            ];
            if name.is_none() && (ends.contains(&self.kind()) || !self.at(SyntaxKind::Word)) {
                return Ok(None);
            }
            let words = [
                "not null",
                "null",
                "primary key",
                "unique",
                "check",
                "default",
                "generated",
                "references",
            ];
            return self.unknown_word("`,`, `)` or a constraint", &words);
        };
        Ok(Some(ColumnConstraint {
            name,
            kind,
            span: self.since(start),
        }))
    }

    fn no_deferring(&mut self) -> Parsed<()> {
        let deferred = ["deferrable", "initially"]
            .iter()
            .any(|word| self.at_word(word));
        if deferred || self.at_words(&["not", "deferrable"]) {
            let hint = "constraints are checked at every statement";
            return self.unsupported("deferrable constraints", hint);
        }
        Ok(())
    }

    /// `ALWAYS AS IDENTITY` or `BY DEFAULT AS IDENTITY`
    fn identity(&mut self) -> Parsed<ColumnConstraintKind> {
        let always = self.eat_word("always");
        if !always && !self.eat_words(&["by", "default"]) {
            return self.unknown_word("`always` or `by default`", &["always", "by default"]);
        }
        self.expect_word("as")?;
        if self.at(SyntaxKind::OpenParen) {
            return self.unsupported("generated columns", "compute it in the query");
        }
        self.expect_word("identity")?;
        if self.at(SyntaxKind::OpenParen) {
            return self.unsupported("options of sequences", "sequences count 1, 2, 3");
        }
        Ok(ColumnConstraintKind::Identity { always })
    }

    /// `REFERENCES table [(columns)] [ON DELETE …] [ON UPDATE …]`
    fn references(&mut self) -> Parsed<References> {
        self.bump_as(SyntaxKind::Keyword);
        let mut references = References {
            table: self.table_name()?,
            columns: Vec::new(),
            on_delete: ReferentialAction::default(),
            on_update: ReferentialAction::default(),
        };
        if self.at(SyntaxKind::OpenParen) {
            references.columns = self.column_list()?;
        }
        if self.at_word("match") {
            return self.unsupported("`MATCH`", "leave it out: MATCH SIMPLE is the default");
        }
        // Each at most once, in either order.
        let mut left = vec!["delete", "update"];
        while self.eat_word("on") {
            let Some(word) = self.one_of(&left) else {
                return self.unknown_word("`delete` or `update`", &left);
            };
            left.retain(|other| *other != word);
            self.eat_word(word);
            let action = self.referential_action()?;
            match word {
                "delete" => references.on_delete = action,
                _ => references.on_update = action,
            }
        }
        Ok(references)
    }

    fn referential_action(&mut self) -> Parsed<ReferentialAction> {
        if self.eat_word("cascade") {
            Ok(ReferentialAction::Cascade)
        } else if self.eat_words(&["no", "action"]) || self.eat_word("restrict") {
            Ok(ReferentialAction::NoAction)
        } else if self.eat_words(&["set", "null"]) {
            Ok(ReferentialAction::SetNull)
        } else if self.at_words(&["set", "default"]) {
            self.unsupported("`SET DEFAULT`", "use SET NULL or CASCADE")
        } else {
            let words = ["cascade", "restrict", "no action", "set null"];
            self.unknown_word("what happens to the referencing row", &words)
        }
    }

    pub(super) fn alter_table(&mut self) -> Parsed<AlterTable> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        if !self.at_word("table") {
            let what = format!("`ALTER {}`", self.nth_text(0).to_ascii_uppercase());
            return self.unsupported(&what, "only tables are altered");
        }
        self.eat_word("table");
        if self.at_words(&["if", "exists"]) {
            return self.unsupported("`IF EXISTS`", "leave it out");
        }
        let table = self.table_name()?;
        let action = self.alter_action()?;
        if self.at(SyntaxKind::Comma) {
            return self.unsupported(
                "ALTER TABLE with several actions",
                "write one ALTER TABLE for each",
            );
        }
        Ok(AlterTable {
            table,
            action,
            span: self.since(start),
        })
    }

    fn alter_action(&mut self) -> Parsed<AlterAction> {
        let column = "the name of a column";
        if self.eat_word("rename") {
            if self.eat_word("to") {
                return Ok(AlterAction::RenameTable(self.identifier("its new name")?));
            }
            if self.at_word("constraint") {
                return self.unsupported("`RENAME CONSTRAINT`", "");
            }
            self.eat_word("column");
            let from = self.identifier(column)?;
            self.expect_word("to")?;
            return Ok(AlterAction::RenameColumn(
                from,
                self.identifier("its new name")?,
            ));
        }
        let constraint = ["constraint", "primary", "unique", "check", "foreign"];
        if self.eat_word("add") {
            if self.one_of(&constraint).is_some() {
                return self.unsupported("`ADD CONSTRAINT`", "write it in CREATE TABLE");
            }
            self.eat_word("column");
            if self.at_words(&["if", "not", "exists"]) {
                return self.unsupported("`IF NOT EXISTS`", "leave it out");
            }
            return Ok(AlterAction::AddColumn(self.column_definition()?));
        }
        if self.eat_word("drop") {
            if self.at_word("constraint") {
                return self.unsupported("`DROP CONSTRAINT`", "");
            }
            self.eat_word("column");
            if self.at_words(&["if", "exists"]) {
                return self.unsupported("`IF EXISTS`", "leave it out");
            }
            let name = self.identifier(column)?;
            if self.at_word("cascade") {
                return self.unsupported("`CASCADE`", "leave it out");
            }
            self.eat_word("restrict");
            return Ok(AlterAction::DropColumn(name));
        }
        if self.at_word("alter") {
            return self.unsupported("`ALTER COLUMN`", "add a column, copy, and drop the old one");
        }
        self.unknown_word("`rename`, `add` or `drop`", &["rename", "add", "drop"])
    }

    /// `DEFAULT` takes an expression without AND, OR, NOT and IS, or `not null` behind it would be ambiguous.
    fn default_expression(&mut self) -> Parsed<crate::ast::sql::Expression> {
        if self.at_word("not") {
            let message = "a default does not begin with NOT".to_string();
            return self.fail_hint(message, "put it in parentheses");
        }
        self.operand_expression()
    }
}
