//! Windows of functions: `OVER`, `WINDOW`, frames.

use super::{Parsed, Parser};
use crate::ast::sql::{FrameBound, FrameUnit, Over, WindowDefinition, WindowFrame};
use crate::{Name, SyntaxKind};

/// Words that begin what stands in a window, so that they are not the name of another one.
const PARTS: &[&str] = &["partition", "order", "rows", "range", "groups"];

impl Parser<'_> {
    /// `OVER name` or `OVER (…)`, behind OVER
    pub(super) fn over(&mut self) -> Parsed<Over> {
        if self.at(SyntaxKind::OpenParen) {
            return self.window().map(Over::Window);
        }
        self.identifier("a window").map(Over::Named)
    }

    /// `WINDOW name AS (…), …`
    pub(super) fn windows(&mut self) -> Parsed<Vec<(Name, WindowDefinition)>> {
        self.bump_as(SyntaxKind::Keyword);
        let mut windows = Vec::new();
        loop {
            let name = self.identifier("the name of a window")?;
            self.expect_word("as")?;
            windows.push((name, self.window()?));
            if !self.eat(SyntaxKind::Comma) {
                return Ok(windows);
            }
        }
    }

    fn window(&mut self) -> Parsed<WindowDefinition> {
        let start = self.start();
        self.node(SyntaxKind::Paren, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let base = match parser.at_name() && parser.one_of(PARTS).is_none() {
                true => Some(parser.identifier("the name of a window")?),
                false => None,
            };
            let mut window = WindowDefinition {
                base,
                partition_by: Vec::new(),
                order_by: Vec::new(),
                frame: None,
                span: parser.span(),
            };
            if parser.at_words(&["partition", "by"]) {
                window.partition_by = parser.node(SyntaxKind::Clause, |parser| {
                    parser.eat_words(&["partition", "by"]);
                    parser.expression_list()
                })?;
            }
            if parser.at_words(&["order", "by"]) {
                window.order_by = parser.node(SyntaxKind::Clause, |parser| parser.order_by())?;
            }
            if let Some(word) = parser.one_of(&["rows", "range", "groups"]) {
                window.frame =
                    Some(parser.node(SyntaxKind::Clause, |parser| parser.window_frame(word))?);
            }
            parser.expect(SyntaxKind::CloseParen, "`)`")?;
            window.span = parser.since(start);
            Ok(window)
        })
    }

    fn window_frame(&mut self, word: &str) -> Parsed<WindowFrame> {
        self.bump_as(SyntaxKind::Keyword);
        let unit = match word {
            "rows" => FrameUnit::Rows,
            "groups" => FrameUnit::Groups,
            _ => FrameUnit::Range,
        };
        let (start, end) = if self.eat_word("between") {
            let start = self.frame_bound()?;
            self.expect_word("and")?;
            (start, self.frame_bound()?)
        } else {
            (self.frame_bound()?, FrameBound::Current)
        };
        if self.at_word("exclude") {
            return self.unsupported("`EXCLUDE`", "");
        }
        Ok(WindowFrame { unit, start, end })
    }

    fn frame_bound(&mut self) -> Parsed<FrameBound> {
        if self.eat_words(&["unbounded", "preceding"]) {
            return Ok(FrameBound::First);
        }
        if self.eat_words(&["unbounded", "following"]) {
            return Ok(FrameBound::Last);
        }
        if self.eat_words(&["current", "row"]) {
            return Ok(FrameBound::Current);
        }
        let offset = Box::new(self.operand_expression()?);
        if self.eat_word("preceding") {
            return Ok(FrameBound::Before(offset));
        }
        if self.eat_word("following") {
            return Ok(FrameBound::After(offset));
        }
        self.unknown_word("`preceding`", &["preceding", "following"])
    }
}
