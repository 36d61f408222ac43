//! Isolation levels as Adya defines them, and which phenomenon each of them permits (Atul Adya, "Weak
//! Consistency", MIT 1999, chapters 3 and 4).

use super::Phenomenon;

/// What a transaction was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// No dirty writes: READ UNCOMMITTED of the standard.
    Pl1,
    /// No dirty reads either. PostgreSQL's READ COMMITTED.
    Pl2,
    /// Every transaction reads consistently: basic consistency.
    Pl2Plus,
    /// Snapshot isolation. PostgreSQL's REPEATABLE READ.
    PlSi,
    /// Serializable.
    Pl3,
}

impl Level {
    /// All of them, the weakest first.
    pub const ALL: [Level; 5] = [
        Level::Pl1,
        Level::Pl2,
        Level::Pl2Plus,
        Level::PlSi,
        Level::Pl3,
    ];

    /// Its name in the field: `PL-2+`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Pl1 => "PL-1",
            Level::Pl2 => "PL-2",
            Level::Pl2Plus => "PL-2+",
            Level::PlSi => "PL-SI",
            Level::Pl3 => "PL-3",
        }
    }

    /// Whether a history may show the phenomenon when all transactions in it have this level.
    pub fn permits(self, phenomenon: Phenomenon) -> bool {
        let first_that_forbids = match phenomenon {
            Phenomenon::G0 => Level::Pl1,
            Phenomenon::G1a | Phenomenon::G1b | Phenomenon::G1c => Level::Pl2,
            Phenomenon::LostUpdate | Phenomenon::GSingle => Level::Pl2Plus,
            Phenomenon::GNonadjacent => Level::PlSi,
            Phenomenon::G2Item | Phenomenon::G2 => Level::Pl3,
        };
        self < first_that_forbids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stronger_level_never_permits_more() {
        for pair in Level::ALL.windows(2) {
            for phenomenon in Phenomenon::ALL {
                assert!(!pair[1].permits(phenomenon) || pair[0].permits(phenomenon));
            }
        }
        assert!(
            Phenomenon::ALL
                .iter()
                .all(|phenomenon| !Level::Pl3.permits(*phenomenon))
        );
    }

    #[test]
    fn snapshot_isolation_permits_write_skew_and_nothing_weaker() {
        let permitted: Vec<&str> = Phenomenon::ALL
            .iter()
            .filter(|phenomenon| Level::PlSi.permits(**phenomenon))
            .map(|phenomenon| phenomenon.name())
            .collect();
        assert_eq!(permitted, ["G2-item", "G2"]);
    }
}
