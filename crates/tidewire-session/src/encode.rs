//! Observations as trace records: one record for each, so that the index of a cause stays the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_engine::{
    CacheOutcome, Fact, InvariantState, MessageKind, Observation, Verdict, WorkId,
};
use tidewire_scenario::{DatabaseId, FaultId, FaultKind, NodeId, Program};
use tidewire_store::{RowChange, TransactionId};

use crate::condition;
use crate::legend::event_number;
use crate::recording::{cache, message};
use crate::sorted::SortedMap;
use crate::view::{Record, RecordKind};

/// Longest label in characters; statements are cut to it.
const LABEL_CHARACTERS: usize = 160;

/// Turns observations into bytes and strings.
#[derive(Debug)]
pub(crate) struct Encoder {
    program: Arc<Program>,
    client_nodes: Vec<u16>,
    statements: Vec<Arc<str>>,
    known: BTreeMap<Arc<str>, u32>,
    /// Strings that no chunk has carried yet.
    strings: Vec<String>,
    /// Records that no chunk has carried yet.
    bytes: Vec<u8>,
    /// By work: its node and its handler's name.
    works: SortedMap<WorkId, (u16, u32)>,
    /// Open transactions: the node for which they work.
    transactions: SortedMap<(DatabaseId, TransactionId), u16>,
    /// When each message was appended first, by topic and the producer's id.
    appended: BTreeMap<(u32, Arc<str>), u64>,
    /// By delivery: sender and receiver, while on its way.
    deliveries: SortedMap<u32, (u16, u16)>,
}

