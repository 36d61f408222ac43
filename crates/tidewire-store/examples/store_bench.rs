//! Measures the store: one JSON object per line with nanoseconds per operation.
//!
//! `cargo run --release -p tidewire-store --example store_bench`. Each figure is the best of several rounds,
//! so that what else the machine does counts least.

// A measurement reads the machine's clock and prints; the library may do neither.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::disallowed_methods
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use tidewire_store::{ConnectionId, Plan, Progress, Store, Value, plan};
use tidewire_syntax::ast::sql::IsolationLevel;

/// Rows of the table.
const ROWS: i64 = 1_000;
/// Operations in a round.
const OPERATIONS: u32 = 4_000;
/// Rounds of which the best counts.
const ROUNDS: u32 = 9;

/// `:key` is slot 0.
struct Key;

impl tidewire_store::Parameters for Key {
    fn resolve(
        &self,
        _: &tidewire_syntax::Name,
        _: Option<&tidewire_syntax::Name>,
    ) -> Option<(u32, Option<tidewire_store::Type>)> {
        Some((0, Some(tidewire_store::Type::Integer)))
    }
}

fn prepare(store: &Store, sql: &str) -> Arc<Plan> {
    let (statement, diagnostics) = tidewire_syntax::parse_statement(sql);
    let Some(statement) = statement else {
        panic!("{sql}: {diagnostics:?}");
    };
    match plan(&statement, store.catalog(), &Key) {
        Ok(plan) => Arc::new(plan),
        Err(error) => panic!("{sql}: {error:?}"),
    }
}

fn run(store: &mut Store, connection: ConnectionId, plan: &Arc<Plan>, key: i64) {
    match store.execute(connection, plan, &[Value::Integer(key)], 0) {
        Progress::Done(completion) => drop(black_box(completion)),
        other => panic!("{other:?}"),
    }
}

fn table() -> (Store, ConnectionId) {
    let mut store = Store::new(IsolationLevel::ReadCommitted);
    let connection = store.connect();
    for sql in [
        "create table item (id int primary key, on_hand int not null, name text not null)",
        "create table line (id int primary key, item int not null references item, qty int not null)",
    ] {
        let plan = prepare(&store, sql);
        run(&mut store, connection, &plan, 0);
    }
    let item = prepare(&store, "insert into item values (:key, 10, 'mug')");
    let line = prepare(&store, "insert into line values (:key, :key, 1)");
    for key in 0..ROWS {
        run(&mut store, connection, &item, key);
    }
    for key in 0..10 {
        run(&mut store, connection, &line, key);
    }
    (store, connection)
}

fn measure(name: &str, operation: impl FnMut(i64)) {
    measure_times(name, OPERATIONS, operation);
}

fn measure_times(name: &str, operations: u32, mut operation: impl FnMut(i64)) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for at in 0..operations {
            operation(i64::from(at * 7) % ROWS);
        }
        let each = begin.elapsed().as_nanos() as f64 / f64::from(operations);
        best = best.min(each);
    }
    println!("{{\"name\":\"{name}\",\"ns_per_op\":{best:.1}}}");
}

fn main() {
    let (store, connection) = table();
    let update = prepare(
        &store,
        "update item set on_hand = on_hand + 1 where id = :key",
    );
    let select = prepare(&store, "select on_hand from item where id = :key");
    let scan = prepare(&store, "select count(*) from item where on_hand < 0");
    let join = prepare(
        &store,
        "select l.id, i.name from line l join item i on i.id = l.item where l.qty > 0",
    );
    let begin = prepare(&store, "begin");
    let commit = prepare(&store, "commit");

    let mut own = store.clone();
    measure("point update by key, committed by itself", |key| {
        run(&mut own, connection, &update, key);
    });
    measure("fork of 1000 rows", |_| drop(black_box(store.clone())));
    measure("fork of 1000 rows and one point update", |key| {
        let mut fork = store.clone();
        run(&mut fork, connection, &update, key);
        black_box(fork);
    });
    let mut own = store.clone();
    measure("begin, point select, point update, commit", |key| {
        run(&mut own, connection, &begin, key);
        run(&mut own, connection, &select, key);
        run(&mut own, connection, &update, key);
        run(&mut own, connection, &commit, key);
    });
    let mut own = store.clone();
    measure("point select by key", |key| {
        run(&mut own, connection, &select, key)
    });
    measure("indexed join of 10 rows", |key| {
        run(&mut own, connection, &join, key)
    });
    measure_times("scan of 1000 rows with a condition", 100, |key| {
        run(&mut own, connection, &scan, key);
    });
    measure("hash", |_| {
        black_box(own.hash());
    });
}
