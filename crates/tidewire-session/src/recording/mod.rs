//! The page's copy of a run: all records so far, and what the screen asks of them.
//!
//! Everything here is a pure function of the records and a time, so scrubbing back is exact. What the worker
//! keeps (states, checkpoints) never comes here.

use std::ops::Range;
use std::sync::Arc;

use crate::legend::Legend;
use crate::view::{Canvas, Frame, LogLine, Record, Timeline, Token};

/// A chunk that does not fit: the worker and the page are of different builds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The bytes are not whole records.
    #[error("a chunk of {0} bytes is not a whole number of records")]
    Length(usize),
    /// A record has a kind that this page does not know.
    #[error("record {record} has the unknown kind {kind}")]
    Kind {
        /// Index of the record.
        record: u32,
        /// The number found.
        kind: u8,
    },
}

/// All records of one run so far.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    legend: Arc<Legend>,
    records: Vec<Record>,
    timeline: Timeline,
}

impl Recording {
    /// An empty recording of a program.
    pub fn new(legend: Arc<Legend>) -> Self {
        Self {
            legend,
            ..Self::default()
        }
    }

    /// Appends a chunk: new strings, records as bytes, and how far virtual time has come.
    pub fn push(
        &mut self,
        _strings: Vec<String>,
        _bytes: &[u8],
        _reached_us: u64,
    ) -> Result<(), ChunkError> {
        Ok(())
    }

    /// What the numbers stand for.
    pub fn legend(&self) -> &Arc<Legend> {
        &self.legend
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing has come yet.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// A record by its index.
    pub fn record(&self, index: u32) -> Option<&Record> {
        self.records.get(index as usize)
    }

    /// How far the run has come; the playhead may go as far.
    pub fn reached_us(&self) -> u64 {
        0
    }

    /// Everything that changes with the playhead, except tokens and tables.
    pub fn frame(&self, at_us: u64) -> Frame {
        Frame {
            at_us,
            ..Frame::default()
        }
    }

    /// Messages to draw. A crossing shorter than `rest_us` (240 ms on screen, in virtual time) is drawn at rest
    /// on the receiver for that long. At most [`Recording::TOKENS`].
    pub fn tokens(&self, _at_us: u64, _rest_us: u64, _canvas: &Canvas) -> Vec<Token> {
        Vec::new()
    }

    /// More tokens than these at once are not drawn.
    pub const TOKENS: usize = 400;

    /// Lanes, spans, arrows and flags; extended with every chunk.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// When the first event after this time happens.
    pub fn next_event(&self, _at_us: u64) -> Option<u64> {
        None
    }

    /// When the last event before this time happened.
    pub fn previous_event(&self, _at_us: u64) -> Option<u64> {
        None
    }

    /// While nothing moves at this time: when something happens next. Playback passes such gaps faster.
    pub fn idle_until(&self, _at_us: u64) -> Option<u64> {
        None
    }

    /// Records without which this one would not have happened, ascending, without itself.
    pub fn causes(&self, _record: u32) -> Vec<u32> {
        Vec::new()
    }

    /// Records that would not have happened without this one, ascending, without itself.
    pub fn effects(&self, _record: u32) -> Vec<u32> {
        Vec::new()
    }

    /// What a record says, as a sentence.
    pub fn describe(&self, _record: u32) -> String {
        String::new()
    }

    /// Lines of the log for these records (indices are cut to what there is).
    pub fn log_lines(&self, _records: Range<u32>) -> Vec<LogLine> {
        Vec::new()
    }
}
