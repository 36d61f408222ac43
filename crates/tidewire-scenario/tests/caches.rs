//! Caches of services and `single flight`: what is refused, and how.

mod common;

use common::check_in_shop;
use expect_test::expect;

#[test]
fn caches_are_known_by_name_and_keep_declared_fields() {
    check_in_shop(
        "service s uses stock_db {\n\
         cache levels (on_hand int, note text) capacity 10001 ttl 0ms;\n\
         query A(sku text) { get lavels key :sku; reply (); }\n\
         query B(sku text) { get levels key :sku into l; reply (n => :l.on_hnd); }\n\
         query C(sku text) { put levels key :sku (on_hand => 'x' || 'y', note => ''); reply (); }\n\
         query D(sku text) { put levels key :sku (on_hand => 1, note => '', price => 2); delete levels key :sku; reply (); }\n\
         query E(sku text) { put levels key :sku (on_hand => 1) ttl 2h; reply (); }\n\
         }\n\
         service t { query A() { delete levels key 'a'; reply (); } }\n\
         client c users 1 requests 1 { get levels key 'a'; single flight 'a' { } call s.A(sku => 'a'); }\n",
        expect![[r#"
            2:1 error limit: the capacity of a cache: 10,001 is over the limit of 10,000 / write a number from 1 to 10,000
            2:58 error limit: a time to live must be longer than nothing / write at least 1us
            3:25 error unknown-cache: no cache named `lavels` / did you mean `levels`? [Change to `levels`]
            4:64 error unknown-value: no field of :l named `on_hnd` / did you mean `on_hand`? [Change to `on_hand`]
            5:53 error type-mismatch: on_hand is int, but this is text / convert it: cast(… as int)
            6:68 error unknown-name: no field of levels named `price` / known here: on_hand, note
            7:21 error missing-argument: levels also needs note / write note => …; null says that it is unknown
            9:32 error unknown-cache: t has no cache / declare it in the service: cache levels (value text);
            10:31 error misplaced: a client has no cache / call a service: its instances keep caches in memory
            10:51 error misplaced: the users of a client do not wait for each other / write single flight in the service that they call
        "#]],
    );
}

#[test]
fn a_cache_changes_at_once_and_a_transaction_at_its_commit() {
    check_in_shop(
        "service s uses stock_db {\n\
         cache levels (on_hand int);\n\
         command A() { begin; update stock set on_hand = 1; delete levels key 'mug'; get levels key 'mug'; commit; }\n\
         }\n",
        expect![[r#"
            3:52 warning work-in-transaction: the cache changes although the transaction on stock_db may still roll back / others read the old row until the commit, and may put it back: commit first
        "#]],
    );
}

#[test]
fn a_flight_neither_answers_nor_leaves_a_transaction_open_nor_contains_another() {
    check_in_shop(
        "service s uses stock_db {\n\
         query A(sku text) { single flight :sku { select on_hand from stock where sku = :sku; reply (n => :on_hand); } }\n\
         command B(sku text) { single flight :sku { begin; } commit; reply (); }\n\
         query C(sku text) { single flight :sku { if true { single flight :sku { } } } reply (); }\n\
         query D(sku text) { single flight :sku { select on_hand from stock where sku = :sku; } reply (n => :on_hand); }\n\
         }\n",
        expect![[r#"
            2:86 error misplaced: only one of those who share this block would answer / bind the value in the block, and reply behind it
            3:23 error transaction-branch: those who wait share the values of the block, not its transaction / begin and commit inside the block
            4:52 error misplaced: single flight stands inside single flight / two works could wait for each other: let one block do both
        "#]],
    );
}

#[test]
fn designs_replace_and_remove_a_cache() {
    check_in_shop(
        "service s { cache a (x int); cache b (x int); query Q() { get a key 'k' into e; reply (x => :e.x); } }\n\
         design 'other' { service s { cache a (x int) capacity 0; without b; cache a (y int); } }\n",
        expect![[r#"
            2:30 error limit: the capacity of a cache must be at least 1 / write a number from 1 to 10,000
            2:69 error duplicate-name: cache a is written twice in this block / keep one of them
        "#]],
    );
}
