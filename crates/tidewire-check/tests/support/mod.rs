//! Histories in the notation of tests/histories.txt.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_check::anomalies::{
    Anomaly, History, Level, ObjectId, Orders, Predicate, PredicateRead, TransactionNumber,
    VersionId,
};

/// A history with the names that its text uses.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) history: History,
    pub(crate) orders: Orders,
    level: Option<Level>,
    levels: BTreeMap<String, Level>,
    sessions: BTreeMap<String, u32>,
    transactions: BTreeMap<String, TransactionNumber>,
    objects: BTreeMap<String, ObjectId>,
    versions: BTreeMap<String, VersionId>,
}

fn level(name: &str) -> Level {
    let found = Level::ALL.into_iter().find(|level| level.name() == name);
    found.unwrap_or_else(|| panic!("no level {name}"))
}

impl Written {
    /// `level …` and `orders …`
    pub(crate) fn setting(&mut self, line: &str) {
        for word in line.split_whitespace().skip(1) {
            match word.split_once('=') {
                Some((transaction, session)) if session.starts_with("session-") => {
                    let number = session["session-".len()..].parse().expect("a number");
                    self.sessions.insert(transaction.to_string(), number);
                }
                Some((transaction, name)) => {
                    self.levels.insert(transaction.to_string(), level(name));
                }
                None if word == "real-time" => self.orders.real_time = true,
                None if word == "session" => self.orders.session = true,
                None => self.level = Some(level(word)),
            }
        }
    }

    /// All operations of a line.
    pub(crate) fn operations(&mut self, line: &str) {
        self.name_existing(line);
        let steps = steps(line);
        let all = self.name_ahead(&steps);
        for step in steps {
            self.step(step, &all);
        }
    }

    /// Versions by their names, those that are still to be written too: conditions speak of them.
    fn name_ahead(&self, steps: &[&str]) -> BTreeMap<String, VersionId> {
        let mut all = self.versions.clone();
        for step in steps.iter().filter(|step| step.starts_with('w')) {
            let (name, inside) = parts(step);
            let version = VersionId(all.len() as u32);
            let count = (1..).find(|count| !all.contains_key(&version_name(inside, name, *count)));
            all.insert(version_name(inside, name, count.unwrap_or(1)), version);
        }
        all
    }

    fn name_existing(&mut self, line: &str) {
        let names = line.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-');
        for name in names.filter(|name| name.len() == 2 && name.ends_with('0')) {
            let object = name[..1].to_string();
            if !self.objects.contains_key(&object) {
                let (id, version) = self.history.existing_object();
                self.objects.insert(object, id);
                self.versions.insert(name.to_string(), version);
            }
        }
    }

    fn object(&mut self, name: &str) -> ObjectId {
        if let Some(object) = self.objects.get(name) {
            return *object;
        }
        let object = self.history.object();
        self.objects.insert(name.to_string(), object);
        object
    }

    fn transaction(&mut self, name: &str) -> TransactionNumber {
        if let Some(transaction) = self.transactions.get(name) {
            return *transaction;
        }
        let level = self.levels.get(name).copied().or(self.level);
        let own: u32 = name.parse().expect("a number");
        let session = self.sessions.get(name).copied().unwrap_or(own);
        let transaction = self.history.begin(level.unwrap_or(Level::Pl3), session);
        self.transactions.insert(name.to_string(), transaction);
        transaction
    }

    fn step(&mut self, step: &str, all: &BTreeMap<String, VersionId>) {
        let (name, inside) = parts(step);
        let transaction = self.transaction(name);
        match &step[..1] {
            "b" => {}
            "c" => self.history.commit(transaction),
            "a" => self.history.abort(transaction),
            "r" => {
                self.history.read(transaction, all[inside]);
            }
            "w" => {
                let object = self.object(inside);
                let (_, version) = self.history.write(transaction, object);
                let named = all.iter().find(|(_, id)| **id == version);
                let (name, _) = named.expect("named ahead");
                self.versions.insert(name.clone(), version);
            }
            "u" => {
                let last = (1..)
                    .take_while(|count| {
                        self.versions
                            .contains_key(&version_name(inside, name, *count))
                    })
                    .last();
                let last = version_name(inside, name, last.expect("a write to undo"));
                self.history.withdraw(self.versions[&last]);
            }
            "p" => self.predicate(transaction, inside, all),
            other => panic!("no step {other}"),
        }
    }

    fn predicate(
        &mut self,
        transaction: TransactionNumber,
        inside: &str,
        all: &BTreeMap<String, VersionId>,
    ) {
        let (seen, matching) = inside.split_once('|').expect("what it holds for");
        let seen = seen
            .split_whitespace()
            .map(|name| match name.strip_prefix('-') {
                Some(object) => (self.object(object), None),
                None => (self.object(&name[..1]), all.get(name).copied()),
            })
            .collect();
        let matching = matching.split_whitespace();
        let matching = matching.filter_map(|name| all.get(name).copied()).collect();
        let predicate = Arc::new(Predicate::new(matching));
        self.history
            .read_predicate(transaction, PredicateRead { predicate, seen });
    }

    /// `G-single permitted: T1 rw(x) T2 wr[y] T1`
    pub(crate) fn describe(&self, anomaly: &Anomaly) -> String {
        let name = |transaction: TransactionNumber| {
            let mut names = self.transactions.iter();
            let found = names.find(|(_, number)| **number == transaction);
            format!("T{}", found.expect("a transaction of this history").0)
        };
        let object = |object: ObjectId| {
            let mut names = self.objects.iter();
            let found = names.find(|(_, id)| **id == object);
            found.expect("an object of this history").0.clone()
        };
        let permitted = if anomaly.permitted { "" } else { "not " };
        let mut text = format!("{} {permitted}permitted:", anomaly.name());
        for edge in &anomaly.edges {
            text += &format!(" {} {}", name(edge.from), edge.kind.short());
            match edge.object {
                Some(id) if edge.kind.is_predicate() => text += &format!("[{}]", object(id)),
                Some(id) => text += &format!("({})", object(id)),
                None => {}
            }
        }
        let last = anomaly.edges.last().expect("an edge");
        text + &format!(" {}", name(last.to))
    }
}

fn steps(line: &str) -> Vec<&str> {
    let mut rest = line.trim();
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let end = match rest.find('{') {
            Some(brace) if !rest[..brace].contains(' ') => rest.find('}').expect("closed") + 1,
            _ => rest.find(' ').unwrap_or(rest.len()),
        };
        steps.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    steps
}

/// The transaction and what stands in brackets: `1` and `x` of `w1(x)`.
fn parts(step: &str) -> (&str, &str) {
    let end = step[1..]
        .find(|c: char| !c.is_ascii_digit())
        .map_or(step.len(), |at| at + 1);
    let inside = step[end..].trim_matches(['(', ')', '{', '}']);
    (&step[1..end], inside)
}

fn version_name(object: &str, transaction: &str, count: usize) -> String {
    match count {
        1 => format!("{object}{transaction}"),
        count => format!("{object}{transaction}.{count}"),
    }
}
