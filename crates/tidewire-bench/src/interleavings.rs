//! Every interleaving of two clients that read a value and write it back changed: how fast a search can walk
//! through a store. Interleavings that begin alike share their begin; from there the store is forked.

use std::sync::Arc;

use tidewire_store::{ConnectionId, Parameters, Plan, Progress, Store, Type, Value, plan};
use tidewire_syntax::ast::sql::IsolationLevel;
use tidewire_syntax::{Name, parse_statement};

use crate::Failure;
use crate::figure::Goal;
use crate::meter::Meter;

/// What each client does, in order; `:read` is what its SELECT gave.
const STEPS: [&str; 4] = [
    "begin",
    "select v from account where id = 1",
    "update account set v = :read + 10 where id = 1",
    "commit",
];
/// Orders of two times four steps.
const INTERLEAVINGS: u32 = 70;
/// The value before; one increment each is wanted.
const BEFORE: i64 = 100;

const LEVELS: [(IsolationLevel, &str, Tally); 3] = [
    (
        IsolationLevel::ReadCommitted,
        "read committed",
        Tally {
            right: 10,
            lost: 60,
            errors: 0,
        },
    ),
    (
        IsolationLevel::RepeatableRead,
        "repeatable read",
        Tally {
            right: 10,
            lost: 0,
            errors: 60,
        },
    ),
    (
        IsolationLevel::Serializable,
        "serializable",
        Tally {
            right: 10,
            lost: 0,
            errors: 60,
        },
    ),
];

/// How the interleavings ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    /// Both increments are there.
    right: u32,
    /// One is gone and nobody was told.
    lost: u32,
    /// A client was told to try again.
    errors: u32,
}

/// `:read`, in slot 0.
struct Read;

impl Parameters for Read {
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)> {
        let known = name.as_str() == "read" && field.is_none();
        known.then_some((0, Some(Type::Integer)))
    }
}

/// One client on its way.
#[derive(Clone)]
struct Client {
    connection: ConnectionId,
    /// The next step.
    step: usize,
    /// Its last statement waits; steps that are due meanwhile come later.
    waits: bool,
    /// Steps that were due while it waited.
    late: usize,
    /// What it read.
    read: [Value; 1],
    /// Some statement failed.
    failed: bool,
}

/// The begin of an interleaving.
#[derive(Clone)]
struct Prefix {
    store: Store,
    clients: [Client; 2],
    /// Steps that are to come, of each client.
    left: [usize; 2],
}

struct Plans {
    steps: [Arc<Plan>; 4],
    /// Asks for the value at the end.
    outcome: Arc<Plan>,
}

pub(crate) fn measure(meter: &mut Meter<'_>) -> Result<(), Failure> {
    for (level, name, wanted) in LEVELS {
        let (prefix, plans) = start(level)?;
        let mut tally = Tally::default();
        prefix.clone().walk(&plans, &mut tally);
        if tally != wanted {
            return Err(Failure::Outcome(format!(
                "{name}: {tally:?} instead of {wanted:?}"
            )));
        }
        let each = meter.nanoseconds(|| {
            let mut tally = Tally::default();
            prefix.clone().walk(&plans, &mut tally);
            std::hint::black_box(tally);
        });
        let per_second = f64::from(INTERLEAVINGS) * 1e9 / each;
        let goal = Some(Goal::AtLeast(1_000_000.0));
        meter.report(
            format!("store: interleavings of a lost update, {name}"),
            per_second,
            "interleavings/s",
            goal,
        );
        #[cfg(not(target_arch = "wasm32"))]
        {
            let (cores, per_second) = on_all_cores(meter, level)?;
            meter.report(
                format!("store: the same on {cores} cores at once, {name}"),
                per_second,
                "interleavings/s",
                goal,
            );
        }
    }
    Ok(())
}

/// How many cores there are, and how many interleavings they walk in a second of the wall's clock: each core walks
/// all 70 again and again, with a store and plans of its own, as a search in shards does.
#[cfg(not(target_arch = "wasm32"))]
fn on_all_cores(meter: &Meter<'_>, level: IsolationLevel) -> Result<(usize, f64), Failure> {
    use std::time::Instant;
    /// Walks of each core in a repetition: some tenths of a second.
    const WALKS: u32 = 4_000;

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let starts = (0..cores).map(|_| start(level));
    let starts = starts.collect::<Result<Vec<_>, _>>()?;
    let per_second = meter.median(|_| {
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for (prefix, plans) in &starts {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for _ in 0..WALKS {
                        prefix.clone().walk(plans, &mut tally);
                    }
                    std::hint::black_box(tally);
                });
            }
        });
        f64::from(INTERLEAVINGS) * f64::from(WALKS) * cores as f64 / begin.elapsed().as_secs_f64()
    });
    Ok((cores, per_second))
}

