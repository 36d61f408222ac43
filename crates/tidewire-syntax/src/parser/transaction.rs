//! Transaction control, session parameters, prepared transactions, LOCK TABLE and what keeps a database in
//! order.

use std::sync::Arc;

use super::name::unquote;
use super::{Parsed, Parser};
use crate::ast::sql::{
    IsolationLevel, LockTable, Maintenance, SessionStatement, SetParameter, Statement,
    TableLockMode, TableName, TransactionModes,
};
use crate::words::is_reserved;
use crate::{Name, SyntaxKind};

/// How PostgreSQL counts the bytes of an identifier of a prepared transaction (`GIDSIZE`).
const MAX_GID: usize = 200;

impl Parser<'_> {
    pub(super) fn transaction(&mut self, word: &str) -> Parsed<Statement> {
        match word {
            "begin" | "start" | "savepoint" | "release" | "commit" | "end" | "rollback"
            | "abort" => {}
            _ => return self.session_statement(word),
        }
        self.bump_as(SyntaxKind::Keyword);
        match word {
            "begin" => self.begin(),
            "start" => {
                if !self.at_word("transaction") {
                    return self.unknown_word("`transaction`", &["transaction"]);
                }
                self.begin()
            }
            "savepoint" => Ok(Statement::Savepoint(self.savepoint_name()?)),
            "release" => {
                self.eat_word("savepoint");
                Ok(Statement::Release(self.savepoint_name()?))
            }
            "commit" if self.eat_word("prepared") => {
                self.session(|parser| Ok(SessionStatement::CommitPrepared(parser.gid()?)))
            }
            "rollback" if self.eat_word("prepared") => {
                self.session(|parser| Ok(SessionStatement::RollbackPrepared(parser.gid()?)))
            }
            "commit" | "end" => {
                self.transaction_word();
                let chain = self.chain()?;
                Ok(Statement::Commit { chain })
            }
            _ => {
                self.transaction_word();
                if word == "rollback" && self.eat_word("to") {
                    self.eat_word("savepoint");
                    return Ok(Statement::RollbackTo(self.savepoint_name()?));
                }
                let chain = self.chain()?;
                Ok(Statement::Rollback { chain })
            }
        }
    }

    fn session(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Parsed<SessionStatement>,
    ) -> Parsed<Statement> {
        parse(self).map(Statement::Session)
    }

    fn savepoint_name(&mut self) -> Parsed<Name> {
        self.identifier("the name of a savepoint")
    }

    fn transaction_word(&mut self) {
        if !self.eat_word("work") {
            self.eat_word("transaction");
        }
    }

    /// `[AND [NO] CHAIN]`
    fn chain(&mut self) -> Parsed<bool> {
        if !self.eat_word("and") {
            return Ok(false);
        }
        let no = self.eat_word("no");
        self.expect_word("chain")?;
        Ok(!no)
    }

    fn begin(&mut self) -> Parsed<Statement> {
        self.transaction_word();
        self.modes(false).map(Statement::Begin)
    }

    /// `ISOLATION LEVEL …`, `READ ONLY`, `NOT DEFERRABLE`, in any order, with commas or without.
    fn modes(&mut self, needed: bool) -> Parsed<TransactionModes> {
        let mut modes = TransactionModes::default();
        let mut any = false;
        loop {
            if self.eat_word("isolation") {
                self.expect_word("level")?;
                modes.isolation = Some(self.isolation_level()?);
            } else if self.eat_words(&["read", "only"]) {
                modes.read_only = Some(true);
            } else if self.eat_words(&["read", "write"]) {
                modes.read_only = Some(false);
            } else if self.eat_words(&["not", "deferrable"]) {
                modes.deferrable = Some(false);
            } else if self.eat_word("deferrable") {
                modes.deferrable = Some(true);
            } else if needed && !any {
                let words = ["isolation level", "read only", "read write", "deferrable"];
                return self.unknown_word("a transaction mode", &words);
            } else {
                return Ok(modes);
            }
            any = true;
            needs_another(self);
        }
    }

    /// A statement about the session that begins with this word.
    pub(super) fn session_statement(&mut self, word: &str) -> Parsed<Statement> {
        self.bump_as(SyntaxKind::Keyword);
        let statement = match word {
            "set" => self.set()?,
            "reset" if self.eat_word("all") => SessionStatement::Reset(None),
            "reset" => SessionStatement::Reset(Some(self.parameter_name()?)),
            "show" => SessionStatement::Show(self.parameter_name()?),
            "prepare" => {
                self.bump_as(SyntaxKind::Keyword);
                SessionStatement::PrepareTransaction(self.gid()?)
            }
            "lock" => SessionStatement::LockTable(self.lock_table()?),
            "vacuum" => {
                self.maintenance_options(&["full", "freeze", "verbose", "analyze"])?;
                SessionStatement::Maintain(Maintenance::Vacuum(self.maintained_tables()?))
            }
            "analyze" => {
                self.maintenance_options(&["verbose"])?;
                SessionStatement::Maintain(Maintenance::Analyze(self.maintained_tables()?))
            }
            "reindex" => SessionStatement::Maintain(self.reindex()?),
            "discard" => {
                if !self.eat_word("all") {
                    return self.unsupported("parts of `DISCARD`", "write DISCARD ALL");
                }
                SessionStatement::Maintain(Maintenance::DiscardAll)
            }
            _ => SessionStatement::Maintain(Maintenance::Checkpoint),
        };
        Ok(Statement::Session(statement))
    }

    fn set(&mut self) -> Parsed<SessionStatement> {
        if self.at_words(&["transaction", "snapshot"]) {
            let hint = "every transaction takes a snapshot of its own";
            return self.unsupported("`SET TRANSACTION SNAPSHOT`", hint);
        }
        if self.eat_word("transaction") {
            return Ok(SessionStatement::SetTransaction(self.modes(true)?));
        }
        if self.at_words(&["session", "characteristics"]) {
            self.eat_words(&["session", "characteristics"]);
            self.expect_word("as")?;
            self.expect_word("transaction")?;
            return Ok(SessionStatement::SetCharacteristics(self.modes(true)?));
        }
        if self.at_word("constraints") {
            let hint = "constraints are checked at every statement";
            return self.unsupported("`SET CONSTRAINTS`", hint);
        }
        for (words, what) in [
            (&["role"][..], "`SET ROLE`"),
            (&["session", "authorization"], "`SET SESSION AUTHORIZATION`"),
        ] {
            let value = self.nth(words.len());
            if self.at_words(words) && matches!(value, SyntaxKind::Word | SyntaxKind::String) {
                return self.unsupported(what, "there are no users");
            }
        }
        let local = self.eat_word("local");
        if !local {
            self.eat_word("session");
        }
        // The two words take their value without `to`.
        let zone = self.at_words(&["time", "zone"]);
        let name = self.parameter_name()?;
        if !zone && !self.eat_word("to") {
            self.expect(SyntaxKind::Equal, "`to` or `=`")?;
        }
        let value = match self.eat_word("default") {
            true => None,
            false => Some(self.parameter_value()?),
        };
        Ok(SessionStatement::Set(SetParameter { local, name, value }))
    }

    /// `name`, `extension.name`, or the two words that stand for one name.
    fn parameter_name(&mut self) -> Parsed<Name> {
        let start = self.start();
        let written = |parser: &mut Self, name: &str| Name::new(name, parser.since(start));
        if self.eat_words(&["transaction", "isolation", "level"]) {
            return Ok(written(self, "transaction_isolation"));
        }
        if self.eat_words(&["time", "zone"]) {
            return Ok(written(self, "timezone"));
        }
        let first = self.identifier("the name of a parameter")?;
        if !self.eat(SyntaxKind::Dot) {
            return Ok(first);
        }
        let second = self.identifier("the name of a parameter")?;
        let name = format!("{first}.{second}");
        Ok(written(self, &name))
    }

    /// Strings, numbers and words, with commas between them.
    fn parameter_value(&mut self) -> Parsed<Arc<str>> {
        let mut value = String::new();
        loop {
            let signed = self.at(SyntaxKind::Minus) || self.at(SyntaxKind::Plus);
            if signed {
                if self.at(SyntaxKind::Minus) {
                    value.push('-');
                }
                self.bump();
            }
            let number = matches!(self.kind(), SyntaxKind::Integer | SyntaxKind::Decimal);
            if signed && !number {
                return self.fail("a number");
            }
            match self.kind() {
                SyntaxKind::String => value.push_str(&unquote(self.nth_text(0), '\'')),
                SyntaxKind::QuotedWord => value.push_str(&unquote(self.nth_text(0), '"')),
                SyntaxKind::Integer | SyntaxKind::Decimal => value.push_str(self.nth_text(0)),
                SyntaxKind::Word if self.at_parameter_word() => {
                    value.push_str(&self.nth_text(0).to_ascii_lowercase());
                }
                SyntaxKind::Duration => {
                    let hint = format!("quote it: '{}'", self.nth_text(0));
                    return self.fail_hint("a value with a unit is a string".into(), hint);
                }
                _ => return self.fail("a value"),
            }
            self.bump();
            if !self.eat(SyntaxKind::Comma) {
                return Ok(value.into());
            }
            value.push_str(", ");
        }
    }

    /// Words that need no quotes as the value of a parameter.
    fn at_parameter_word(&self) -> bool {
        !is_reserved(self.nth_text(0)) || self.one_of(&["true", "false", "on"]).is_some()
    }

    /// `'gid'`
    fn gid(&mut self) -> Parsed<Arc<str>> {
        let at = self.span();
        let gid = self.text_literal("the transaction's identifier, a string")?;
        if gid.value.len() >= MAX_GID {
            let message = format!("transaction identifier \"{}\" is too long", gid.value);
            self.report(crate::Diagnostic::error("syntax", at, message));
        }
        Ok(gid.value.into())
    }

    /// `[TABLE] a, b [IN … MODE] [NOWAIT]`
    fn lock_table(&mut self) -> Parsed<LockTable> {
        let start = self.start();
        self.eat_word("table");
        self.eat_word("only");
        let mut tables = vec![self.table_name()?];
        while self.eat(SyntaxKind::Comma) {
            tables.push(self.table_name()?);
        }
        let mut mode = TableLockMode::AccessExclusive;
        // A database may be named behind it: `lock t in shop_db;`.
        let modes = ["access", "row", "share", "exclusive"];
        let named = modes.iter().any(|word| self.nth_word(1, word)) || self.nth_word(2, "mode");
        if self.at_word("in") && named {
            self.eat_word("in");
            mode = self.table_lock_mode()?;
            self.expect_word("mode")?;
        }
        let no_wait = self.eat_word("nowait");
        Ok(LockTable {
            tables,
            mode,
            no_wait,
            span: self.since(start),
        })
    }

    fn table_lock_mode(&mut self) -> Parsed<TableLockMode> {
        for mode in TableLockMode::ALL {
            let words: Vec<&str> = mode.words().split(' ').chain(["mode"]).collect();
            if self.at_words(&words) {
                self.eat_words(&words[..words.len() - 1]);
                return Ok(mode);
            }
        }
        let words = TableLockMode::ALL.map(TableLockMode::words);
        self.unknown_word("a lock mode", &words)
    }

    /// `(option, option on)` and the old bare words; none has an effect.
    fn maintenance_options(&mut self, words: &[&str]) -> Parsed<()> {
        let before = self.at;
        for word in words {
            self.eat_word(word);
        }
        if self.at != before || !self.at(SyntaxKind::OpenParen) {
            return Ok(());
        }
        self.node(SyntaxKind::List, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            loop {
                if !parser.eat_word("analyze") {
                    parser.identifier("an option")?;
                }
                let word = parser.at(SyntaxKind::Word) && parser.at_parameter_word();
                if word || parser.at(SyntaxKind::Integer) {
                    parser.bump();
                }
                if !parser.eat(SyntaxKind::Comma) {
                    return parser.expect(SyntaxKind::CloseParen, "`,` or `)`");
                }
            }
        })
    }

    fn maintained_tables(&mut self) -> Parsed<Vec<TableName>> {
        let mut tables = Vec::new();
        if self.at_name() {
            loop {
                tables.push(self.table_name()?);
                if self.at(SyntaxKind::OpenParen) {
                    self.column_list()?;
                }
                if !self.eat(SyntaxKind::Comma) {
                    break;
                }
            }
        }
        Ok(tables)
    }

    /// `read committed` and its kin.
    pub(super) fn isolation_level(&mut self) -> Parsed<IsolationLevel> {
        if self.eat_words(&["read", "committed"]) {
            Ok(IsolationLevel::ReadCommitted)
        } else if self.eat_words(&["read", "uncommitted"]) {
            Ok(IsolationLevel::ReadUncommitted)
        } else if self.eat_words(&["repeatable", "read"]) {
            Ok(IsolationLevel::RepeatableRead)
        } else if self.eat_word("serializable") {
            Ok(IsolationLevel::Serializable)
        } else {
            let message = format!("expected an isolation level, found {}", self.found());
            self.fail_hint(
                message,
                "one of: read committed, repeatable read, serializable, read uncommitted",
            )
        }
    }
}

/// A comma between modes may be left out.
fn needs_another(parser: &mut Parser<'_>) {
    let more = ["isolation", "read", "not", "deferrable"];
    if parser.at(SyntaxKind::Comma) && more.iter().any(|word| parser.nth_word(1, word)) {
        parser.bump();
    }
}
