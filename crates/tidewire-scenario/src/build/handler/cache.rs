//! Caches of the service itself, and `single flight`.

use std::sync::Arc;

use tidewire_store::{Scalar, Type};
use tidewire_syntax::ast::sql::Expression;
use tidewire_syntax::ast::{Argument, Duration, Entry, Step};
use tidewire_syntax::{Diagnostic, Name, Span};

use super::super::quantities;
use super::frame::Frame;
use crate::report::unknown;
use crate::types::cast;
use crate::{CacheAccess, CacheOperation, Flight, Instruction};

/// Names and types of what a cache keeps.
type Fields = Vec<(Arc<str>, Type)>;

impl Frame<'_, '_> {
    /// `get c key :k [into r]`
    pub(super) fn get_entry(&mut self, entry: &Entry, into: Option<&Name>, span: Span) {
        let Some((cache, fields, key)) = self.entry(entry, span) else {
            self.is_poisoned = true; // it would have bound names
            return;
        };
        let outputs = self.bind_columns(&fields, into, span);
        self.access(cache, key, CacheOperation::Get(outputs), span);
    }

    /// `put c key :k (field => …) [ttl d]`
    pub(super) fn put_entry(
        &mut self,
        entry: &Entry,
        fields: &[Argument],
        ttl: Option<Duration>,
        span: Span,
    ) {
        let Some((cache, declared, key)) = self.entry(entry, span) else {
            return;
        };
        let whose = entry.cache.as_str();
        let Some(values) = self.arguments(whose, "field", fields, &declared, span) else {
            return;
        };
        let report = &mut self.builder.report;
        let ttl_us = ttl.map(|ttl| quantities::period(report, "a time to live", ttl));
        self.access(cache, key, CacheOperation::Put { values, ttl_us }, span);
    }

    /// `delete c key :k`
    pub(super) fn delete_entry(&mut self, entry: &Entry, span: Span) {
        if let Some((cache, _, key)) = self.entry(entry, span) {
            self.access(cache, key, CacheOperation::Delete, span);
        }
    }

    fn access(&mut self, cache: u32, key: Scalar, operation: CacheOperation, span: Span) {
        if !matches!(operation, CacheOperation::Get(_)) {
            self.warn_in_transaction(|open| {
                Diagnostic::warning(
                    "work-in-transaction",
                    span,
                    format!(
                        "the cache changes although the transaction on {open} may still roll back"
                    ),
                )
                .hint("others read the old row until the commit, and may put it back: commit first")
            });
        }
        let access = CacheAccess {
            cache,
            key,
            operation,
        };
        self.emit(Instruction::Cache(access), span);
    }

    /// Which cache, what it keeps, and the key.
    fn entry(&mut self, entry: &Entry, span: Span) -> Option<(u32, Fields, Scalar)> {
        let Some(service) = self.service else {
            self.builder.report.error(
                "misplaced",
                span,
                "a client has no cache",
                "call a service: its instances keep caches in memory",
            );
            return None;
        };
        let service = &self.builder.program.services[service.index()];
        let name = &entry.cache;
        let mut caches = (0..).zip(&service.caches);
        let found = caches.find(|(_, cache)| cache.name.eq_ignore_ascii_case(name.as_str()));
        let Some((index, cache)) = found else {
            let known: Vec<&str> = service.caches.iter().map(|cache| &*cache.name).collect();
            let finding = match known.is_empty() {
                true => Diagnostic::error(
                    "unknown-cache",
                    name.span,
                    format!("{} has no cache", service.name),
                )
                .hint(format!(
                    "declare it in the service: cache {name} (value text);"
                )),
                false => unknown("unknown-cache", "cache", name, "", known),
            };
            self.builder.report.push(finding);
            return None;
        };
        let fields = cache.fields.clone();
        let key = self.text_key(&entry.key)?;
        Some((index, fields, key))
    }

    /// A key is a text, as caches have it.
    fn text_key(&mut self, written: &Expression) -> Option<Scalar> {
        let (tree, scope) = self.prepared(written)?;
        let planned = self.plan(&cast(tree, Type::Text), &scope)?;
        Some(planned.scalar)
    }

    /// `single flight :key { … }`: what the block binds stays bound, for those who waited as well.
    pub(super) fn single_flight(&mut self, key: &Expression, body: &[Step], span: Span) {
        if self.service.is_none() {
            self.builder.report.error(
                "misplaced",
                span,
                "the users of a client do not wait for each other",
                "write single flight in the service that they call",
            );
            return;
        }
        if std::mem::replace(&mut self.in_flight, true) {
            self.builder.report.error(
                "misplaced",
                span,
                "single flight stands inside single flight",
                "two works could wait for each other: let one block do both",
            );
            return;
        }
        let Some(key) = self.text_key(key) else {
            self.in_flight = false;
            self.is_poisoned = true;
            return;
        };
        self.warn_in_transaction(|open| {
            Diagnostic::warning(
                "work-in-transaction",
                span,
                format!("the transaction on {open} keeps its locks while this waits for another"),
            )
            .hint("commit first")
        });
        let (end, at, first) = (self.label(), self.next_instruction(), self.next_slot());
        self.emit(Instruction::LandFlight, span); // its place; the slots are known behind the block
        let before = self.flow.clone();
        self.steps(body);
        self.mark(end);
        self.emit(Instruction::LandFlight, span);
        let last = self.next_slot();
        self.replace(
            at,
            Instruction::JoinFlight(Flight {
                key,
                end,
                first,
                last,
            }),
        );
        if self.flow.open != before.open {
            self.builder.report.error(
                "transaction-branch",
                span,
                "those who wait share the values of the block, not its transaction",
                "begin and commit inside the block",
            );
        }
        self.in_flight = false;
    }

    /// Those who wait for a block would never answer.
    pub(super) fn refuse_reply_in_flight(&mut self, span: Span) -> bool {
        if self.in_flight {
            self.builder.report.error(
                "misplaced",
                span,
                "only one of those who share this block would answer",
                "bind the value in the block, and reply behind it",
            );
        }
        self.in_flight
    }
}
