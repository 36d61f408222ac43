//! Versions that should not have been read: of transactions that were undone (G1a), and those that their own
//! writer replaced before it committed (G1b).

use super::history::OperationKind;
use super::{
    Anomaly, Edge, EdgeKind, Fate, History, Level, OperationId, Phenomenon, TransactionNumber,
    VersionId,
};

/// Every aborted and every intermediate read of a committed transaction, in order of time; one for each pair
/// of transactions and name.
pub(super) fn reads(history: &History) -> Vec<Anomaly> {
    let mut found: Vec<Anomaly> = Vec::new();
    for (number, operation) in (0..).map(OperationId).zip(&history.operations) {
        let reader = operation.transaction;
        if !history.is_committed(reader) {
            continue;
        }
        match &operation.kind {
            OperationKind::Read(version) => {
                let kind = EdgeKind::WriteRead;
                judge(history, (reader, number), *version, kind, &mut found);
            }
            OperationKind::Write => {}
            OperationKind::Predicate(read) => {
                let versions = read.seen.iter().filter_map(|(_, version)| *version);
                for version in versions.filter(|version| read.predicate.holds(*version)) {
                    let kind = EdgeKind::PredicateWriteRead;
                    judge(history, (reader, number), version, kind, &mut found);
                }
            }
        }
    }
    found
}

fn judge(
    history: &History,
    (reader, operation): (TransactionNumber, OperationId),
    version: VersionId,
    kind: EdgeKind,
    found: &mut Vec<Anomaly>,
) {
    let Some((writer, written)) = history.writer(version) else {
        return;
    };
    if writer == reader {
        return;
    }
    let phenomenon = if history.fate(writer) != Fate::Committed {
        Phenomenon::G1a
    } else if !is_last(history, version, writer) {
        Phenomenon::G1b
    } else {
        return;
    };
    let known = found.iter().any(|other| {
        let same = |edge: &Edge| edge.from == writer && edge.to == reader;
        other.phenomenon == phenomenon && other.edges.iter().any(same)
    });
    if known {
        return;
    }
    found.push(Anomaly {
        phenomenon,
        edges: vec![Edge {
            from: writer,
            to: reader,
            kind,
            object: history.versions.get(version.index()).map(|it| it.object),
            from_operation: Some(written),
            to_operation: Some(operation),
        }],
        order: None,
        permitted: history.level(reader) < Level::Pl2,
    });
}

/// Whether the writer left it at this version.
fn is_last(history: &History, version: VersionId, writer: TransactionNumber) -> bool {
    let Some(object) = history.versions.get(version.index()).map(|it| it.object) else {
        return true;
    };
    let mut later = history.objects[object.index()]
        .iter()
        .filter(|other| **other > version);
    !history.versions[version.index()].withdrawn
        && !later.any(|other| {
            let by = history.writer(*other).map(|(by, _)| by);
            by == Some(writer) && !history.versions[other.index()].withdrawn
        })
}
