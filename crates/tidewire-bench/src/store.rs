//! The data engine alone: statements by key, joins, scans, forks.

use std::sync::Arc;

use tidewire_store::{ConnectionId, Parameters, Plan, Progress, Store, Type, Value, plan};
use tidewire_syntax::ast::sql::IsolationLevel;
use tidewire_syntax::{Name, parse_statement};

use crate::Failure;
use crate::figure::Goal;
use crate::meter::Meter;

/// Rows of the table that is updated and scanned.
const ROWS: i64 = 1_000;
/// Rows that the join answers.
const JOINED: i64 = 10;

const UPDATE: &str = "update stock set on_hand = on_hand - 1 where id = :id";
const JOIN: &str =
    "select l.qty, s.title from lines l join stock s on s.id = l.stock_id where l.order_id = 7";
const SCAN: &str = "select count(*) as n from stock where on_hand < 0";

/// `:id`, in slot 0.
struct Id;

impl Parameters for Id {
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)> {
        let known = name.as_str() == "id" && field.is_none();
        known.then_some((0, Some(Type::BigInt)))
    }
}

/// A store with a connection.
#[derive(Clone)]
struct Bench {
    store: Store,
    connection: ConnectionId,
}

impl Bench {
    fn new() -> Result<Self, Failure> {
        let mut store = Store::new(IsolationLevel::ReadCommitted);
        let connection = store.connect();
        let mut bench = Bench { store, connection };
        bench.run(
            "create table stock (id bigint primary key, title text not null, on_hand int not null)",
            0,
        )?;
        bench.run("create table lines (order_id bigint not null, stock_id bigint not null, qty int not null)", 0)?;
        for id in 0..ROWS {
            bench.run("insert into stock values (:id, 'mug', 1000000)", id)?;
        }
        for id in 0..JOINED {
            bench.run("insert into lines values (7, :id, 1)", id * 97)?;
        }
        Ok(bench)
    }

    fn plan(&self, text: &'static str) -> Result<Arc<Plan>, Failure> {
        let (statement, diagnostics) = parse_statement(text);
        let statement = statement.ok_or_else(|| Failure::Text(format!("{diagnostics:?}")))?;
        let plan = plan(&statement, self.store.catalog(), &Id);
        plan.map(Arc::new)
            .map_err(|error| Failure::Plan(text, error))
    }

    fn run(&mut self, text: &'static str, id: i64) -> Result<usize, Failure> {
        let plan = self.plan(text)?;
        self.execute(&plan, id).map_err(|progress| match progress {
            Progress::Failed(error) => Failure::Statement(text, error),
            _ => Failure::Outcome(format!("`{text}` waits for somebody")),
        })
    }

    /// Runs a statement and says how many rows it answers.
    fn execute(&mut self, plan: &Arc<Plan>, id: i64) -> Result<usize, Progress> {
        match self
            .store
            .execute(self.connection, plan, &[Value::Integer(id)], 0)
        {
            Progress::Done(done) => Ok(done.rows.len()),
            other => Err(other),
        }
    }
}

pub(crate) fn measure(meter: &mut Meter<'_>) -> Result<(), Failure> {
    let bench = Bench::new()?;
    let update = bench.plan(UPDATE)?;
    // Neighbours in the table are far apart in time.
    let mut id = 0;
    let mut next = move || {
        id = (id + 389) % ROWS;
        id
    };

    let mut alone = bench.clone();
    let each = meter.nanoseconds(|| {
        let _ = std::hint::black_box(alone.execute(&update, next()));
    });
    let goal = Some(Goal::AtMost(600.0));
    meter.report("store: point UPDATE by key, committed", each, "ns", goal);

    let each = meter.nanoseconds(|| {
        std::hint::black_box(bench.store.clone());
    });
    meter.report("store: fork of 1,000 rows", each, "ns", goal);

    let each = meter.nanoseconds(|| {
        let mut fork = bench.clone();
        let _ = std::hint::black_box(fork.execute(&update, next()));
    });
    meter.report("store: fork of 1,000 rows and one UPDATE", each, "ns", goal);

    let mut reader = bench.clone();
    let join = reader.plan(JOIN)?;
    expect(reader.execute(&join, 0), JOINED as usize, JOIN)?;
    let each = meter.nanoseconds(|| {
        let _ = std::hint::black_box(reader.execute(&join, 0));
    });
    meter.report("store: join of 10 rows by key", each, "ns", None);

    let scan = reader.plan(SCAN)?;
    expect(reader.execute(&scan, 0), 1, SCAN)?;
    let each = meter.nanoseconds(|| {
        let _ = std::hint::black_box(reader.execute(&scan, 0));
    });
    let row = each / ROWS as f64;
    meter.report(
        "store: full scan with a condition, per row",
        row,
        "ns",
        None,
    );
    Ok(())
}

fn expect(rows: Result<usize, Progress>, wanted: usize, text: &str) -> Result<(), Failure> {
    match rows {
        Ok(rows) if rows == wanted => Ok(()),
        other => Err(Failure::Outcome(format!(
            "`{text}` gave {other:?} instead of {wanted} rows"
        ))),
    }
}
