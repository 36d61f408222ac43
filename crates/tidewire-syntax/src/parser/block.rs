//! The blocks of a file or a design, and those that are one line. Stores and brokers: `store`; services:
//! `service`; clients: `client`; faults: `fault`.

use super::recover::BLOCK_WORDS;
use super::{Parsed, Parser};
use crate::ast::sql::{Query, TableName};
use crate::ast::{
    Design, Event, Field, Invariant, InvariantMode, Item, ItemKind, Position, Relay, RelayMemory,
    ServiceRole,
};
use crate::{Diagnostic, Name, SyntaxKind};

/// Blocks that the language reserves and does not have yet.
const LATER: &[&str] = &["capture"];

impl Parser<'_> {
    /// Blocks up to the end of the text.
    pub(super) fn items(&mut self, in_design: bool) -> Vec<Item> {
        let mut items = Vec::new();
        loop {
            let before = self.at;
            match self.kind() {
                SyntaxKind::End => return items,
                SyntaxKind::Semicolon => self.bump(),
                SyntaxKind::CloseBrace => {
                    let message = "this `}` closes nothing";
                    self.report(Diagnostic::error("syntax", self.span(), message));
                    self.node(SyntaxKind::Error, |parser| parser.bump());
                }
                _ => match self.item(in_design) {
                    Ok(item) => items.push(item),
                    Err(_) => self.recover(before),
                },
            }
            if self.at == before {
                self.node(SyntaxKind::Error, |parser| parser.bump());
            }
        }
    }

    fn item(&mut self, in_design: bool) -> Parsed<Item> {
        let start = self.start();
        if self.at_word("saga") {
            let message = "a saga belongs to the service that orchestrates it".to_owned();
            return self.fail_hint(message, "move it into a service block, among its commands");
        }
        if let Some(word) = self.one_of(LATER) {
            return self.not_yet(&format!("the block `{word}`"));
        }
        let Some(word) = self.one_of(BLOCK_WORDS) else {
            if in_design && self.at_word("without") {
                let kind = self.node(SyntaxKind::Without, |parser| parser.without())?;
                let kind = ItemKind::Without(kind);
                return Ok(Item {
                    kind,
                    span: self.since(start),
                });
            }
            return self.unknown_word("a block", BLOCK_WORDS);
        };
        let kind = match word {
            "scenario" => self.titled(SyntaxKind::Scenario, ItemKind::Scenario),
            "about" => self.titled(SyntaxKind::About, ItemKind::About),
            "event" => self.node(SyntaxKind::Event, |parser| parser.event()),
            "database" => self.node(SyntaxKind::Database, |parser| parser.database()),
            "broker" => self.node(SyntaxKind::Broker, |parser| parser.broker()),
            "service" => self.service_block(ServiceRole::Service),
            "gateway" => self.service_block(ServiceRole::Gateway),
            "external" => self.service_block(ServiceRole::External),
            "projection" => self.node(SyntaxKind::Service, |parser| parser.projection()),
            "relay" => self.node(SyntaxKind::Relay, |parser| parser.relay()),
            "client" => self.node(SyntaxKind::Client, |parser| parser.client()),
            "invariant" => self.node(SyntaxKind::Invariant, |parser| parser.invariant()),
            "fault" => self.node(SyntaxKind::Fault, |parser| parser.fault()),
            "explore" => self.node(SyntaxKind::Explore, |parser| parser.explore()),
            "lesson" => self.node(SyntaxKind::Lesson, |parser| parser.lesson()),
            "layout" => self.node(SyntaxKind::Layout, |parser| parser.layout()),
            _ => self.node(SyntaxKind::Design, |parser| parser.design()),
        }?;
        Ok(Item {
            kind,
            span: self.since(start),
        })
    }

    fn service_block(&mut self, role: ServiceRole) -> Parsed<ItemKind> {
        self.node(SyntaxKind::Service, |parser| parser.service(role))
    }

    /// `word 'text' [;]`
    fn titled(
        &mut self,
        node: SyntaxKind,
        make: fn(crate::ast::Text) -> ItemKind,
    ) -> Parsed<ItemKind> {
        self.node(node, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            let text = parser.text_literal("a text in single quotes")?;
            parser.eat(SyntaxKind::Semicolon);
            Ok(make(text))
        })
    }

    /// `without NAME;`
    pub(super) fn without(&mut self) -> Parsed<Name> {
        self.expect_word("without")?;
        let name = self.block_name("the name of what is taken out")?;
        self.semicolon()?;
        Ok(name)
    }

    fn event(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the event")?;
        let fields = self.fields()?;
        self.semicolon()?;
        Ok(ItemKind::Event(Event { name, fields }))
    }

    /// `(name type, …)`
    pub(super) fn fields(&mut self) -> Parsed<Vec<Field>> {
        self.node(SyntaxKind::Fields, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let mut fields = Vec::new();
            while !parser.at(SyntaxKind::CloseParen) {
                let name = parser.identifier("the name of a field")?;
                let data_type = parser.type_name()?;
                fields.push(Field { name, data_type });
                if !parser.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            Ok(fields)
        })
    }

    /// `relay NAME from DB.TABLE [to BROKER] polling every D [delete | mark COLUMN];`
    fn relay(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the relay")?;
        self.expect_word("from")?;
        let table = self.qualified_table()?;
        let broker = match self.eat_word("to") {
            true => Some(self.block_name("the name of the broker")?),
            false => None,
        };
        self.expect_word("polling")?;
        self.expect_word("every")?;
        let every = self.duration()?;
        let memory = if self.eat_word("mark") {
            RelayMemory::Mark(self.identifier("the column that is set true")?)
        } else if self.eat_word("position") {
            RelayMemory::Position
        } else {
            self.eat_word("delete");
            RelayMemory::Delete
        };
        self.semicolon()?;
        Ok(ItemKind::Relay(Relay {
            name,
            table,
            broker,
            every,
            memory,
        }))
    }

    fn qualified_table(&mut self) -> Parsed<TableName> {
        let table = self.table_name()?;
        if table.database.is_none() {
            let message = "the table of a relay needs its database".to_string();
            let hint = format!("write `database.{}`", table.table);
            self.report(Diagnostic::error("syntax", table.span, message).hint(hint));
        }
        Ok(table)
    }

    /// `invariant 'sentence' always | finally | within D no rows SELECT …;`
    fn invariant(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let sentence = self.text_literal("a sentence in single quotes")?;
        let mode = if self.eat_word("always") {
            InvariantMode::Always
        } else if self.eat_word("finally") {
            InvariantMode::Finally
        } else if self.eat_word("within") {
            InvariantMode::Within(self.duration()?)
        } else {
            return self.unknown_word("when it is judged", &["always", "finally", "within"]);
        };
        self.expect_word("no")?;
        self.expect_word("rows")?;
        let query = Box::new(self.rows_query()?);
        self.semicolon()?;
        Ok(ItemKind::Invariant(Invariant {
            sentence,
            mode,
            query,
        }))
    }

    /// The query behind `rows`.
    pub(super) fn rows_query(&mut self) -> Parsed<Query> {
        if !self.at_word("select") {
            return self.unknown_word("the query that finds what breaks it", &["select"]);
        }
        self.query()
    }

    /// `explore crashes 1, duplicates 1;`
    fn explore(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let mut budget = Vec::new();
        loop {
            let what = self.identifier("what may be spent, such as `crashes`")?;
            budget.push((what, self.count("how many")?));
            if !self.eat(SyntaxKind::Comma) {
                break;
            }
        }
        self.semicolon()?;
        Ok(ItemKind::Explore(budget))
    }

    fn design(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.text_literal("the name of the design in single quotes")?;
        let mut items = Vec::new();
        self.braced(true, &mut |parser| {
            items.push(parser.item(true)?);
            Ok(())
        })?;
        Ok(ItemKind::Design(Design { name, items }))
    }

    /// `layout { node x y; … }`
    fn layout(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let mut positions = Vec::new();
        self.braced(false, &mut |parser| {
            let position = parser.node(SyntaxKind::Position, |parser| parser.position())?;
            positions.push(position);
            Ok(())
        })?;
        Ok(ItemKind::Layout(positions))
    }

    fn position(&mut self) -> Parsed<Position> {
        let start = self.start();
        let node = self.block_name("the name of a node")?;
        let x = self.coordinate()?;
        let y = self.coordinate()?;
        self.semicolon()?;
        Ok(Position {
            node,
            x,
            y,
            span: self.since(start),
        })
    }

    fn coordinate(&mut self) -> Parsed<i32> {
        let negative = self.eat(SyntaxKind::Minus);
        let pixels = self.count("a whole number of pixels")?;
        match i32::try_from(pixels) {
            Ok(pixels) if negative => Ok(-pixels),
            Ok(pixels) => Ok(pixels),
            Err(_) => self.fail("a smaller number of pixels"),
        }
    }
}