fn small(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn node_number(node: NodeId) -> u16 {
    u16::try_from(node.0).unwrap_or(u16::MAX)
}

/// One line, cut to a length that fits a label.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(LABEL_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl Encoder {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        let client_nodes = program
            .clients
            .iter()
            .map(|client| node_number(client.node));
        let statements = program.statements.iter();
        let statements = statements.map(|statement| Arc::from(one_line(&statement.text)));
        Self {
            client_nodes: client_nodes.collect(),
            statements: statements.collect(),
            program,
            known: BTreeMap::new(),
            strings: Vec::new(),
            bytes: Vec::new(),
            works: SortedMap::new(),
            transactions: SortedMap::new(),
            appended: BTreeMap::new(),
            deliveries: SortedMap::new(),
        }
    }

    /// The number of a string, the same for the whole run.
    fn label(&mut self, text: &str) -> u32 {
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let number = self.known.len() as u32;
        self.known.insert(Arc::from(text), number);
        self.strings.push(text.to_owned());
        number
    }

    /// Strings and records since the last call.
    pub(crate) fn take(&mut self) -> (Vec<String>, Vec<u8>) {
        (
            std::mem::take(&mut self.strings),
            std::mem::take(&mut self.bytes),
        )
    }

    /// Appends the record of an observation.
    pub(crate) fn add(&mut self, observation: &Observation) {
        let record = Record {
            event: observation.event,
            cause: observation.cause.unwrap_or(Record::NONE),
            request: observation.request.map_or(Record::NONE, |request| {
                request.client.0 << 24 | (request.ordinal & 0x00ff_ffff)
            }),
            ..self.record(observation)
        };
        record.write(&mut self.bytes);
    }

    fn record(&mut self, observation: &Observation) -> Record {
        let blank = |kind| Record::blank(kind, observation.at_us);
        match &observation.fact {
            Fact::RequestStarted { .. } | Fact::RequestEnded { .. } => self.request(observation),
            Fact::Sent { .. } | Fact::Delivered(_) | Fact::Lost(_) => self.message(observation),
            Fact::HandlerStarted { .. } | Fact::HandlerEnded { .. } => self.work(observation),
            Fact::TransactionBegan { .. }
            | Fact::StatementDone { .. }
            | Fact::StatementBlocked { .. }
            | Fact::StatementFailed { .. }
            | Fact::Committed { .. }
            | Fact::RolledBack { .. } => self.store(observation),
            Fact::Appended { .. } | Fact::OffsetCommitted { .. } | Fact::Settled { .. } => {
                self.log(observation)
            }
            Fact::Queued { node, depth } => Record {
                node: node_number(*node),
                number: *depth,
                ..blank(RecordKind::Queued)
            },
            Fact::Struck { fault, delivery } => Record {
                number: delivery.0,
                label: self.fault_label(*fault),
                ..blank(RecordKind::Struck)
            },
            Fact::CacheAccessed {
                node,
                instance,
                cache,
                outcome,
                key,
            } => Record {
                node: node_number(*node),
                small: small(u64::from(*instance)),
                number: *cache,
                detail: cache_outcome(*outcome),
                label: self.cache_label(*node, *cache, key),
                ..blank(RecordKind::CacheAccessed)
            },
            Fact::FlightJoined { node, work, .. } => Record {
                node: node_number(*node),
                number: work.0,
                ..blank(RecordKind::FlightJoined)
            },
            Fact::FlightLanded { node, work } => Record {
                node: node_number(*node),
                number: work.0,
                ..blank(RecordKind::FlightLanded)
            },
            Fact::Crashed(node) => Record {
                node: node_number(*node),
                ..blank(RecordKind::Crashed)
            },
            Fact::Restarted(node) => Record {
                node: node_number(*node),
                ..blank(RecordKind::Restarted)
            },
            Fact::PartitionChanged { from, to, closed } => Record {
                node: node_number(*from),
                peer: node_number(*to),
                detail: u8::from(*closed),
                ..blank(RecordKind::PartitionChanged)
            },
            _ => self.world(observation),
        }
    }

    /// `prices 'mug'`
    fn cache_label(&mut self, node: NodeId, cache: u32, key: &str) -> u32 {
        let services = self.program.services.iter();
        let mut named = services.filter(|service| service.node == node);
        let cache = named.find_map(|service| service.caches.get(cache as usize));
        let name = cache.map_or_else(|| "cache".into(), |cache| Arc::clone(&cache.name));
        self.label(&one_line(&format!("{name} '{key}'")))
    }

    fn request(&mut self, observation: &Observation) -> Record {
        let client = observation
            .request
            .map_or(u32::MAX, |request| request.client.0);
        let node = self
            .client_nodes
            .get(client as usize)
            .copied()
            .unwrap_or(u16::MAX);
        match &observation.fact {
            Fact::RequestEnded { failure } => Record {
                node,
                detail: u8::from(failure.is_some()),
                label: failure
                    .as_ref()
                    .map_or(Record::NONE, |failure| self.label(failure)),
                ..Record::blank(RecordKind::RequestEnded, observation.at_us)
            },
            Fact::RequestStarted { user } => Record {
                node,
                number: *user,
                ..Record::blank(RecordKind::RequestStarted, observation.at_us)
            },
            _ => Record::blank(RecordKind::RequestStarted, observation.at_us),
        }
    }

    fn message(&mut self, observation: &Observation) -> Record {
        let ended = |encoder: &mut Self, kind, delivery: u32| {
            let ends = encoder.deliveries.remove(&delivery);
            let (from, to) = ends.unwrap_or((u16::MAX, u16::MAX));
            Record {
                node: to,
                peer: from,
                number: delivery,
                ..Record::blank(kind, observation.at_us)
            }
        };
        match &observation.fact {
            Fact::Sent {
                delivery,
                kind,
                from,
                to,
                arrives_us,
                label,
            } => {
                let (from, to) = (node_number(*from), node_number(*to));
                self.deliveries.insert(delivery.0, (from, to));
                Record {
                    until_us: *arrives_us,
                    node: from,
                    peer: to,
                    detail: message_number(*kind),
                    number: delivery.0,
                    label: self.label(&one_line(label)),
                    ..Record::blank(RecordKind::Sent, observation.at_us)
                }
            }
            Fact::Delivered(delivery) => ended(self, RecordKind::Delivered, delivery.0),
            Fact::Lost(delivery) => ended(self, RecordKind::Lost, delivery.0),
            _ => Record::blank(RecordKind::Lost, observation.at_us),
        }
    }

    fn work(&mut self, observation: &Observation) -> Record {
        match &observation.fact {
            Fact::HandlerStarted {
                work,
                handler,
                instance,
            } => {
                let program = Arc::clone(&self.program);
                let handler = &program.handlers[handler.index()];
                let (node, label) = (node_number(handler.owner), self.label(&handler.name));
                self.works.insert(*work, (node, label));
                Record {
                    node,
                    small: small(u64::from(*instance)),
                    number: work.0,
                    label,
                    ..Record::blank(RecordKind::HandlerStarted, observation.at_us)
                }
            }
            Fact::HandlerEnded { work, failure } => {
                let (node, name) = self.works.remove(work).unwrap_or((u16::MAX, Record::NONE));
                Record {
                    node,
                    detail: u8::from(failure.is_some()),
                    number: work.0,
                    label: failure.as_ref().map_or(name, |failure| self.label(failure)),
                    ..Record::blank(RecordKind::HandlerEnded, observation.at_us)
                }
            }
            _ => Record::blank(RecordKind::HandlerEnded, observation.at_us),
        }
    }

    fn store_node(&self, database: DatabaseId) -> u16 {
        let database = self.program.databases.get(database.index());
        database.map_or(u16::MAX, |database| node_number(database.node))
    }

    fn worker(&self, work: WorkId) -> u16 {
        self.works.get(&work).map_or(u16::MAX, |(node, _)| *node)
    }

    fn store(&mut self, observation: &Observation) -> Record {
        let at_us = observation.at_us;
        let program = Arc::clone(&self.program);
        let at_store =
            |encoder: &Self, kind, database: DatabaseId, transaction: TransactionId| Record {
                node: encoder.store_node(database),
                peer: encoder
                    .transactions
                    .get(&(database, transaction))
                    .copied()
                    .unwrap_or(u16::MAX),
                number: transaction.0,
                ..Record::blank(kind, at_us)
            };
        let words = |encoder: &Self, statement: tidewire_scenario::StatementId| -> Arc<str> {
            encoder
                .statements
                .get(statement.index())
                .cloned()
                .unwrap_or_else(|| Arc::from(""))
        };
        match &observation.fact {
            Fact::TransactionBegan {
                database,
                transaction,
                work,
            } => {
                let worker = self.worker(*work);
                self.transactions.insert((*database, *transaction), worker);
                at_store(self, RecordKind::TransactionBegan, *database, *transaction)
            }
            Fact::StatementDone {
                database,
                transaction,
                statement,
                work,
                changes,
                ..
            } => Record {
                peer: self.worker(*work),
                small: small(changes.len() as u64),
                label: {
                    let text = words(self, *statement);
                    self.label(&text)
                },
                ..at_store(self, RecordKind::StatementDone, *database, *transaction)
            },
            Fact::StatementBlocked {
                database,
                transaction,
                work,
                holders,
                ..
            } => Record {
                peer: self.worker(*work),
                label: self.label(&waits_for(*transaction, holders)),
                ..at_store(self, RecordKind::StatementBlocked, *database, *transaction)
            },
            Fact::StatementFailed {
                database,
                transaction,
                work,
                state,
                message,
                ..
            } => Record {
                peer: self.worker(*work),
                label: self.label(&format!("{} {message}", state.as_str())),
                ..at_store(self, RecordKind::StatementFailed, *database, *transaction)
            },
            Fact::Committed {
                database,
                transaction,
                changes,
            } => {
                let record = Record {
                    small: small(changes.len() as u64),
                    label: self.label(&change_summary(&program, *database, changes)),
                    ..at_store(self, RecordKind::Committed, *database, *transaction)
                };
                self.transactions.remove(&(*database, *transaction));
                record
            }
            Fact::RolledBack {
                database,
                transaction,
            } => {
                let record = at_store(self, RecordKind::RolledBack, *database, *transaction);
                self.transactions.remove(&(*database, *transaction));
                record
            }
            _ => Record::blank(RecordKind::RolledBack, at_us),
        }
    }

    /// The number of the event whose name a record's label begins with.
    fn event_of(&self, label: &str) -> u8 {
        let name = label.split(' ').next().unwrap_or_default();
        let event = self
            .program
            .events
            .iter()
            .position(|event| &*event.name == name);
        event.map_or(u8::MAX, |event| event_number(event as u32))
    }

    fn log(&mut self, observation: &Observation) -> Record {
        let broker = |topic: tidewire_scenario::TopicId| {
            let broker = self.program.topics[topic.index()].broker;
            node_number(self.program.brokers[broker.index()].node)
        };
        match &observation.fact {
            Fact::Appended {
                topic,
                partition,
                offset,
                message,
                label,
            } => Record {
                until_us: *self
                    .appended
                    .entry((topic.0, Arc::clone(message)))
                    .or_insert(observation.at_us),
                node: broker(*topic),
                peer: small(u64::from(topic.0)),
                detail: self.event_of(label),
                small: small(u64::from(*partition)),
                number: *offset,
                label: self.label(&one_line(label)),
                ..Record::blank(RecordKind::Appended, observation.at_us)
            },
            Fact::OffsetCommitted {
                topic,
                partition,
                group,
                offset,
            } => Record {
                node: broker(*topic),
                peer: small(u64::from(topic.0)),
                detail: u8::try_from(*group).unwrap_or(u8::MAX),
                small: small(u64::from(*partition)),
                number: *offset,
                ..Record::blank(RecordKind::OffsetCommitted, observation.at_us)
            },
            Fact::Settled {
                topic,
                partition,
                offset,
                settlement,
            } => Record {
                node: broker(*topic),
                peer: small(u64::from(topic.0)),
                detail: *settlement as u8,
                small: small(u64::from(*partition)),
                number: *offset,
                ..Record::blank(RecordKind::Settled, observation.at_us)
            },
            _ => Record::blank(RecordKind::OffsetCommitted, observation.at_us),
        }
    }

    fn world(&mut self, observation: &Observation) -> Record {
        let blank = |kind| Record::blank(kind, observation.at_us);
        match &observation.fact {
            Fact::Migrated { database, failure } => Record {
                node: self.store_node(*database),
                detail: u8::from(failure.is_some()),
                label: failure
                    .as_ref()
                    .map_or(Record::NONE, |failure| self.label(failure)),
                ..blank(RecordKind::Migrated)
            },
            Fact::FaultInjected(fault) => Record {
                node: fault_node(&self.program, *fault),
                number: fault.0,
                label: self.fault_label(*fault),
                ..blank(RecordKind::FaultInjected)
            },
            Fact::InvariantChanged {
                invariant,
                state,
                evidence,
            } => Record {
                number: invariant.0,
                detail: invariant_number(*state),
                label: match evidence.is_empty() {
                    true => Record::NONE,
                    false => self.label(&evidence.join("\n")),
                },
                ..blank(RecordKind::InvariantChanged)
            },
            Fact::Ended(verdict) => Record {
                detail: verdict_number(*verdict),
                ..blank(RecordKind::Ended)
            },
            _ => condition::record(&self.program, observation)
                .unwrap_or_else(|| blank(RecordKind::Healed)),
        }
    }

    fn fault_label(&mut self, fault: FaultId) -> u32 {
        let program = Arc::clone(&self.program);
        let fault = program.faults.get(fault.index());
        self.label(&fault.map_or_else(String::new, |fault| one_line(&fault.text)))
    }
}

