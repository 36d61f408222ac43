//! Laws of the search, on histories made at random.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tidewire_check::anomalies::{
    Anomaly, Dependencies, Edge, History, Level, Limits, ObjectId, Orders, Phenomenon,
    TransactionNumber, VersionId, find,
};

const OBJECTS: usize = 3;

/// What one transaction does: whether it writes, which object, and which of its versions it reads.
type Script = Vec<(bool, usize, usize)>;

/// Plays the steps of several transactions in the order of `turns`; readers take any version there is.
struct Play {
    history: History,
    objects: Vec<ObjectId>,
    versions: Vec<Vec<VersionId>>,
}

impl Play {
    fn new() -> Self {
        let mut history = History::new();
        let existing: Vec<(ObjectId, VersionId)> =
            (0..OBJECTS).map(|_| history.existing_object()).collect();
        Self {
            history,
            objects: existing.iter().map(|(object, _)| *object).collect(),
            versions: existing.iter().map(|(_, version)| vec![*version]).collect(),
        }
    }

    fn step(
        &mut self,
        transaction: TransactionNumber,
        (write, object, back): (bool, usize, usize),
    ) {
        if write {
            let (_, version) = self.history.write(transaction, self.objects[object]);
            self.versions[object].push(version);
        } else {
            let there = &self.versions[object];
            let version = there[there.len() - 1 - back % there.len()];
            self.history.read(transaction, version);
        }
    }
}

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let step = (any::<bool>(), 0..OBJECTS, 0usize..4);
    proptest::collection::vec(proptest::collection::vec(step, 1..5), 2..7)
}

fn any_history(scripts: &[Script], turns: &[usize], level: Level) -> History {
    let mut play = Play::new();
    let transactions: Vec<TransactionNumber> = (0..scripts.len())
        .map(|session| play.history.begin(level, session as u32))
        .collect();
    let mut next = vec![0; scripts.len()];
    let rest = (0..scripts.len()).flat_map(|at| std::iter::repeat_n(at, scripts[at].len() + 1));
    for turn in turns.iter().map(|turn| turn % scripts.len()).chain(rest) {
        match scripts[turn].get(next[turn]) {
            Some(step) => play.step(transactions[turn], *step),
            None if next[turn] == scripts[turn].len() => play.history.commit(transactions[turn]),
            None => {}
        }
        next[turn] += 1;
    }
    play.history
}

fn is_cycle(anomaly: &Anomaly) -> bool {
    let next = anomaly.edges.iter().cycle().skip(1);
    let closed = anomaly
        .edges
        .iter()
        .zip(next)
        .all(|(edge, next)| edge.to == next.from);
    let transactions: BTreeSet<TransactionNumber> =
        anomaly.edges.iter().map(|edge| edge.from).collect();
    closed && transactions.len() == anomaly.edges.len() && anomaly.edges.len() > 1
}

/// Whether `to` is reached from `from`.
fn reaches(edges: &[Edge], from: TransactionNumber, to: TransactionNumber) -> bool {
    let mut seen = BTreeSet::from([from]);
    loop {
        let more: Vec<TransactionNumber> = edges
            .iter()
            .filter(|edge| seen.contains(&edge.from) && !seen.contains(&edge.to))
            .map(|edge| edge.to)
            .collect();
        if seen.contains(&to) || more.is_empty() {
            return seen.contains(&to);
        }
        seen.extend(more);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_serial_history_has_no_anomaly_even_in_real_time(scripts in scripts()) {
        let mut play = Play::new();
        for script in &scripts {
            let transaction = play.history.begin(Level::Pl3, 0);
            for (write, object, _) in script {
                play.step(transaction, (*write, *object, 0));
            }
            play.history.commit(transaction);
        }
        let orders = Orders { session: true, real_time: true };
        prop_assert_eq!(find(&play.history, orders, Limits::default()), Default::default());
    }

    #[test]
    fn what_is_told_is_really_there_once_and_in_order(
        scripts in scripts(),
        turns in proptest::collection::vec(0usize..7, 0..40),
    ) {
        let history = any_history(&scripts, &turns, Level::Pl2);
        let dependencies = Dependencies::of(&history, Limits::default());
        let report = find(&history, Orders::default(), Limits::default());
        let mut known = BTreeSet::new();
        let mut length = 0;
        for anomaly in &report.anomalies {
            if matches!(anomaly.phenomenon, Phenomenon::G1a | Phenomenon::G1b) {
                prop_assert_eq!(anomaly.edges.len(), 1);
                continue;
            }
            prop_assert!(is_cycle(anomaly));
            prop_assert!(anomaly.edges.iter().all(|edge| dependencies.edges.contains(edge)));
            prop_assert_eq!(Phenomenon::of_cycle(&anomaly.edges), anomaly.phenomenon);
            let mut transactions = anomaly.transactions();
            let lowest = (0..transactions.len()).min_by_key(|at| transactions[*at]).unwrap_or(0);
            transactions.rotate_left(lowest);
            prop_assert!(known.insert(transactions));
            prop_assert!(length <= anomaly.edges.len());
            length = anomaly.edges.len();
        }
    }

    #[test]
    fn every_dependency_on_a_cycle_comes_to_light(
        scripts in scripts(),
        turns in proptest::collection::vec(0usize..7, 0..40),
    ) {
        let history = any_history(&scripts, &turns, Level::Pl2);
        let edges = Dependencies::of(&history, Limits::default()).edges;
        let report = find(&history, Orders::default(), Limits::default());
        let told: BTreeSet<TransactionNumber> =
            report.anomalies.iter().flat_map(Anomaly::transactions).collect();
        for edge in edges.iter().filter(|edge| edge.kind.is_anti()) {
            if reaches(&edges, edge.to, edge.from) {
                prop_assert!(told.contains(&edge.from) && told.contains(&edge.to), "{:?}", edge);
            }
        }
        let cyclic = edges.iter().any(|edge| reaches(&edges, edge.to, edge.from));
        let cycles = report.anomalies.iter().filter(|anomaly| anomaly.edges.len() > 1);
        prop_assert_eq!(cyclic, cycles.count() > 0);
    }
}
