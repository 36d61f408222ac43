//! The bytes in which messages cross between page and worker: every field in order, numbers little endian, a length
//! before each text and list, a number before each variant. Both sides are the same module, so nothing is named.
//!
//! A reader never panics and never reserves memory for a length that the bytes do not bear out.

use crate::anomalies::report::{
    AnomalyDependency, AnomalyEntry, AnomalyReport, AnomalyStatement, AnomalyTransaction,
};
use crate::protocol::{
    AnswerOutcome, AnsweredCounts, CommandMetrics, CopyMetrics, FromRun, InvariantOutcome, Metrics,
    Outcome, PartsMetrics, QueueMetrics, ReadAs, RequestCounts, Series, SeriesKind, ToRun,
};
use crate::store_view::{
    Author, Cell, ColumnHead, FoldedStates, LastStatement, LockGroup, LockLine, RowMark,
    StatementOutcome, StoreView, StreamEvent, StreamView, TableContent, TableRow, VersionLine, Was,
};

/// A value that can cross.
pub trait Wire: Sized {
    /// Appends its bytes.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Takes its bytes from the front; `None` when they are not those of such a value.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

/// A message as bytes.
pub fn to_bytes(message: &impl Wire) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.write(&mut bytes);
    bytes
}

/// The message of these bytes; `None` when they are not exactly one.
pub fn from_bytes<M: Wire>(mut bytes: &[u8]) -> Option<M> {
    let message = M::read(&mut bytes)?;
    bytes.is_empty().then_some(message)
}

impl Wire for u64 {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(Self::from_le_bytes(*first))
    }
}

impl Wire for i64 {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.cast_unsigned().write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        u64::read(bytes).map(u64::cast_signed)
    }
}

impl Wire for u32 {
    fn write(&self, bytes: &mut Vec<u8>) {
        u64::from(*self).write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Self::try_from(u64::read(bytes)?).ok()
    }
}

impl Wire for u8 {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(*self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(*first)
    }
}

impl Wire for bool {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(*self));
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        match u8::read(bytes)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Wire for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        (self.len() as u64).write(bytes);
        bytes.extend_from_slice(self.as_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::try_from(u64::read(bytes)?).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Some(std::str::from_utf8(text).ok()?.to_owned())
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.is_some().write(bytes);
        if let Some(value) = self {
            value.write(bytes);
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        match bool::read(bytes)? {
            true => Some(Some(T::read(bytes)?)),
            false => Some(None),
        }
    }
}

impl<T: Wire> Wire for Box<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        T::write(self, bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        T::read(bytes).map(Self::new)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        (self.len() as u64).write(bytes);
        for element in self {
            element.write(bytes);
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let mut elements = Self::new();
        for _ in 0..u64::read(bytes)? {
            elements.push(T::read(bytes)?);
        }
        Some(elements)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?))
    }
}

/// `structure!(Name { every, field })`
macro_rules! structure {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl Wire for $name {
            fn write(&self, bytes: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.write(bytes);)*
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                $(let $field = Wire::read(bytes)?;)*
                Some(Self { $($field),* })
            }
        }
    };
}

