//! `CREATE TABLE`: columns and constraints. What changes or removes tables stands in `alter`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{
    ColumnConstraint, ColumnConstraintKind, ColumnDefinition, CreateTable, References,
    ReferentialAction, TableConstraint, TableConstraintKind,
};

impl Parser<'_> {
    pub(super) fn create_table(&mut self) -> Parsed<CreateTable> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        // What survives a crash of the whole server is the same here.
        self.eat_word("unlogged");
        if !self.at_word("table") {
            let hint = "only tables and indexes are created";
            let what = format!("`CREATE {}`", self.nth_text(0).to_ascii_uppercase());
            return match self.at(SyntaxKind::Word) {
                true => self.unsupported(&what, hint),
                false => self.fail("`table`"),
            };
        }
        self.eat_word("table");
        let if_not_exists = self.eat_words(&["if", "not", "exists"]);
        let mut create = CreateTable {
            name: self.table_name()?,
            columns: Vec::new(),
            constraints: Vec::new(),
            if_not_exists,
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
            while !parser.at(SyntaxKind::CloseParen) || !create.columns.is_empty() {
                parser.table_element(&mut create)?;
                if !parser.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")
        })?;
        self.storage_parameters()?;
        self.refuse_table_options()?;
        create.span = self.since(start);
        Ok(create)
    }

    /// `[WITH (fillfactor = 70, …)]`: no outcome depends on them.
    fn storage_parameters(&mut self) -> Parsed<()> {
        if !self.at_word("with") || self.nth(1) != SyntaxKind::OpenParen {
            return Ok(());
        }
        self.eat_word("with");
        self.node(SyntaxKind::List, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            loop {
                parser.identifier("the name of a storage parameter")?;
                if parser.eat(SyntaxKind::Equal) {
                    parser.operand_expression()?;
                }
                if !parser.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")
        })
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
            Some("like" | "exclude")
                if !self.at_name()
                    || self.nth(1) != SyntaxKind::Word
                    || self.nth_word(1, "using") =>
            {
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

    pub(super) fn table_constraint(&mut self) -> Parsed<TableConstraint> {
        let start = self.start();
        let name = self.constraint_name()?;
        let kind = if self.eat_words(&["primary", "key"]) {
            TableConstraintKind::PrimaryKey(self.key_columns()?)
        } else if self.eat_word("unique") {
            TableConstraintKind::Unique(self.key_columns()?)
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

    /// `(columns) [INCLUDE (columns)]`; what is included changes no outcome.
    fn key_columns(&mut self) -> Parsed<Vec<crate::Name>> {
        let columns = self.column_list()?;
        if self.eat_word("include") {
            self.column_list()?;
        }
        Ok(columns)
    }

    pub(super) fn column_definition(&mut self) -> Parsed<ColumnDefinition> {
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
        } else if self.eat_word("primary") {
            self.expect_word("key")?;
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

    /// `DEFAULT` takes an expression without AND, OR, NOT and IS, or `not null` behind it would be ambiguous.
    pub(super) fn default_expression(&mut self) -> Parsed<crate::ast::sql::Expression> {
        if self.at_word("not") {
            let message = "a default does not begin with NOT".to_string();
            return self.fail_hint(message, "put it in parentheses");
        }
        self.operand_expression()
    }
}
