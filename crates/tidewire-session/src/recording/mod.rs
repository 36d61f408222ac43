//! The page's copy of a run: all records so far, and what the screen asks of them.
//!
//! Everything here is a pure function of the records and a time, so scrubbing back is exact. What the worker
//! keeps (states, checkpoints) never comes here.

mod causality;
mod codec;
mod frame;
mod moment;
mod sentence;
mod timeline;
mod tokens;

use std::ops::Range;
use std::sync::Arc;

use moment::Moment;
pub(crate) use moment::judged;
pub(crate) use sentence::duration;
use timeline::TimelineBuilder;
pub(crate) use tokens::{cache, message};

use crate::legend::Legend;
use crate::view::{LogLine, Record, RecordKind, SpanKind, Timeline};
use tidewire_syntax::sort;

/// A kept moment every so many records: what scrubbing folds at most.
const KEYFRAME_RECORDS: usize = 512;

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
#[derive(Clone, Debug)]
pub struct Recording {
    legend: Arc<Legend>,
    strings: Vec<Arc<str>>,
    records: Vec<Record>,
    /// By delivery: index of its `Sent` record, [`Record::NONE`] before it came.
    sent: Vec<u32>,
    /// Moments at multiples of [`KEYFRAME_RECORDS`], the first before all records.
    keyframes: Vec<Moment>,
    latest: Moment,
    timeline: TimelineBuilder,
    first_violations: Vec<Option<u64>>,
    reached_us: u64,
}

impl Default for Recording {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl Recording {
    /// An empty recording of a program.
    pub fn new(legend: Arc<Legend>) -> Self {
        let start = Moment::start(&legend);
        Self {
            strings: Vec::new(),
            records: Vec::new(),
            sent: Vec::new(),
            keyframes: vec![start.clone()],
            latest: start,
            timeline: TimelineBuilder::new(&legend),
            first_violations: vec![None; legend.invariants.len()],
            reached_us: 0,
            legend,
        }
    }

    /// Appends a chunk: new strings, records as bytes, and how far virtual time has come.
    pub fn push(
        &mut self,
        strings: Vec<String>,
        bytes: &[u8],
        reached_us: u64,
    ) -> Result<(), ChunkError> {
        let (whole, rest) = bytes.as_chunks::<{ Record::SIZE }>();
        if !rest.is_empty() {
            return Err(ChunkError::Length(bytes.len()));
        }
        self.strings.extend(strings.into_iter().map(Arc::from));
        for chunk in whole {
            let record = Record::read(chunk).map_err(|kind| ChunkError::Kind {
                record: self.records.len() as u32,
                kind,
            })?;
            self.append(record);
        }
        self.reached_us = self.reached_us.max(reached_us);
        self.timeline.reach(self.reached_us);
        Ok(())
    }

    fn append(&mut self, mut record: Record) {
        // The binary searches below need ascending times, whoever wrote the chunk.
        record.at_us = record
            .at_us
            .max(self.records.last().map_or(0, |last| last.at_us));
        let index = self.records.len() as u32;
        let sent = self.note_delivery(&record, index);
        self.latest.fold(&self.legend, &record, sent);
        if record.kind == RecordKind::InvariantChanged
            && record.detail == judged::VIOLATED
            && let Some(first) = self.first_violations.get_mut(record.number as usize)
        {
            first.get_or_insert(record.at_us);
        }
        let label = self.strings.get(record.label as usize);
        self.timeline.add(&record, index, label, &self.legend);
        self.reached_us = self.reached_us.max(record.at_us);
        self.records.push(record);
        if self.records.len().is_multiple_of(KEYFRAME_RECORDS) {
            self.keyframes.push(self.latest.clone());
        }
    }

