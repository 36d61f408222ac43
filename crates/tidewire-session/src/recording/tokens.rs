//! Messages to draw at a time. Positions are a pure function of the time, the speed and the records.

use super::Recording;
use crate::view::{Canvas, Record, RecordKind, Token, TokenKind, WireStyle};

/// Records looked at for messages that just arrived; bounds the work of one animation frame.
const LOOK_BACK_RECORDS: usize = 4_096;

/// Numbers of message kinds in the `detail` of a `Sent` record.
pub(crate) mod message {
    pub(crate) const COMMAND: u8 = 0;
    pub(crate) const REPLY: u8 = 1;
    pub(crate) const FAILURE: u8 = 2;
    pub(crate) const EVENT: u8 = 3;
    pub(crate) const STATEMENT: u8 = 4;
    pub(crate) const ANSWER: u8 = 5;
    pub(crate) const ACKNOWLEDGEMENT: u8 = 6;
}

/// Numbers of outcomes in the `detail` of a `CacheAccessed` record.
pub(crate) mod cache {
    pub(crate) const HIT: u8 = 0;
    pub(crate) const MISS: u8 = 1;
    pub(crate) const PUT: u8 = 2;
    pub(crate) const DELETED: u8 = 3;
    pub(crate) const NOTHING_DELETED: u8 = 4;
    pub(crate) const EXPIRED: u8 = 5;
    pub(crate) const EVICTED: u8 = 6;
}

/// The shape of a message.
pub(super) fn token_kind(detail: u8) -> TokenKind {
    match detail {
        message::COMMAND => TokenKind::Command,
        message::FAILURE => TokenKind::Failure,
        message::EVENT => TokenKind::Event,
        message::STATEMENT => TokenKind::Transaction,
        // Replies, answers and acknowledgements are rings.
        _ => TokenKind::Reply,
    }
}

impl Recording {
    /// The shape of the message that a record sends; `None` for any other record.
    pub fn message_kind(&self, record: u32) -> Option<TokenKind> {
        let sent = self
            .record(record)
            .filter(|record| record.kind == RecordKind::Sent)?;
        Some(token_kind(sent.detail))
    }

    /// More tokens than these at once are not drawn.
    pub const TOKENS: usize = 400;

    /// Messages to draw. A crossing shorter than `rest_us` (240 ms on screen, in virtual time) is drawn at rest
    /// on the receiver for that long. At most [`Recording::TOKENS`].
    pub fn tokens(&self, at_us: u64, rest_us: u64, canvas: &Canvas) -> Vec<Token> {
        let count = self.records_until(at_us) as usize;
        let mut tokens = Vec::new();
        for (sent, ()) in self.moment(count).in_flight.entries().iter().rev() {
            let Some(record) = self.record(*sent) else {
                continue;
            };
            let crossing = record.until_us.saturating_sub(record.at_us);
            if crossing >= rest_us.max(1) && tokens.len() < Self::TOKENS {
                let progress = (at_us - record.at_us) as f64 / crossing as f64;
                tokens.push(self.token(*sent, record, progress.min(1.0) as f32, canvas));
            }
        }
        self.resting(count, at_us, rest_us, canvas, &mut tokens);
        tokens
    }

    /// Adds messages that arrived so recently, and crossed so fast, that they are shown where they arrived.
    fn resting(
        &self,
        count: usize,
        at_us: u64,
        rest_us: u64,
        canvas: &Canvas,
        tokens: &mut Vec<Token>,
    ) {
        let recent = self.records[..count]
            .iter()
            .enumerate()
            .rev()
            .take(LOOK_BACK_RECORDS);
        let recent = recent.take_while(|(_, record)| record.at_us.saturating_add(rest_us) > at_us);
        for (index, arrival) in recent {
            if arrival.kind != RecordKind::Delivered || tokens.len() >= Self::TOKENS {
                continue;
            }
            let Some(sent) = self.sent_before(arrival, index as u32) else {
                continue;
            };
            let record = &self.records[sent as usize];
            if arrival.at_us.saturating_sub(record.at_us) < rest_us {
                tokens.push(self.token(sent, record, 1.0, canvas));
            }
        }
    }

    fn token(&self, sent: u32, record: &Record, progress: f32, canvas: &Canvas) -> Token {
        let kind = token_kind(record.detail);
        let (from, to) = (u32::from(record.node), u32::from(record.peer));
        let appended = self.record(record.cause);
        let appended = appended.filter(|cause| cause.kind == RecordKind::Appended);
        Token {
            record: sent,
            kind,
            wire: wire(kind, from, to, canvas),
            from,
            to,
            progress,
            again: appended.is_some_and(|cause| cause.until_us < cause.at_us),
        }
    }
}

/// The wire between two nodes, along the arrow if there is one, and in the message's style if there are several.
fn wire(kind: TokenKind, from: u32, to: u32, canvas: &Canvas) -> Option<(u32, bool)> {
    let event = kind == TokenKind::Event;
    let rank = |style: WireStyle| u32::from((style == WireStyle::Event) != event);
    let along = |index: usize| {
        let wire = &canvas.wires[index];
        let direction = if (wire.from, wire.to) == (from, to) {
            0
        } else if (wire.from, wire.to) == (to, from) {
            2
        } else {
            return None;
        };
        Some((direction + rank(wire.kind), index as u32, direction == 2))
    };
    let best = (0..canvas.wires.len()).filter_map(along).min()?;
    Some((best.1, best.2))
}
