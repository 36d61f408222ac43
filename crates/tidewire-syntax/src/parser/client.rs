//! Clients: who does how much of what.

use super::name::scaled;
use super::{Parsed, Parser};
use crate::ast::{Client, ItemKind, Load};
use crate::{Diagnostic, SyntaxKind};

const HEADER: &[&str] = &["users", "requests", "rate"];

impl Parser<'_> {
    /// `client NAME [users N] requests M | rate R/s for D { [think D;] step … }`
    pub(super) fn client(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the client")?;
        let (mut users, mut load) = (None, None);
        while !self.at(SyntaxKind::OpenBrace) {
            match self.one_of(HEADER) {
                Some(word) => {
                    self.bump_as(SyntaxKind::Keyword);
                    match word {
                        "users" => users = Some(self.count("how many users")?),
                        "requests" => {
                            load = Some(Load::Requests(self.count("how many requests")?));
                        }
                        _ => load = Some(self.rate()?),
                    }
                }
                None => return self.unknown_word("`{` or how much the client does", HEADER),
            }
        }
        if load.is_none() {
            self.report(
                Diagnostic::error(
                    "syntax",
                    name.span,
                    "this client does not say how much it does",
                )
                .hint("add `requests 12` (in all) or `rate 5/s for 10s` behind its name"),
            );
        }
        let (mut think, mut body) = (None, Vec::new());
        self.braced(false, &mut |parser| {
            if parser.at_word("think") {
                think = Some(parser.setting(|parser| parser.delay())?);
            } else {
                body.push(parser.step()?);
            }
            Ok(())
        })?;
        Ok(ItemKind::Client(Client {
            name,
            users,
            load: load.unwrap_or(Load::Requests(0)),
            think,
            body,
        }))
    }

    /// `80/s for 10s`
    fn rate(&mut self) -> Parsed<Load> {
        if !matches!(self.kind(), SyntaxKind::Integer | SyntaxKind::Decimal) {
            return self.fail("a rate such as `80/s`");
        }
        let Some(micros) = scaled(self.nth_text(0), 1_000_000) else {
            return self.number_too_large();
        };
        self.bump();
        self.expect(SyntaxKind::Slash, "`/s`")?;
        let divisor = match self.one_of(&["s", "m", "h"]) {
            Some("s") => 1,
            Some("m") => 60,
            Some(_) => 3_600,
            None => return self.unknown_word("`s`, `m` or `h`", &["s", "m", "h"]),
        };
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("for")?;
        Ok(Load::Rate {
            micros_per_second: micros / divisor,
            duration: self.duration()?,
        })
    }
}