    /// Notes where a delivery begins; at its end, the index of its `Sent` record.
    fn note_delivery(&mut self, record: &Record, index: u32) -> Option<u32> {
        let number = record.number as usize;
        match record.kind {
            RecordKind::Sent => {
                // Deliveries are numbered densely; a wild number must not take all memory.
                if number < self.sent.len() + 65_536 {
                    let length = self.sent.len().max(number + 1);
                    self.sent.resize(length, Record::NONE);
                    if self.sent[number] == Record::NONE {
                        self.sent[number] = index;
                    }
                }
                None
            }
            RecordKind::Delivered | RecordKind::Lost => self.sent_before(record, index),
            _ => None,
        }
    }

    /// The `Sent` record of the delivery whose end is told at `index`.
    fn sent_before(&self, record: &Record, index: u32) -> Option<u32> {
        let sent = *self.sent.get(record.number as usize)?;
        (sent < index).then_some(sent)
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

    /// The text that a record names; empty when it names none.
    pub fn label(&self, record: &Record) -> &str {
        self.strings
            .get(record.label as usize)
            .map_or("", |text| text)
    }

    /// How far the run has come; the playhead may go as far.
    pub fn reached_us(&self) -> u64 {
        self.reached_us
    }

    /// Lanes, spans, arrows and flags; extended with every chunk.
    pub fn timeline(&self) -> &Timeline {
        self.timeline.timeline()
    }

    /// How many records happened at or before a time.
    pub fn records_until(&self, at_us: u64) -> u32 {
        self.records.partition_point(|record| record.at_us <= at_us) as u32
    }

    /// When the first event after this time happens.
    pub fn next_event(&self, at_us: u64) -> Option<u64> {
        let next = self.records_until(at_us) as usize;
        self.records.get(next).map(|record| record.at_us)
    }

    /// When the last event before this time happened.
    pub fn previous_event(&self, at_us: u64) -> Option<u64> {
        let until = self.records.partition_point(|record| record.at_us < at_us);
        Some(self.records.get(until.checked_sub(1)?)?.at_us)
    }

    /// While nothing moves at this time: when something happens next. Playback passes such gaps faster.
    pub fn idle_until(&self, at_us: u64) -> Option<u64> {
        let moment = self.moment(self.records_until(at_us) as usize);
        if !moment.in_flight.is_empty() {
            return None;
        }
        self.next_event(at_us)
    }

    /// Transactions open at a store at this time, by their number.
    pub fn open_transactions(&self, store: u32, at_us: u64) -> Vec<u32> {
        let lanes = &self.timeline().lanes;
        let spans = lanes
            .get(store as usize)
            .map_or(&[][..], |lane| &lane.spans);
        let open = spans.iter().filter(|span| {
            let is_over = span.end_us.is_some_and(|end| end <= at_us);
            span.kind == SpanKind::Transaction && span.start_us <= at_us && !is_over
        });
        let mut numbers: Vec<u32> = open
            .filter_map(|span| Some(self.record(span.record)?.number))
            .collect();
        sort::sort(&mut numbers);
        numbers
    }

    /// Lines of the log for these records (indices are cut to what there is).
    pub fn log_lines(&self, records: Range<u32>) -> Vec<LogLine> {
        let end = (records.end as usize).min(self.records.len());
        let start = (records.start as usize).min(end);
        (start..end)
            .map(|index| {
                let record = &self.records[index];
                LogLine {
                    at_us: record.at_us,
                    event: record.event,
                    record: index as u32,
                    node: (record.node != u16::MAX).then_some(u32::from(record.node)),
                    sentence: self.describe(index as u32),
                }
            })
            .collect()
    }

    /// The fold of the first `count` records: from the nearest keyframe.
    fn moment(&self, count: usize) -> Moment {
        if count >= self.records.len() {
            return self.latest.clone();
        }
        let mut moment =
            self.keyframes[(count / KEYFRAME_RECORDS).min(self.keyframes.len() - 1)].clone();
        for index in moment.next.min(count)..count {
            let record = &self.records[index];
            moment.fold(&self.legend, record, self.sent_before(record, index as u32));
        }
        moment
    }
}
