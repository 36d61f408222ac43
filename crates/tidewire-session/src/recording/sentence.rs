//! Records in words: the part by name, then what it did, in the present tense.

use super::Recording;
use super::tokens::{cache, message};
use crate::condition;
use crate::view::{NodeShape, Record, RecordKind};

/// Ordinal of the request within a record's request key.
const ORDINAL_BITS: u32 = 24;

/// A span of virtual time for people: `244 ms`, `1.5 s`, `80 µs`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 if us.is_multiple_of(1_000) || us >= 10_000 => {
            format!("{} ms", us / 1_000)
        }
        1_000..1_000_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        _ => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}

impl Recording {
    /// What a record says, as a sentence.
    pub fn describe(&self, index: u32) -> String {
        let Some(record) = self.record(index) else {
            return String::new();
        };
        match record.kind {
            RecordKind::RequestStarted | RecordKind::RequestEnded => self.request_sentence(record),
            RecordKind::Sent => self.sent_sentence(record),
            RecordKind::Delivered | RecordKind::Lost => self.arrival_sentence(record, index),
            RecordKind::HandlerStarted | RecordKind::HandlerEnded | RecordKind::Queued => {
                self.work_sentence(record)
            }
            RecordKind::TransactionBegan
            | RecordKind::StatementDone
            | RecordKind::StatementBlocked
            | RecordKind::StatementFailed
            | RecordKind::Committed
            | RecordKind::RolledBack => self.store_sentence(record),
            RecordKind::Appended | RecordKind::OffsetCommitted | RecordKind::Settled => {
                self.log_sentence(record)
            }
            RecordKind::CacheAccessed | RecordKind::FlightJoined | RecordKind::FlightLanded => {
                self.memory_sentence(record)
            }
            _ => self.world_sentence(record),
        }
    }

    fn name(&self, node: u16) -> &str {
        let node = self.legend.nodes.get(usize::from(node));
        node.map_or("someone", |node| &node.name)
    }

    fn shape(&self, node: u16) -> Option<NodeShape> {
        Some(self.legend.nodes.get(usize::from(node))?.shape)
    }

    fn request_sentence(&self, record: &Record) -> String {
        let client = self.name(record.node);
        // People count requests from 1, as `after commit of request 7` does.
        let ordinal = (record.request & ((1 << ORDINAL_BITS) - 1)) + 1;
        match (record.kind, record.detail) {
            (RecordKind::RequestStarted, _) => {
                format!(
                    "{client}: user {} begins request {ordinal}",
                    record.number + 1
                )
            }
            (_, 0) => format!("{client}: request {ordinal} succeeds"),
            _ => format!("{client}: request {ordinal} fails: {}", self.label(record)),
        }
    }

    fn sent_sentence(&self, record: &Record) -> String {
        let (from, to, what) = (
            self.name(record.node),
            self.name(record.peer),
            self.label(record),
        );
        match record.detail {
            message::COMMAND => format!("{from} calls {to}: {what}"),
            message::REPLY => format!("{from} answers {to}: {what}"),
            message::FAILURE => format!("{from} refuses {to}: {what}"),
            message::EVENT if self.shape(record.node) == Some(NodeShape::Broker) => {
                format!("{from} hands {what} to {to}")
            }
            message::EVENT => format!("{from} publishes {what} to {to}"),
            message::STATEMENT => format!("{from} sends to {to}: {what}"),
            message::ANSWER => format!("{to} gets an answer from {from}: {what}"),
            message::ACKNOWLEDGEMENT => format!("{from} acknowledges to {to}: {what}"),
            _ => format!("{from} sends {what} to {to}"),
        }
    }

    fn arrival_sentence(&self, record: &Record, index: u32) -> String {
        let sent = self.sent_before(record, index);
        let Some(sent) = sent.and_then(|sent| self.record(sent)) else {
            return "a message ends".into();
        };
        let (from, to, what) = (self.name(sent.node), self.name(sent.peer), self.label(sent));
        match record.kind {
            RecordKind::Lost => format!("{what} from {from} is lost on its way to {to}"),
            _ => format!("{what} from {from} arrives at {to}"),
        }
    }

    fn work_sentence(&self, record: &Record) -> String {
        let (node, label) = (self.name(record.node), self.label(record));
        match (record.kind, record.detail) {
            (RecordKind::HandlerStarted, _) => format!("{node} starts {label}"),
            (RecordKind::Queued, _) if record.number == 0 => format!("nothing waits at {node}"),
            (RecordKind::Queued, _) => format!("{} wait for a worker of {node}", record.number),
            (_, 0) => format!("{node} is done with work {}", record.number),
            _ => format!("{node} fails: {label}"),
        }
    }

