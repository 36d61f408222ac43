//! Caches of instances and `single flight`.

mod common;

use std::collections::BTreeSet;

use common::{canonical, ends, facts, finished, observed, program, rows};
use tidewire_engine::{CacheOutcome, Choices, Fact, NoTrace, Run, Trace, Verdict};

/// A catalog whose answers about its cache go to a table, in the order of requests.
fn catalog(members: &str, steps: &str, requests: u32) -> (Run, Trace) {
    let text = format!(
        "
database db relational {{
  create table products (sku text primary key, price int not null);
  create table answers (id serial primary key, sku text, price int, found bigint);
  insert into products values ('a', 1), ('b', 2), ('c', 3);
}}
service catalog owns db {{
  {members}
  command Ask(ordinal int) {{
    {steps}
    reply ();
  }}
}}
client visitors users 1 requests {requests} {{ call catalog.Ask(ordinal => 1); }}
"
    );
    finished(&text, 1, Choices::Canonical)
}

fn outcomes(trace: &Trace) -> Vec<(CacheOutcome, String)> {
    facts(trace, |fact| match fact {
        Fact::CacheAccessed { outcome, key, .. } => Some((*outcome, key.to_string())),
        _ => None,
    })
}

#[test]
fn an_entry_is_found_until_it_is_deleted() {
    let (run, trace) = catalog(
        "cache prices (price int, note text);",
        "get prices key 'a' into p;
         insert into answers (sku, price, found) values ('before', :p.price, :row_count);
         put prices key 'a' (price => 7, note => 'seven');
         get prices key 'a' into q;
         insert into answers (sku, price, found) values (:q.note, :q.price, :row_count);
         delete prices key 'a';
         insert into answers (sku, price, found) values ('deleted', null, :row_count);
         delete prices key 'a';
         insert into answers (sku, price, found) values ('nothing', null, :row_count);",
        1,
    );
    assert_eq!(
        rows(&run, 0, "answers"),
        [
            "1 before NULL 0",
            "2 seven 7 1",
            "3 deleted NULL 1",
            "4 nothing NULL 0"
        ]
    );
    let kinds: Vec<CacheOutcome> = outcomes(&trace).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        [
            CacheOutcome::Miss,
            CacheOutcome::Put,
            CacheOutcome::Hit,
            CacheOutcome::Deleted,
            CacheOutcome::NothingDeleted
        ]
    );
}

#[test]
fn the_least_recently_used_entry_makes_room() {
    let (_, trace) = catalog(
        "cache prices (price int) capacity 2;",
        "put prices key 'a' (price => 1);
         put prices key 'b' (price => 2);
         get prices key 'a';
         put prices key 'c' (price => 3);
         get prices key 'b' into b;",
        1,
    );
    let evicted = (CacheOutcome::Evicted, "b".to_owned());
    assert!(
        outcomes(&trace).contains(&evicted),
        "{:?}",
        outcomes(&trace)
    );
    assert_eq!(
        outcomes(&trace).last(),
        Some(&(CacheOutcome::Miss, "b".into()))
    );
}

#[test]
fn an_entry_expires_after_its_time_to_live_and_one_of_its_own_counts() {
    let (run, _) = catalog(
        "cache prices (price int) ttl 10ms;",
        "put prices key 'short' (price => 1) ttl 2ms;
         put prices key 'usual' (price => 2);
         wait 1999us;
         get prices key 'short' into a;
         wait 1us;
         get prices key 'short' into b;
         wait 7999us;
         get prices key 'usual' into c;
         wait 1us;
         get prices key 'usual' into d;
         insert into answers (sku, price, found) values ('short', :a.price, :b.price);
         insert into answers (sku, price, found) values ('usual', :c.price, :d.price);",
        1,
    );
    assert_eq!(
        rows(&run, 0, "answers"),
        ["1 short 1 NULL", "2 usual 2 NULL"]
    );
}

#[test]
fn each_instance_has_its_own_and_a_crash_empties_it() {
    let (_, trace) = catalog(
        "instances 2; cache prices (price int);",
        "get prices key 'a'; if :row_count = 0 { put prices key 'a' (price => 1); }",
        20,
    );
    assert_eq!(ends(&trace), ["ok"; 20]);
    let misses = |trace: &Trace| {
        let all = outcomes(trace).into_iter();
        all.filter(|(outcome, _)| *outcome == CacheOutcome::Miss)
            .count()
    };
    assert_eq!(misses(&trace), 2, "one in each instance");

    let text = "
service catalog {
  cache prices (price int);
  command Ask() { get prices key 'a'; if :row_count = 0 { put prices key 'a' (price => 1); } reply (); }
}
client visitors users 1 requests 4 { think 20ms; call catalog.Ask(); }
fault crash catalog at 50ms for 5ms;
";
    let (_, trace) = canonical(text);
    assert_eq!(
        misses(&trace),
        2,
        "one at the beginning, one after the crash"
    );
}

#[test]
fn a_key_that_is_null_fails() {
    let (_, trace) = catalog(
        "cache prices (price int);",
        "select price from products where sku = 'none' into p; get prices key :p.price;",
        1,
    );
    assert_eq!(ends(&trace), ["22004"]);
}

