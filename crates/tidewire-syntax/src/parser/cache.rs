//! Caches of services, the steps that use them, and `single flight`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::{Cache, Entry, ServiceMember, Step, StepKind};

impl Parser<'_> {
    /// `cache NAME (field type, …) [capacity N] [ttl D];`
    pub(super) fn cache(&mut self) -> Parsed<ServiceMember> {
        self.bump_as(SyntaxKind::Keyword);
        let mut cache = Cache {
            name: self.block_name("the name of the cache")?,
            fields: self.fields()?,
            capacity: None,
            ttl: None,
        };
        while !self.at(SyntaxKind::Semicolon) {
            if self.eat_word("capacity") {
                cache.capacity = Some(self.count("how many entries")?);
            } else if self.eat_word("ttl") {
                cache.ttl = Some(self.duration()?);
            } else if self.first_on_line() || self.at(SyntaxKind::CloseBrace) {
                break;
            } else {
                return self.unknown_word("`;`, `capacity` or `ttl`", &["capacity", "ttl"]);
            }
        }
        self.semicolon()?;
        Ok(ServiceMember::Cache(cache))
    }

    /// `delete` alone begins an SQL statement; SQL has no `delete NAME key`.
    pub(super) fn at_cache_step(&self) -> bool {
        self.at_word("get")
            || self.at_word("put")
            || (self.at_word("delete") && !self.nth_word(1, "from") && self.nth_word(2, "key"))
    }

    /// `get c key :k [into r];`, `put c key :k (field => …) [ttl d];`, `delete c key :k;`
    pub(super) fn cache_step(&mut self) -> Parsed<Step> {
        let start = self.start();
        let (gets, puts) = (self.at_word("get"), self.at_word("put"));
        self.bump_as(SyntaxKind::Keyword);
        let cache = self.block_name("the name of a cache")?;
        self.expect_word("key")?;
        let key = self.expression()?;
        let entry = Entry { cache, key };
        let kind = if gets {
            let into = match self.eat_word("into") {
                true => Some(self.identifier("a name for the entry")?),
                false => None,
            };
            StepKind::Get { entry, into }
        } else if puts {
            let fields = self.arguments()?;
            let ttl = match self.eat_word("ttl") {
                true => Some(self.duration()?),
                false => None,
            };
            StepKind::Put { entry, fields, ttl }
        } else {
            StepKind::DeleteEntry(entry)
        };
        let span = self.since(start);
        self.semicolon()?;
        Ok(Step { kind, span })
    }

    /// `single flight :key { … }`
    pub(super) fn single_flight(&mut self) -> Parsed<Step> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.bump_as(SyntaxKind::Keyword);
        let key = self.expression()?;
        let body = self.steps()?;
        Ok(Step {
            kind: StepKind::SingleFlight { key, body },
            span: self.since(start),
        })
    }
}
