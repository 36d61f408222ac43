//! Names of what can be wrong with a history, and which of them a cycle has.
//!
//! G0 to G2 are Adya's ("Weak Consistency", chapters 3 and 4), G-nonadjacent is Elle's (Kingsbury and Alvaro,
//! VLDB 2020), lost update is P4 of Berenson and others (SIGMOD 1995), which is Adya's G-cursor on one object.

use super::{Edge, EdgeKind};

/// What is wrong, by the name that the field gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phenomenon {
    /// Dirty write: a cycle of write dependencies.
    G0,
    /// Aborted read: a committed transaction read what was never committed.
    G1a,
    /// Intermediate read: a transaction read what its writer then wrote over itself.
    G1b,
    /// Circular information flow: a cycle of write and read dependencies.
    G1c,
    /// A transaction wrote over an object on the strength of a version that another had replaced meanwhile.
    LostUpdate,
    /// Read skew: a cycle with exactly one anti-dependency.
    GSingle,
    /// Several anti-dependencies, no two of them in a row; long fork is the best known.
    GNonadjacent,
    /// Write skew: anti-dependencies on objects, two of them in a row.
    G2Item,
    /// Anti-dependencies in a row, at least one of them on a predicate: phantoms.
    G2,
}

impl Phenomenon {
    /// All of them, the most specific first: what few levels permit stands before what many do.
    pub const ALL: [Phenomenon; 9] = [
        Phenomenon::G0,
        Phenomenon::G1a,
        Phenomenon::G1b,
        Phenomenon::G1c,
        Phenomenon::LostUpdate,
        Phenomenon::GSingle,
        Phenomenon::GNonadjacent,
        Phenomenon::G2Item,
        Phenomenon::G2,
    ];

    /// Its name in papers: `G-single`.
    pub fn name(self) -> &'static str {
        match self {
            Phenomenon::G0 => "G0",
            Phenomenon::G1a => "G1a",
            Phenomenon::G1b => "G1b",
            Phenomenon::G1c => "G1c",
            Phenomenon::LostUpdate => "lost update",
            Phenomenon::GSingle => "G-single",
            Phenomenon::GNonadjacent => "G-nonadjacent",
            Phenomenon::G2Item => "G2-item",
            Phenomenon::G2 => "G2",
        }
    }

    /// What people call it.
    pub fn common_name(self) -> &'static str {
        match self {
            Phenomenon::G0 => "dirty write",
            Phenomenon::G1a => "aborted read",
            Phenomenon::G1b => "intermediate read",
            Phenomenon::G1c => "circular information flow",
            Phenomenon::LostUpdate => "lost update",
            Phenomenon::GSingle => "read skew",
            Phenomenon::GNonadjacent => "long fork",
            Phenomenon::G2Item => "write skew",
            Phenomenon::G2 => "phantom",
        }
    }

    /// The most specific name of a cycle, whatever its edges of order.
    pub fn of_cycle(edges: &[Edge]) -> Phenomenon {
        let anti = |edge: &Edge| edge.kind.is_anti();
        match edges.iter().filter(|edge| anti(edge)).count() {
            0 if edges.iter().any(|edge| edge.kind.is_read()) => Phenomenon::G1c,
            0 => Phenomenon::G0,
            1 if is_lost_update(edges) => Phenomenon::LostUpdate,
            1 => Phenomenon::GSingle,
            _ => {
                let next = edges.iter().cycle().skip(1);
                if !edges
                    .iter()
                    .zip(next)
                    .any(|(edge, next)| anti(edge) && anti(next))
                {
                    Phenomenon::GNonadjacent
                } else if edges
                    .iter()
                    .any(|edge| edge.kind == EdgeKind::PredicateReadWrite)
                {
                    Phenomenon::G2
                } else {
                    Phenomenon::G2Item
                }
            }
        }
    }
}

/// One object only: read by the transaction that also wrote the last version of the cycle.
fn is_lost_update(edges: &[Edge]) -> bool {
    let object = edges.first().and_then(|edge| edge.object);
    object.is_some()
        && edges.iter().all(|edge| {
            edge.object == object && matches!(edge.kind, EdgeKind::ReadWrite | EdgeKind::WriteWrite)
        })
}