fn message_number(kind: MessageKind) -> u8 {
    match kind {
        MessageKind::Command => message::COMMAND,
        MessageKind::Reply => message::REPLY,
        MessageKind::Failure => message::FAILURE,
        MessageKind::Event => message::EVENT,
        MessageKind::Statement => message::STATEMENT,
        MessageKind::Answer => message::ANSWER,
        MessageKind::Acknowledgement => message::ACKNOWLEDGEMENT,
    }
}

fn cache_outcome(outcome: CacheOutcome) -> u8 {
    match outcome {
        CacheOutcome::Hit => cache::HIT,
        CacheOutcome::Miss => cache::MISS,
        CacheOutcome::Put => cache::PUT,
        CacheOutcome::Deleted => cache::DELETED,
        CacheOutcome::NothingDeleted => cache::NOTHING_DELETED,
        CacheOutcome::Expired => cache::EXPIRED,
        CacheOutcome::Evicted => cache::EVICTED,
    }
}

fn invariant_number(state: InvariantState) -> u8 {
    match state {
        InvariantState::Holds => 0,
        InvariantState::Pending => 1,
        InvariantState::Violated => 2,
        InvariantState::CannotBeJudged => 3,
    }
}

fn verdict_number(verdict: Verdict) -> u8 {
    verdict as u8
}

