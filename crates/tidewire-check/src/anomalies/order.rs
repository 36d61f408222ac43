//! Mere order: who followed whom in a session, or in time. Only edges that others do not imply.

use super::{Edge, EdgeKind, History, Orders, TransactionNumber};

/// The edges of the orders that count, at most `limit`.
pub(super) fn edges(history: &History, orders: Orders, limit: usize) -> Vec<Edge> {
    let mut edges = Vec::new();
    // By begin, which is by number.
    let committed: Vec<TransactionNumber> = (0..history.transactions() as u32)
        .map(TransactionNumber)
        .filter(|transaction| history.is_committed(*transaction))
        .collect();
    for (at, to) in committed.iter().enumerate() {
        let next = &history.transactions[to.index()];
        let before =
            |other: &&TransactionNumber| history.transactions[other.index()].ended < next.began;
        let earlier = &committed[..at];
        if orders.session {
            let session = |other: &TransactionNumber| history.transactions[other.index()].session;
            let last = earlier
                .iter()
                .rev()
                .find(|other| session(other) == next.session && before(other));
            edges.extend(last.map(|from| edge(*from, *to, EdgeKind::Session)));
        }
        if orders.real_time {
            let ended = || earlier.iter().filter(before);
            // Whoever ended before another began that has ended too is implied.
            let latest = ended()
                .map(|other| history.transactions[other.index()].began)
                .max();
            let direct =
                ended().filter(|other| Some(history.transactions[other.index()].ended) >= latest);
            edges.extend(direct.map(|from| edge(*from, *to, EdgeKind::RealTime)));
        }
        if edges.len() >= limit {
            break;
        }
    }
    edges.truncate(limit);
    edges
}

fn edge(from: TransactionNumber, to: TransactionNumber, kind: EdgeKind) -> Edge {
    Edge {
        from,
        to,
        kind,
        object: None,
        from_operation: None,
        to_operation: None,
    }
}