/// `variants!(Name { number: Variant { every, field }, number: Variant(field) })`, with `{}` when there is no field.
macro_rules! variants {
    ($name:ident { $($number:literal: $variant:ident $({ $($field:ident),* })? $(($only:ident))?),* $(,)? }) => {
        impl Wire for $name {
            fn write(&self, bytes: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({ $($field),* })? $(($only))? => {
                        bytes.push($number);
                        $($($field.write(bytes);)*)?
                        $($only.write(bytes);)?
                    })*
                }
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                match u8::read(bytes)? {
                    $($number => {
                        $($(let $field = Wire::read(bytes)?;)*)?
                        $(let $only = Wire::read(bytes)?;)?
                        Some(Self::$variant $({ $($field),* })? $(($only))?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

variants!(ToRun {
    0: Start {
        generation,
        text,
        design,
        seed,
        shuffle
    },
    1: Inspect {
        generation,
        ticket,
        database,
        event,
        read
    },
    2: Stop,
    3: Ping(number),
    4: Anomalies {
        generation,
        ticket,
        event
    },
});
variants!(FromRun {
    0: Started { generation },
    1: Refused { generation },
    2: Chunk {
        generation,
        strings,
        reached_us
    },
    3: Finished {
        generation,
        outcome
    },
    4: Tables {
        generation,
        ticket,
        store
    },
    5: Alive(number),
    6: Failed {
        generation,
        message
    },
    7: Anomalies {
        generation,
        ticket,
        report
    },
});
variants!(ReadAs {
    0: Committed,
    1: Transaction(number)
});
variants!(RowMark {
    0: Same,
    1: Added,
    2: Changed,
    3: Removed
});
structure!(Outcome {
    trace_hash,
    events,
    virtual_time_us,
    verdict,
    invariants,
    metrics,
    answers,
    choices,
});
structure!(AnswerOutcome { text, right, rows });
structure!(InvariantOutcome {
    name,
    mode,
    held,
    violated_at_us,
    rows
});
structure!(Metrics {
    requests,
    failures,
    latency_p50_us,
    latency_p99_us,
    latency_mean_us,
    messages,
    commits,
    rollbacks,
    rows_read,
    lock_wait_us,
    staleness_max_us,
    commands,
    during_faults,
    otherwise,
    round_trips,
    round_trips_p50,
    round_trips_max,
    copied_bytes,
    copies,
    queues,
    slot_us,
    series,
});
structure!(AnsweredCounts { ended, answered });
structure!(CopyMetrics {
    name,
    count,
    staleness_p50_us,
    staleness_p99_us,
    staleness_max_us,
});
structure!(QueueMetrics { name, depth_max });
structure!(Series { kind, name, values });
variants!(SeriesKind {
    0: Staleness,
    1: Depth,
    2: LockWaits
});
structure!(CommandMetrics {
    name,
    succeeded,
    failed,
    latency_p50_us,
    latency_p99_us,
    latency_max_us,
    distribution,
    parts,
});
structure!(PartsMetrics {
    least_over_sum_us,
    most_over_sum_us,
    least_over_longest_us,
    most_over_longest_us,
});
structure!(RequestCounts {
    started,
    succeeded,
    failed
});
variants!(Was {
    0: Same,
    1: Null,
    2: Value(text)
});
variants!(Author {
    0: Start,
    1: Committed(number),
    2: InFlight(number)
});
variants!(StatementOutcome {
    0: Done(tag),
    1: Waits,
    2: Failed(message)
});
structure!(StoreView {
    tables,
    locks,
    statement,
    streams
});
structure!(StreamView {
    name,
    total,
    events,
    folds
});
structure!(StreamEvent {
    position,
    version,
    event,
    data,
    at_us
});
structure!(FoldedStates {
    name,
    parts,
    states,
    failure
});
structure!(TableContent {
    name,
    columns,
    rows,
    total,
    versions
});
structure!(ColumnHead {
    name,
    data_type,
    numeric
});
structure!(TableRow {
    cells,
    change,
    writer,
    locked_by
});
structure!(Cell { value, was });
structure!(VersionLine {
    values,
    created,
    ended,
    deleted,
    seen,
    same_row
});
structure!(LockGroup {
    what,
    contested,
    ordinary,
    lines
});
structure!(LockLine {
    transaction,
    service,
    mode,
    granted,
    waits_for,
    since_us
});
structure!(LastStatement {
    transaction,
    service,
    text,
    plan,
    outcome,
    read,
    written,
    read_count,
    written_count,
    at_us,
    waited_us,
    record
});
structure!(AnomalyReport {
    transactions,
    anomalies,
    cut
});
structure!(AnomalyEntry {
    database,
    name,
    common_name,
    meaning,
    levels,
    permitted,
    transactions,
    dependencies,
    statements
});
structure!(AnomalyTransaction { number, who, level });
structure!(AnomalyDependency {
    from,
    to,
    kind,
    predicate,
    row,
    sentence
});
structure!(AnomalyStatement {
    at_us,
    transaction,
    who,
    text,
    record
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_the_whole_of_its_bytes() {
        let message = ToRun::Start {
            generation: 7,
            text: "broker b".to_owned(),
            design: Some("A".to_owned()),
            seed: u64::MAX,
            shuffle: None,
        };
        let mut bytes = to_bytes(&message);
        assert_eq!(from_bytes::<ToRun>(&bytes), Some(message));
        for length in 0..bytes.len() {
            assert_eq!(from_bytes::<ToRun>(&bytes[..length]), None);
        }
        bytes.push(0);
        assert_eq!(from_bytes::<ToRun>(&bytes), None);
    }

    #[test]
    fn anomalies_cross_as_they_are() {
        let text = || "text".to_owned();
        let message = FromRun::Anomalies {
            generation: 1,
            ticket: 2,
            report: AnomalyReport {
                transactions: 3,
                anomalies: vec![AnomalyEntry {
                    database: text(),
                    name: text(),
                    common_name: text(),
                    meaning: text(),
                    levels: vec![text()],
                    permitted: true,
                    transactions: vec![AnomalyTransaction {
                        number: 4,
                        who: text(),
                        level: text(),
                    }],
                    dependencies: vec![AnomalyDependency {
                        from: 5,
                        to: 6,
                        kind: text(),
                        predicate: true,
                        row: text(),
                        sentence: text(),
                    }],
                    statements: vec![AnomalyStatement {
                        at_us: Some(7),
                        transaction: 8,
                        who: text(),
                        text: text(),
                        record: None,
                    }],
                }],
                cut: true,
            },
        };
        assert_eq!(from_bytes(&to_bytes(&message)), Some(message));
    }

    proptest! {
        #[test]
        fn bytes_from_anywhere_are_read_or_refused(bytes: Vec<u8>) {
            if let Some(message) = from_bytes::<FromRun>(&bytes) {
                prop_assert_eq!(to_bytes(&message), bytes);
            }
        }
    }
}