const CROWD: &str = "
database db relational {
  latency 5ms;
  create table products (sku text primary key, price int not null);
  create table seen (request text primary key, price int);
  insert into products values ('a', 41);
}
service catalog owns db {
  query Price(sku text) {
    single flight :sku { select price + 1 as price from products where sku = :sku; }
    reply (price => :price);
  }
}
service desk {
  command Ask() { call catalog.Price(sku => 'a') timeout 300ms; require :price = 42 else fail Wrong; reply (); }
}
client visitors users 6 requests 6 { call desk.Ask(); }
";

fn statements(trace: &Trace) -> usize {
    facts(trace, |fact| match fact {
        Fact::StatementDone { .. } | Fact::StatementFailed { .. } => Some(()),
        _ => None,
    })
    .len()
}

fn joined(trace: &Trace) -> usize {
    facts(trace, |fact| match fact {
        Fact::FlightJoined { .. } => Some(()),
        _ => None,
    })
    .len()
}

#[test]
fn one_runs_the_block_and_all_get_what_it_bound() {
    let (outcome, trace) = canonical(CROWD);
    assert_eq!(outcome.verdict, Some(Verdict::Quiet));
    assert_eq!(ends(&trace), ["ok"; 6]);
    assert_eq!(joined(&trace), 5);
    assert_eq!(statements(&trace), 1);
    let landed = observed(&trace, |fact| matches!(fact, Fact::FlightLanded { .. }));
    let requests: BTreeSet<_> = landed.iter().map(|landed| landed.request).collect();
    assert_eq!(requests.len(), 5, "each belongs to its own request");
}

#[test]
fn other_keys_and_later_works_run_it_themselves() {
    let other_keys = CROWD
        .replace("single flight :sku", "single flight :request_id")
        .replace("users 6", "users 3");
    let (_, trace) = canonical(&other_keys);
    assert_eq!((joined(&trace), statements(&trace)), (0, 6));
    let (_, trace) = canonical(&CROWD.replace("users 6", "users 1"));
    assert_eq!((joined(&trace), statements(&trace)), (0, 6));
}

#[test]
fn those_who_waited_share_the_failure() {
    let broken = CROWD.replace("price + 1", "price / 0");
    let (outcome, trace) = canonical(&broken);
    assert_eq!(outcome.verdict, Some(Verdict::Quiet));
    assert_eq!(ends(&trace), ["22012"; 6]);
    assert_eq!((joined(&trace), statements(&trace)), (5, 1));
}

#[test]
fn a_failure_caught_around_the_block_is_everybodys_and_one_caught_inside_is_nobodys() {
    let broken = CROWD.replace("price + 1", "price / 0");
    let block = "{ select price / 0 as price from products where sku = :sku; }";
    assert!(broken.contains(block));
    let around = format!("{{ single flight :sku {block} }} on error 22012 {{ fail Sorry; }}");
    let text = broken.replace(&format!("single flight :sku {block}"), &around);
    let (outcome, trace) = canonical(&text);
    assert_eq!(outcome.verdict, Some(Verdict::Quiet));
    assert_eq!(ends(&trace), ["Sorry"; 6]);
    assert_eq!((joined(&trace), statements(&trace)), (5, 1));

    let inside = "{ { select price / 0 as price from products where sku = :sku; } on error 22012 { } \
                  select 42 as price; }";
    let (outcome, trace) = canonical(&broken.replace(block, inside));
    assert_eq!(outcome.verdict, Some(Verdict::Quiet));
    assert_eq!(ends(&trace), ["ok"; 6]);
    assert_eq!((joined(&trace), statements(&trace)), (5, 2));
}

#[test]
fn a_crash_of_the_instance_ends_the_flight() {
    let text =
        CROWD.replace("latency 5ms", "latency 50ms") + "fault crash catalog at 20ms for 5ms;";
    let (outcome, trace) = canonical(&text);
    assert_eq!(outcome.verdict, Some(Verdict::Quiet));
    assert_eq!(ends(&trace), ["ConnectionLost"; 6]);
}

#[test]
fn the_kept_hash_counts_caches_and_flights() {
    let text = "
database db relational {
  create table products (sku text primary key, price int not null);
  insert into products values ('a', 1), ('b', 2), ('c', 3);
}
service catalog owns db {
  instances 2;
  cache prices (price int) capacity 2 ttl 6ms;
  query Price(sku text) {
    get prices key :sku into p;
    if :row_count = 0 {
      single flight :sku {
        select price from products where sku = :sku;
        put prices key :sku (price => :price) ttl 9ms;
      }
    }
    reply ();
  }
  command Change(sku text) {
    update products set price = price + 1 where sku = :sku;
    delete prices key :sku;
    reply ();
  }
}
client visitors users 6 requests 60 { think 1ms to 4ms; call catalog.Price(sku => pick('a', 'b', 'c')); }
client clerks users 1 requests 10 { think 2ms to 6ms; call catalog.Change(sku => pick('a', 'b', 'c')); }
fault crash catalog at 15ms for 3ms;
";
    let choices = Choices::Shuffle(3);
    let mut kept = Run::new(program(text), 1, choices.clone());
    let mut plain = Run::new(program(text), 1, choices);
    kept.keep_hash();
    let mut distinct = BTreeSet::new();
    while kept.step(&mut NoTrace).is_some() {
        plain.step(&mut NoTrace);
        let whole = plain.state().hash(plain.setup());
        assert_eq!(kept.state().hash(kept.setup()), whole);
        distinct.insert(whole);
    }
    assert!(distinct.len() > 200, "{}", distinct.len());
}
