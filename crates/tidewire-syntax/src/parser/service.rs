//! Services: header, commands, queries, handlers of events, periodic work.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::{
    Command, Failing, ItemKind, Member, Service, ServiceMember, ServiceRole, Subscription,
};

const MEMBERS: &[&str] = &[
    "command",
    "query",
    "on",
    "every",
    "saga",
    "workers",
    "instances",
    "timeout",
    "cache",
    "without",
];

impl Parser<'_> {
    pub(super) fn service(&mut self, role: ServiceRole) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let mut service = Service {
            role,
            name: self.block_name("the name of the service")?,
            owns: Vec::new(),
            uses: Vec::new(),
            members: Vec::new(),
        };
        loop {
            let owns = self.at_word("owns");
            if !owns && !self.at_word("uses") {
                break;
            }
            let names = self.node(SyntaxKind::StoreList, |parser| {
                parser.bump_as(SyntaxKind::Keyword);
                parser.name_list("the name of a database", false)
            })?;
            match owns {
                true => service.owns.extend(names),
                false => service.uses.extend(names),
            }
        }
        if self.eat(SyntaxKind::Semicolon) {
            return Ok(ItemKind::Service(service));
        }
        if !self.at(SyntaxKind::OpenBrace) {
            return self.unknown_word("`owns`, `uses` or `{`", &["owns", "uses"]);
        }
        self.braced(false, &mut |parser| {
            let start = parser.start();
            let kind = parser.service_member()?;
            let span = parser.since(start);
            service.members.push(Member { kind, span });
            Ok(())
        })?;
        Ok(ItemKind::Service(service))
    }

    fn service_member(&mut self) -> Parsed<ServiceMember> {
        match self.one_of(MEMBERS) {
            Some("command") => self.node(SyntaxKind::Command, |parser| parser.command(false)),
            Some("query") => self.node(SyntaxKind::Command, |parser| parser.command(true)),
            Some("on") if self.nth_word(1, "error") => {
                let message = "`on error` stands outside a handler".to_owned();
                let hint = "write it behind the step or the { … } whose failure it catches";
                self.fail_hint(message, hint)
            }
            Some("on") if self.nth_word(1, "start") && self.nth(2) == SyntaxKind::OpenBrace => {
                self.node(SyntaxKind::Start, |parser| parser.on_start())
            }
            Some("on") => self.node(SyntaxKind::Subscription, |parser| parser.subscription()),
            Some("every") => self.node(SyntaxKind::Every, |parser| parser.every()),
            Some("saga") => self.node(SyntaxKind::Saga, |parser| parser.saga()),
            Some("workers") => {
                self.setting(|parser| Ok(ServiceMember::Workers(parser.count("how many")?)))
            }
            Some("instances") => {
                self.setting(|parser| Ok(ServiceMember::Instances(parser.count("how many")?)))
            }
            Some("timeout") => {
                self.setting(|parser| Ok(ServiceMember::Timeout(parser.duration()?)))
            }
            Some("cache") => self.node(SyntaxKind::Cache, |parser| parser.cache()),
            Some(_) => self
                .node(SyntaxKind::Without, |parser| parser.without())
                .map(ServiceMember::Without),
            None => self.unknown_word("a member of a service", MEMBERS),
        }
    }

    fn command(&mut self, read_only: bool) -> Parsed<ServiceMember> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the command")?;
        let parameters = self.fields()?;
        let body = self.steps()?;
        Ok(ServiceMember::Command(Command {
            name,
            read_only,
            parameters,
            body,
        }))
    }

    /// `on EVENT from TOPIC [group G] [commit before | after] [attempts N] [backoff D] [dead letter T] { … }`
    fn subscription(&mut self) -> Parsed<ServiceMember> {
        self.bump_as(SyntaxKind::Keyword);
        let event = self.block_name("the name of an event")?;
        self.expect_word("from")?;
        let topic = self.block_name("the name of a topic")?;
        const CLAUSES: &[&str] = &["group", "commit", "attempts", "backoff", "dead"];
        let (mut group, mut commit_before) = (None, false);
        let mut failing = Failing::default();
        loop {
            if self.eat_word("group") {
                group = Some(self.block_name("the name of the consumer group")?);
            } else if self.eat_word("commit") {
                commit_before = self.eat_word("before");
                if !commit_before {
                    self.expect_word("after")?;
                }
            } else if self.at(SyntaxKind::OpenBrace) {
                break;
            } else if !self.failing(&mut failing)? {
                return self.unknown_word("`{` or a clause of a handler", CLAUSES);
            }
        }
        let body = self.steps()?;
        Ok(ServiceMember::Subscription(Subscription {
            event,
            topic,
            group,
            commit_before,
            failing,
            body,
        }))
    }

    /// `on start { … }`
    fn on_start(&mut self) -> Parsed<ServiceMember> {
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("start")?;
        Ok(ServiceMember::Start(self.steps()?))
    }

    /// `every 1s [NAME] { … }`
    fn every(&mut self) -> Parsed<ServiceMember> {
        self.bump_as(SyntaxKind::Keyword);
        let period = self.duration()?;
        if self.at_name() {
            self.bump();
        }
        Ok(ServiceMember::Every(period, self.steps()?))
    }
}
