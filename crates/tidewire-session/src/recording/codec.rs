//! Trace records as bytes: 48 each, little endian, the last four zero. The worker writes, the page reads.

use crate::view::{Record, RecordKind};

/// All kinds, in order of their numbers, which begin at 1.
const KINDS: [RecordKind; 30] = [
    RecordKind::RequestStarted,
    RecordKind::RequestEnded,
    RecordKind::Sent,
    RecordKind::Delivered,
    RecordKind::Lost,
    RecordKind::HandlerStarted,
    RecordKind::HandlerEnded,
    RecordKind::Queued,
    RecordKind::TransactionBegan,
    RecordKind::StatementDone,
    RecordKind::StatementBlocked,
    RecordKind::StatementFailed,
    RecordKind::Committed,
    RecordKind::RolledBack,
    RecordKind::Appended,
    RecordKind::OffsetCommitted,
    RecordKind::Settled,
    RecordKind::Crashed,
    RecordKind::Restarted,
    RecordKind::PartitionChanged,
    RecordKind::Migrated,
    RecordKind::FaultInjected,
    RecordKind::InvariantChanged,
    RecordKind::Healed,
    RecordKind::Ended,
    RecordKind::ConditionChanged,
    RecordKind::Struck,
    RecordKind::CacheAccessed,
    RecordKind::FlightJoined,
    RecordKind::FlightLanded,
];

impl RecordKind {
    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        KINDS.get(usize::from(number).checked_sub(1)?).copied()
    }
}

impl Record {
    /// A record of this kind in which everything else is absent.
    pub fn blank(kind: RecordKind, at_us: u64) -> Self {
        Self {
            at_us,
            until_us: at_us,
            event: 0,
            cause: Self::NONE,
            request: Self::NONE,
            kind,
            detail: 0,
            node: u16::MAX,
            peer: u16::MAX,
            small: 0,
            number: 0,
            label: Self::NONE,
        }
    }

    /// Appends the record to a chunk.
    pub fn write(&self, chunk: &mut Vec<u8>) {
        chunk.extend_from_slice(&self.at_us.to_le_bytes());
        chunk.extend_from_slice(&self.until_us.to_le_bytes());
        for word in [self.event, self.cause, self.request] {
            chunk.extend_from_slice(&word.to_le_bytes());
        }
        chunk.extend_from_slice(&[self.kind as u8, self.detail]);
        for half in [self.node, self.peer, self.small] {
            chunk.extend_from_slice(&half.to_le_bytes());
        }
        for word in [self.number, self.label, 0] {
            chunk.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// Reads a record; the number of an unknown kind is the error.
    pub fn read(bytes: &[u8; Self::SIZE]) -> Result<Self, u8> {
        let long = |at: usize| u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32;
        Ok(Self {
            at_us: long(0),
            until_us: long(8),
            event: word(bytes, 16),
            cause: word(bytes, 20),
            request: word(bytes, 24),
            kind: RecordKind::from_number(bytes[28]).ok_or(bytes[28])?,
            detail: bytes[29],
            node: half(bytes, 30),
            peer: half(bytes, 32),
            small: half(bytes, 34),
            number: word(bytes, 36),
            label: word(bytes, 40),
        })
    }
}

fn word(bytes: &[u8; Record::SIZE], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn half(bytes: &[u8; Record::SIZE], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_stand_at_their_numbers() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, index + 1);
            assert_eq!(RecordKind::from_number(*kind as u8), Some(*kind));
        }
        assert_eq!(RecordKind::from_number(0), None);
        assert_eq!(RecordKind::from_number(KINDS.len() as u8 + 1), None);
    }

    proptest! {
        #[test]
        fn a_record_survives_the_crossing(
            times: (u64, u64), words: (u32, u32, u32, u32, u32), halves: (u16, u16, u16),
            kind in 1..=KINDS.len() as u8, detail: u8,
        ) {
            let record = Record {
                at_us: times.0, until_us: times.1, event: words.0, cause: words.1, request: words.2,
                kind: RecordKind::from_number(kind).expect("in range"), detail,
                node: halves.0, peer: halves.1, small: halves.2, number: words.3, label: words.4,
            };
            let mut chunk = Vec::new();
            record.write(&mut chunk);
            let bytes: [u8; Record::SIZE] = chunk.try_into().expect("48 bytes");
            prop_assert_eq!(Record::read(&bytes), Ok(record));
        }
    }
}