fn fault_node(program: &Program, fault: FaultId) -> u16 {
    let node = match program.faults.get(fault.index()).map(|fault| &fault.kind) {
        Some(FaultKind::Crash(place) | FaultKind::Restart(place) | FaultKind::Pause(place)) => {
            place.node
        }
        Some(
            FaultKind::Partition { from: node, .. }
            | FaultKind::Slow { from: node, .. }
            | FaultKind::Drop { from: node, .. }
            | FaultKind::Duplicate {
                way: Some((node, _)),
                ..
            }
            | FaultKind::LoseReply { node, .. }
            | FaultKind::Skew { node, .. },
        ) => *node,
        Some(FaultKind::Migrate(database, _) | FaultKind::FillDisk(database)) => {
            program.databases[database.index()].node
        }
        Some(FaultKind::Duplicate { way: None, .. }) | None => return u16::MAX,
    };
    node_number(node)
}

/// `T-74 waits for T-72 and T-73`
fn waits_for(waiter: TransactionId, holders: &[TransactionId]) -> String {
    let names: Vec<_> = holders
        .iter()
        .map(|holder| format!("T-{}", holder.0))
        .collect();
    let word = if names.is_empty() { "" } else { " for " };
    format!("T-{} waits{word}{}", waiter.0, names.join(" and "))
}

/// `stock: 1 changed, reservations: 1 added`
fn change_summary(program: &Program, database: DatabaseId, changes: &[RowChange]) -> String {
    let catalog = program.databases[database.index()].initial.catalog();
    let mut counts = BTreeMap::new();
    for change in changes {
        let kind = match (&change.before, &change.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        *counts.entry((change.table, kind)).or_insert(0_u32) += 1;
    }
    let parts = counts.iter().map(|((table, kind), count)| {
        let name = catalog
            .table_by_id(*table)
            .map_or("a new table", |table| &table.name);
        format!("{name}: {count} {kind}")
    });
    parts.collect::<Vec<_>>().join(", ")
}
