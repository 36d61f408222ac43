//! Which records stand in the log: all, or those that concern one node. Kept up to date while records come.

use tidewire_session::recording::Recording;
use tidewire_session::view::{Record, RecordKind};

use crate::shared::Tape;

/// The rows of the log and their records.
#[derive(Debug, Default)]
pub(super) struct Filter {
    tape: Tape,
    node: Option<u32>,
    /// Records looked at so far.
    seen: u32,
    /// Records of the rows, ascending; unused without a node.
    rows: Vec<u32>,
}

impl Filter {
    /// Takes in what is new: records, another run, another node.
    pub(super) fn update(&mut self, tape: &Tape, recording: &Recording, node: Option<u32>) {
        if !self.tape.is_of_run(tape) || self.node != node {
            self.seen = 0;
            self.rows.clear();
        }
        self.tape = tape.clone();
        self.node = node;
        let end = recording.len() as u32;
        if let Some(node) = node {
            let fresh = self.seen..end;
            let concerned = |index: &u32| {
                recording
                    .record(*index)
                    .is_some_and(|record| concerns(record, node))
            };
            self.rows.extend(fresh.filter(concerned));
        }
        self.seen = end;
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> u32 {
        match self.node {
            Some(_) => self.rows.len() as u32,
            None => self.seen,
        }
    }

    /// The record of a row.
    pub(super) fn record(&self, row: u32) -> Option<u32> {
        match self.node {
            Some(_) => self.rows.get(row as usize).copied(),
            None => (row < self.seen).then_some(row),
        }
    }

    /// How many rows stand before this record.
    pub(super) fn before(&self, record: u32) -> u32 {
        match self.node {
            Some(_) => self.rows.partition_point(|row| *row < record) as u32,
            None => record.min(self.seen),
        }
    }
}

/// Whether a record is about this node, at either end.
fn concerns(record: &Record, node: u32) -> bool {
    // Facts about a broker's log name the topic where others name the second node.
    let has_peer = !matches!(
        record.kind,
        RecordKind::Appended | RecordKind::OffsetCommitted | RecordKind::Settled
    );
    u32::from(record.node) == node || (has_peer && u32::from(record.peer) == node)
}