fn start(level: IsolationLevel) -> Result<(Prefix, Plans), Failure> {
    let mut store = Store::new(level);
    let setup = store.connect();
    for text in [
        "create table account (id int primary key, v int not null)",
        "insert into account values (1, 100)",
    ] {
        let made = made(&store, text)?;
        if let Progress::Failed(error) = store.execute(setup, &made, &[], 0) {
            return Err(Failure::Statement(text, error));
        }
    }
    store.disconnect(setup);
    let [begin, select, update, commit] = STEPS;
    let plans = Plans {
        steps: [
            made(&store, begin)?,
            made(&store, select)?,
            made(&store, update)?,
            made(&store, commit)?,
        ],
        outcome: made(&store, "select v from account where id = 1")?,
    };
    let clients = [0; 2].map(|_| Client {
        connection: store.connect(),
        step: 0,
        waits: false,
        late: 0,
        read: [Value::Null],
        failed: false,
    });
    Ok((
        Prefix {
            store,
            clients,
            left: [STEPS.len(); 2],
        },
        plans,
    ))
}

fn made(store: &Store, text: &'static str) -> Result<Arc<Plan>, Failure> {
    let (statement, diagnostics) = parse_statement(text);
    let statement = statement.ok_or_else(|| Failure::Text(format!("{diagnostics:?}")))?;
    plan(&statement, store.catalog(), &Read)
        .map(Arc::new)
        .map_err(|error| Failure::Plan(text, error))
}

impl Prefix {
    /// Walks through every interleaving that begins so.
    fn walk(&mut self, plans: &Plans, tally: &mut Tally) {
        match self.left {
            [0, 0] => self.judge(plans, tally),
            [0, _] => {
                self.step(1, plans);
                self.walk(plans, tally);
            }
            [_, 0] => {
                self.step(0, plans);
                self.walk(plans, tally);
            }
            _ => {
                let mut fork = self.clone();
                fork.step(0, plans);
                fork.walk(plans, tally);
                self.step(1, plans);
                self.walk(plans, tally);
            }
        }
    }

    /// A client's next step is due.
    fn step(&mut self, who: usize, plans: &Plans) {
        self.left[who] -= 1;
        if self.clients[who].waits {
            self.clients[who].late += 1;
            return;
        }
        self.issue(who, plans);
        while let Some(ready) = self.ready() {
            let progress = self.store.resume(self.clients[ready].connection, 0);
            self.came(ready, progress);
            while self.clients[ready].late > 0 && !self.clients[ready].waits {
                self.clients[ready].late -= 1;
                self.issue(ready, plans);
            }
        }
    }

    fn issue(&mut self, who: usize, plans: &Plans) {
        let client = &mut self.clients[who];
        let plan = &plans.steps[client.step];
        client.step += 1;
        let progress = self.store.execute(client.connection, plan, &client.read, 0);
        self.came(who, progress);
    }

    fn came(&mut self, who: usize, progress: Progress) {
        let client = &mut self.clients[who];
        client.waits = false;
        match progress {
            Progress::Blocked => client.waits = true,
            Progress::Failed(_) => client.failed = true,
            Progress::Done(done) => {
                if let Some(value) = done.rows.first().and_then(|row| row.first()) {
                    client.read = [value.clone()];
                }
            }
        }
    }

    /// The client whose wait is over.
    fn ready(&self) -> Option<usize> {
        if !self.clients.iter().any(|client| client.waits) {
            return None;
        }
        let first = self.store.ready().first().copied()?;
        self.clients
            .iter()
            .position(|client| client.connection == first)
    }

    fn judge(&mut self, plans: &Plans, tally: &mut Tally) {
        if self.clients.iter().any(|client| client.failed) {
            tally.errors += 1;
            return;
        }
        let connection = self.clients[0].connection;
        let Progress::Done(done) =
            self.store
                .execute(connection, &plans.outcome, &[Value::Null], 0)
        else {
            return;
        };
        let now = done.rows.first().and_then(|row| row.first());
        if now == Some(&Value::Integer(BEFORE + 20)) {
            tally.right += 1;
        } else {
            tally.lost += 1;
        }
    }
}
