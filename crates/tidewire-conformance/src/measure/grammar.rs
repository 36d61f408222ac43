//! Interleavings drawn at random: worlds of tables, sentences over them, and the order in which two or three
//! sessions say them.
//!
//! A case is a world, a number of sessions and a list of (session, sentence); transactions are opened and ended so
//! that most sentences make sense. Sentences are templates in which `{k}` and `{j}` are keys and `{v}` is a value,
//! so a drawn case shrinks towards fewer steps, simpler sentences and smaller numbers.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;

use super::worlds::{TRANSACTION, Table, WORLDS, World};
use crate::cases::{Case, Step};

/// Names of the sessions.
const SESSIONS: [&str; 3] = ["A", "B", "C"];

/// What one session does next.
#[derive(Clone, Debug)]
enum Act {
    /// A sentence of the world.
    Say(String),
    /// `BEGIN`, `COMMIT` and their kin, as far as they fit.
    Control(&'static str),
}

/// The names of the worlds.
pub fn worlds() -> impl Iterator<Item = &'static str> {
    WORLDS.iter().map(|world| world.name)
}

/// Draws cases of the world of this name, or of one after the other by `number`.
pub fn draw(name: Option<&str>, number: u64) -> BoxedStrategy<Case> {
    let named = name.and_then(|name| WORLDS.iter().find(|world| world.name == name));
    let world = named.unwrap_or(&WORLDS[(number % WORLDS.len() as u64) as usize]);
    let step = (0..SESSIONS.len(), act(world));
    let steps = proptest::collection::vec(step, 2..12);
    // Most begin with a transaction; who ends first is drawn as well.
    let blocks = proptest::collection::vec(prop::bool::weighted(0.85), SESSIONS.len());
    let begin = select(vec![
        "begin isolation level $LEVEL",
        "begin isolation level $LEVEL",
        "begin isolation level $LEVEL",
        "begin isolation level $LEVEL",
        "begin isolation level $LEVEL read only",
        "begin isolation level $LEVEL, read only, deferrable",
    ]);
    let begins = proptest::collection::vec(begin, SESSIONS.len());
    let ends = Just((0..SESSIONS.len()).collect::<Vec<usize>>()).prop_shuffle();
    (2..=SESSIONS.len(), blocks, begins, steps, ends)
        .prop_map(move |(sessions, blocks, begins, steps, ends)| {
            let mut script = Script {
                steps: Vec::new(),
                open: [false; SESSIONS.len()],
                sessions,
            };
            for (session, begin) in begins.iter().enumerate().take(sessions) {
                if blocks[session] {
                    script.begin(session, begin);
                }
            }
            for (session, act) in steps {
                script.act(session % sessions, act);
            }
            for session in ends {
                script.end(session);
            }
            script.case(world)
        })
        .boxed()
}

fn act(world: &'static World) -> impl Strategy<Value = Act> {
    let say = (select(world.sentences), 1..=4i64, 1..=4i64, 0..=4i64);
    let say = say.prop_map(|(template, key, other, value)| {
        let sentence = template
            .replace("{k}", &key.to_string())
            .replace("{j}", &other.to_string())
            .replace("{v}", &value.to_string());
        Act::Say(sentence)
    });
    prop_oneof![
        5 => say,
        1 => select(TRANSACTION).prop_map(Act::Control),
    ]
}

/// The steps so far, and who is in a transaction.
struct Script {
    steps: Vec<Step>,
    open: [bool; SESSIONS.len()],
    sessions: usize,
}

impl Script {
    fn say(&mut self, session: usize, sql: impl Into<String>) {
        let session = SESSIONS[session].to_string();
        self.steps.push(Step {
            session,
            sql: sql.into(),
        });
    }

    fn begin(&mut self, session: usize, sql: &str) {
        self.open[session] = true;
        self.say(session, sql);
    }

    fn act(&mut self, session: usize, act: Act) {
        match act {
            Act::Say(sql) => self.say(session, sql),
            Act::Control(sql) if self.open[session] => {
                self.open[session] = !matches!(sql, "commit" | "rollback");
                self.say(session, sql);
            }
            Act::Control("commit" | "rollback") => {
                self.begin(session, "begin isolation level $LEVEL");
            }
            Act::Control(_) => {}
        }
    }

    fn end(&mut self, session: usize) {
        if std::mem::take(&mut self.open[session]) {
            self.say(session, "commit");
        }
    }

    /// The case, with only those tables that it mentions.
    fn case(self, world: &World) -> Case {
        let mut needed: Vec<bool> = world
            .tables
            .iter()
            .map(|table| {
                self.steps
                    .iter()
                    .any(|step| mentions(&step.sql, table.name))
            })
            .collect();
        for at in (0..needed.len())
            .rev()
            .filter(|at| needed[*at])
            .collect::<Vec<_>>()
        {
            for (place, other) in world.tables.iter().enumerate() {
                needed[place] |= world.tables[at].references.contains(&other.name);
            }
        }
        let tables = world
            .tables
            .iter()
            .zip(needed)
            .filter(|(_, needed)| *needed);
        let tables: Vec<&Table> = tables.map(|(table, _)| table).collect();
        let setup = tables.iter().flat_map(|table| table.setup);
        let finals = tables
            .iter()
            .map(|table| format!("select * from {}", table.name));
        Case {
            sessions: SESSIONS[..self.sessions]
                .iter()
                .map(ToString::to_string)
                .collect(),
            setup: setup.map(ToString::to_string).collect(),
            steps: self.steps,
            final_queries: finals.collect(),
            deterministic: true,
            ..Case::default()
        }
    }
}

/// Does the text hold this word?
fn mentions(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|part| part == word)
}
