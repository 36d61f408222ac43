//! What PostgreSQL has and the language has not, where no other module meets it: rare statements, operators and
//! words for which the parser would otherwise only say that it expected something else.

use super::{Failed, Parsed, Parser};
use crate::{Diagnostic, SyntaxKind, TextEdit};

/// Rare statements of PostgreSQL's, with what one does instead. They begin no step: several of these words are
/// names that people give.
const STATEMENTS: &[(&str, &str)] = &[
    ("unlisten", "use a broker"),
    ("move", "use `for each row in (select …) { … }`"),
    ("close", "use `for each row in (select …) { … }`"),
    ("call", "write the statements of the procedure"),
    ("cluster", "rows lie in the order of their insertion"),
    ("comment", "use `-- …`"),
    ("security", ""),
    ("load", ""),
    ("import", ""),
    ("refresh", "there are no views: write the query"),
    ("reassign", ""),
];

/// Values without parentheses that are left out.
const VALUES: &[(&str, &str)] = &[
    ("current_user", "there are no users: pass a value"),
    ("session_user", "there are no users: pass a value"),
    ("current_role", "there are no users: pass a value"),
    ("current_catalog", "there are no catalogs"),
    ("current_time", "use CURRENT_TIMESTAMP"),
    ("localtime", "use LOCALTIMESTAMP"),
];

impl Parser<'_> {
    /// Refuses the rare statement that the next word begins, if it does.
    pub(super) fn refuse_rare_statement(&mut self) -> Parsed<()> {
        match STATEMENTS.iter().find(|(word, _)| self.at_word(word)) {
            Some((word, hint)) => {
                self.unsupported(&format!("`{}`", word.to_ascii_uppercase()), hint)
            }
            None => Ok(()),
        }
    }

    /// Refuses an operand that is left out, if one stands here.
    pub(super) fn refuse_operand(&mut self) -> Parsed<()> {
        if let Some((word, hint)) = VALUES.iter().find(|(word, _)| self.at_word(word)) {
            return self.unsupported(&format!("`{}`", word.to_ascii_uppercase()), hint);
        }
        if self.at_word("user") {
            return self.refuse_user();
        }
        let text = self.nth_text(0);
        if self.at(SyntaxKind::Unknown) && text == "$" {
            return self.unsupported("strings in dollar quotes", "write '…', with '' for a quote");
        }
        if text.starts_with(['~', '^', '&', '|', '@', '?', '!', '#']) {
            return self.unsupported(&format!("the operator {}", self.found()), "");
        }
        Ok(())
    }

    /// A value in PostgreSQL, and more often meant as a name.
    fn refuse_user(&mut self) -> Parsed<()> {
        let edit = TextEdit {
            span: self.span(),
            text: "\"user\"".to_string(),
        };
        let message = "PostgreSQL has `USER`, Tidewire does not";
        self.report(
            Diagnostic::error("not-supported", self.span(), message)
                .hint("SQL reserves it: as a name it is written \"user\"")
                .fix("Put it in quotes", vec![edit]),
        );
        Err(Failed)
    }

    /// Refuses what may follow an operand in PostgreSQL and not here, if it stands here.
    pub(super) fn refuse_behind_operand(&mut self) -> Parsed<()> {
        if self.at(SyntaxKind::Unknown) && "~^&|@!".contains(self.nth_text(0)) {
            return self.unsupported(&format!("the operator {}", self.found()), "");
        }
        if self.at_words(&["at", "time", "zone"]) {
            return self.unsupported("`AT TIME ZONE`", "there is one time zone, UTC");
        }
        if self.at_word("collate") {
            return self.unsupported("`COLLATE`", "texts compare by their bytes");
        }
        if self.at_word("operator") && self.nth(1) == SyntaxKind::OpenParen {
            return self.unsupported("`OPERATOR(…)`", "write the operator itself");
        }
        Ok(())
    }

    /// Refuses `ONLY` before a table.
    pub(super) fn refuse_only(&mut self) -> Parsed<()> {
        match self.at_word("only") {
            true => self.unsupported("`ONLY`", "tables have no heirs here: leave it out"),
            false => Ok(()),
        }
    }

    /// Refuses clauses behind `CREATE TABLE t (…)`.
    pub(super) fn refuse_table_options(&mut self) -> Parsed<()> {
        let words = [
            "inherits",
            "partition",
            "with",
            "without",
            "tablespace",
            "using",
        ];
        let word = self.one_of(&words);
        let word = word.or(self.at_words(&["on", "commit"]).then_some("on commit"));
        match word {
            Some(word) => {
                let what = format!("`{}` behind CREATE TABLE", word.to_ascii_uppercase());
                self.unsupported(&what, "leave it out")
            }
            None => Ok(()),
        }
    }
}
