//! Databases and brokers.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::{
    Broker, BrokerMember, Database, DatabaseMember, Failing, ItemKind, Member, Queue,
};

/// Kinds of databases and brokers; whether one can run is decided where names are resolved.
const DATABASE_KINDS: &[&str] = &[
    "relational",
    "document",
    "keyvalue",
    "widecolumn",
    "graph",
    "search",
    "events",
];
const BROKER_KINDS: &[&str] = &["log", "queue", "pubsub"];

const DATABASE_MEMBERS: &[&str] = &[
    "create",
    "insert",
    "isolation",
    "connections",
    "latency",
    "without",
    "alter",
    "drop",
    "truncate",
    "update",
    "delete",
];
const BROKER_MEMBERS: &[&str] = &["topic", "queue", "subject", "latency", "without"];

impl Parser<'_> {
    /// The kind behind the name; an unknown one is reported and taken.
    fn store_kind(&mut self, what: &str, kinds: &[&str]) -> Parsed<Option<crate::Name>> {
        if !self.at(SyntaxKind::Word) {
            return Ok(None);
        }
        if self.one_of(kinds).is_none() {
            let _ = self.unknown_word::<()>(what, kinds);
        }
        let name = self.name_here(true);
        self.bump_as(SyntaxKind::Keyword);
        Ok(Some(name))
    }

    pub(super) fn database(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the database")?;
        let kind = self.store_kind("the kind of database", DATABASE_KINDS)?;
        let mut members = Vec::new();
        if !self.eat(SyntaxKind::Semicolon) {
            self.braced(false, &mut |parser| {
                let start = parser.start();
                let kind = parser.database_member()?;
                let span = parser.since(start);
                members.push(Member { kind, span });
                Ok(())
            })?;
        }
        Ok(ItemKind::Database(Database {
            name,
            kind,
            members,
        }))
    }

    fn database_member(&mut self) -> Parsed<DatabaseMember> {
        match self.one_of(DATABASE_MEMBERS) {
            Some("isolation") => self.setting(|parser| {
                parser.eat_word("level");
                Ok(DatabaseMember::Isolation(parser.isolation_level()?))
            }),
            Some("connections") => {
                self.setting(|parser| Ok(DatabaseMember::Connections(parser.count("how many")?)))
            }
            Some("latency") => self.setting(|parser| Ok(DatabaseMember::Latency(parser.delay()?))),
            Some("without") => self
                .node(SyntaxKind::Without, |parser| parser.without())
                .map(DatabaseMember::Without),
            Some(_) => self.node(SyntaxKind::SqlStep, |parser| {
                let statement = parser.statement()?;
                parser.semicolon()?;
                Ok(DatabaseMember::Statement(statement))
            }),
            // A statement that is left out says so itself.
            None if self.at_left_out() => {
                let _ = self.statement()?;
                self.fail("a member of a database")
            }
            None => self.unknown_word("a member of a database", DATABASE_MEMBERS),
        }
    }

    pub(super) fn broker(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the broker")?;
        let kind = self.store_kind("the kind of broker", BROKER_KINDS)?;
        let mut members = Vec::new();
        if !self.eat(SyntaxKind::Semicolon) {
            self.braced(false, &mut |parser| {
                let start = parser.start();
                let kind = parser.broker_member()?;
                let span = parser.since(start);
                members.push(Member { kind, span });
                Ok(())
            })?;
        }
        Ok(ItemKind::Broker(Broker {
            name,
            kind,
            members,
        }))
    }

    fn broker_member(&mut self) -> Parsed<BrokerMember> {
        match self.one_of(BROKER_MEMBERS) {
            Some("topic") => self.node(SyntaxKind::Topic, |parser| parser.topic()),
            Some("queue") => self.node(SyntaxKind::Topic, |parser| parser.queue()),
            Some("subject") => self.node(SyntaxKind::Topic, |parser| {
                parser.bump_as(SyntaxKind::Keyword);
                let name = parser.block_name("the name of the subject")?;
                parser.semicolon()?;
                Ok(BrokerMember::Subject(name))
            }),
            Some("latency") => self.setting(|parser| Ok(BrokerMember::Latency(parser.delay()?))),
            Some(_) => self
                .node(SyntaxKind::Without, |parser| parser.without())
                .map(BrokerMember::Without),
            None => self.unknown_word("a member of a broker", BROKER_MEMBERS),
        }
    }

    fn topic(&mut self) -> Parsed<BrokerMember> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the topic")?;
        let mut partitions = None;
        if self.eat_word("partitions") {
            partitions = Some(self.count("the number of partitions")?);
        } else if self.at(SyntaxKind::Word) && !self.first_on_line() {
            return self.unknown_word("`;` or `partitions`", &["partitions"]);
        }
        self.semicolon()?;
        Ok(BrokerMember::Topic { name, partitions })
    }

    /// `queue NAME [prefetch N] [visibility D] [attempts N] [backoff D] [dead letter OTHER];`
    fn queue(&mut self) -> Parsed<BrokerMember> {
        const SETTINGS: &[&str] = &["prefetch", "visibility", "attempts", "backoff", "dead"];
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the queue")?;
        let (mut prefetch, mut visibility) = (None, None);
        let mut failing = Failing::default();
        loop {
            if self.eat_word("prefetch") {
                prefetch = Some(self.count("how many messages")?);
            } else if self.eat_word("visibility") {
                visibility = Some(self.duration()?);
            } else if !self.failing(&mut failing)? {
                break;
            }
        }
        if self.at(SyntaxKind::Word) && !self.first_on_line() {
            return self.unknown_word("`;` or a setting of a queue", SETTINGS);
        }
        self.semicolon()?;
        Ok(BrokerMember::Queue(Queue {
            name,
            prefetch,
            visibility,
            failing,
        }))
    }

    /// One of `attempts N`, `backoff D`, `dead letter OTHER`; whether there was one.
    pub(super) fn failing(&mut self, failing: &mut Failing) -> Parsed<bool> {
        if self.eat_word("attempts") {
            failing.attempts = Some(self.count("how many attempts")?);
        } else if self.eat_word("backoff") {
            failing.backoff = Some(self.duration()?);
        } else if self.eat_word("dead") {
            self.expect_word("letter")?;
            failing.dead_letter = Some(self.block_name("where dead letters go")?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// `word value;`
    pub(super) fn setting<T>(&mut self, value: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.node(SyntaxKind::Setting, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            let value = value(parser)?;
            parser.semicolon()?;
            Ok(value)
        })
    }
}
