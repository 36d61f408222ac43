//! `CREATE INDEX`, `DROP INDEX`, `REINDEX`, and what ON CONFLICT names an index by.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{
    ConflictTarget, CreateIndex, DropIndex, Expression, ExpressionKind, Maintenance,
};

impl Parser<'_> {
    /// `CREATE [UNIQUE] INDEX [name] ON table (keys) [INCLUDE (columns)] [WHERE …]`
    pub(super) fn create_index(&mut self) -> Parsed<CreateIndex> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let unique = self.eat_word("unique");
        self.expect_word("index")?;
        if self.at_word("concurrently") {
            return self.unsupported("`CONCURRENTLY`", "leave it out");
        }
        if self.at_words(&["if", "not", "exists"]) {
            let hint = "leave it out: every run begins with empty databases";
            return self.unsupported("`IF NOT EXISTS`", hint);
        }
        let name = match self.at_word("on") {
            true => None,
            false => Some(self.identifier("the name of the index")?),
        };
        self.expect_word("on")?;
        let table = self.table_name()?;
        if self.eat_word("using") && !self.eat_word("btree") {
            let what = format!("indexes of kind {}", self.found());
            return self.unsupported(&what, "leave it out: all indexes are B-trees");
        }
        let keys = self.index_keys()?;
        if self.eat_word("include") {
            self.column_list()?;
        }
        if self.at_word("nulls") || self.at_word("with") || self.at_word("tablespace") {
            let what = format!("{} in CREATE INDEX", self.found());
            return self.unsupported(&what, "leave it out");
        }
        let filter = self.filter()?;
        Ok(CreateIndex {
            unique,
            name,
            table,
            keys,
            filter,
            span: self.since(start),
        })
    }

    /// `(column, function(…), (expression) [ASC | DESC] [NULLS FIRST | LAST], …)`
    fn index_keys(&mut self) -> Parsed<Vec<Expression>> {
        self.node(SyntaxKind::List, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let mut keys = Vec::new();
            loop {
                keys.push(parser.index_key()?);
                let _ = parser.eat_word("asc") || parser.eat_word("desc");
                let _ =
                    parser.eat_words(&["nulls", "first"]) || parser.eat_words(&["nulls", "last"]);
                if !parser.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            Ok(keys)
        })
    }

    /// `column`, `function(…)` or `(expression)`
    fn index_key(&mut self) -> Parsed<Expression> {
        let parenthesised = self.at(SyntaxKind::OpenParen);
        let key = self.atom()?;
        self.refuse_behind_operand()?;
        let right = match &key.kind {
            ExpressionKind::Row(_) => false,
            ExpressionKind::Column { table, .. } => parenthesised || table.is_none(),
            ExpressionKind::Function(call) => {
                parenthesised || (call.over.is_none() && call.filter.is_none())
            }
            ExpressionKind::Cast(..) => true,
            _ => parenthesised,
        };
        if right {
            return Ok(key);
        }
        let message = "the key of an index is a column, a function or a parenthesis".to_string();
        self.fail_hint(message, "put expressions in parentheses")
    }

    /// `DROP INDEX name, …`
    pub(super) fn drop_index(&mut self) -> Parsed<DropIndex> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("index")?;
        if self.at_words(&["if", "exists"]) {
            return self.unsupported("`IF EXISTS`", "leave it out");
        }
        let mut names = Vec::new();
        loop {
            names.push(self.identifier("the name of an index")?);
            if !self.eat(SyntaxKind::Comma) {
                break;
            }
        }
        if self.at_word("cascade") {
            return self.unsupported("`CASCADE`", "leave it out");
        }
        self.eat_word("restrict");
        Ok(DropIndex {
            names,
            span: self.since(start),
        })
    }

    /// `REINDEX TABLE t`, `REINDEX INDEX i`: accepted, and without effect.
    pub(super) fn reindex(&mut self) -> Parsed<Maintenance> {
        if self.eat_word("table") {
            return Ok(Maintenance::Reindex(Some(self.table_name()?)));
        }
        self.expect_word("index")?;
        self.identifier("the name of an index")?;
        Ok(Maintenance::Reindex(None))
    }

    /// `(keys) [WHERE …]`, `ON CONSTRAINT name`, or nothing
    pub(super) fn conflict_target(&mut self) -> Parsed<ConflictTarget> {
        if self.eat_words(&["on", "constraint"]) {
            let name = self.identifier("the name of the constraint")?;
            return Ok(ConflictTarget::Constraint(name));
        }
        if !self.at(SyntaxKind::OpenParen) {
            return Ok(ConflictTarget::Any);
        }
        let keys = self.index_keys()?;
        let filter = self.filter()?;
        Ok(ConflictTarget::Keys { keys, filter })
    }
}