    fn memory_sentence(&self, record: &Record) -> String {
        let (node, label) = (self.name(record.node), self.label(record));
        match record.kind {
            RecordKind::FlightJoined => {
                return format!("{node} waits: another work fetches the same");
            }
            RecordKind::FlightLanded => {
                return format!("{node} goes on with what the other work fetched");
            }
            _ => {}
        }
        match record.detail {
            cache::HIT => format!("{node} finds {label} in its cache"),
            cache::MISS => format!("{node} misses {label} in its cache"),
            cache::PUT => format!("{node} puts {label} into its cache"),
            cache::DELETED => format!("{node} deletes {label} from its cache"),
            cache::NOTHING_DELETED => {
                format!("{node} deletes {label}, which its cache does not have")
            }
            cache::EXPIRED => format!("{label} expires in the cache of {node}"),
            _ => format!("{label} makes room in the cache of {node}"),
        }
    }

    fn store_sentence(&self, record: &Record) -> String {
        let (store, service) = (self.name(record.node), self.name(record.peer));
        let (transaction, label) = (record.number, self.label(record));
        match record.kind {
            RecordKind::TransactionBegan => format!("{service} begins T-{transaction} at {store}"),
            RecordKind::StatementDone => {
                format!("{store} runs for {service}, T-{transaction}: {label}")
            }
            RecordKind::StatementBlocked => format!("{store}: {label}"),
            RecordKind::StatementFailed => {
                format!("{store} fails a statement of {service}, T-{transaction}: {label}")
            }
            RecordKind::Committed => {
                let rows = match record.small {
                    1 => "1 row".to_owned(),
                    rows => format!("{rows} rows"),
                };
                format!("{service} commits T-{transaction} at {store}: {rows}")
            }
            _ => format!("{store} rolls back T-{transaction} of {service}"),
        }
    }

    fn log_sentence(&self, record: &Record) -> String {
        let topic = self.legend.topics.get(usize::from(record.peer));
        let name = topic.map_or("a topic", |topic| &topic.name);
        let place = format!("p{}@{}", record.small, record.number);
        if record.kind == RecordKind::Appended {
            let again = match record.until_us < record.at_us {
                true => format!(" again, as at {}", duration(record.until_us)),
                false => String::new(),
            };
            return format!("{name} appends {} at {place}{again}", self.label(record));
        }
        if record.kind == RecordKind::Settled {
            return match record.detail {
                0 => format!("{name} is done with {place}: it was acknowledged"),
                1 => format!("{name} has {place} back, at its old place"),
                2 => format!("{name} gives {place} up: it goes to the dead letters"),
                _ => format!("{name} drops {place}: it was tried too often"),
            };
        }
        let group = topic.and_then(|topic| topic.groups.get(usize::from(record.detail)));
        let group = group.map_or("a group", |(group, _)| group);
        format!("{group} will read {name} {place} next")
    }

    fn world_sentence(&self, record: &Record) -> String {
        let (node, label) = (self.name(record.node), self.label(record));
        match record.kind {
            RecordKind::Crashed => format!("{node} crashes"),
            RecordKind::Restarted => format!("{node} restarts"),
            RecordKind::PartitionChanged => {
                let peer = self.name(record.peer);
                match record.detail {
                    1 => format!("nothing passes from {node} to {peer} any more"),
                    _ => format!("messages pass from {node} to {peer} again"),
                }
            }
            RecordKind::ConditionChanged => {
                let peer = self.legend.nodes.get(usize::from(record.peer));
                condition::sentence(record, node, peer.map(|peer| &*peer.name))
            }
            RecordKind::Struck => {
                let words = label.trim_start_matches("fault ").trim_end_matches(';');
                format!("this message is struck: {words}")
            }
            RecordKind::Migrated if record.detail == 1 => {
                format!("the migration of {node} fails: {label}")
            }
            RecordKind::Migrated => format!("the schema of {node} changes"),
            RecordKind::FaultInjected => format!("fault: {label}"),
            RecordKind::InvariantChanged => self.invariant_sentence(record),
            RecordKind::Healed => "the workload is done; faults are healed".into(),
            _ => match record.detail {
                0 => "the run is quiet".into(),
                1 => "the run never gets quiet".into(),
                _ => "the run reaches its limit of events".into(),
            },
        }
    }

    fn invariant_sentence(&self, record: &Record) -> String {
        let invariant = self.legend.invariants.get(record.number as usize);
        let sentence = invariant.map_or("an invariant", |invariant| &invariant.sentence);
        match record.detail {
            0 => format!("{sentence}: holds"),
            1 => format!("{sentence}: not yet"),
            2 => format!("{sentence}: broken"),
            _ => format!("{sentence}: cannot be judged"),
        }
    }
}
