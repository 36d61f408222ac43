//! Projections: read models that events make. A projection is a service with a role of its own.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::{ItemKind, Member, Service, ServiceMember, ServiceRole, Subscription};

impl Parser<'_> {
    /// `projection NAME from TOPIC into DB [reactors off] { on E { … } … }`
    pub(super) fn projection(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the projection")?;
        self.expect_word("from")?;
        let topic = self.block_name("the name of a topic")?;
        self.expect_word("into")?;
        let database = self.block_name("the name of a database")?;
        let reactors_off = self.eat_words(&["reactors", "off"]);
        if !self.at(SyntaxKind::OpenBrace) {
            return self.unknown_word("`reactors off` or `{`", &["reactors"]);
        }
        let mut members = Vec::new();
        self.braced(false, &mut |parser| {
            let start = parser.start();
            if !parser.at_word("on") {
                return parser.unknown_word("a member of a projection", &["on"]);
            }
            let kind = parser.node(SyntaxKind::Subscription, |parser| {
                parser.bump_as(SyntaxKind::Keyword);
                let event = parser.block_name("the name of an event")?;
                Ok(ServiceMember::Subscription(Subscription {
                    event,
                    topic: topic.clone(),
                    group: None,
                    commit_before: false,
                    failing: crate::ast::Failing::default(),
                    body: parser.steps()?,
                }))
            })?;
            let span = parser.since(start);
            members.push(Member { kind, span });
            Ok(())
        })?;
        Ok(ItemKind::Service(Service {
            role: ServiceRole::Projection { reactors_off },
            name,
            owns: Vec::new(),
            uses: vec![database],
            members,
        }))
    }
}
