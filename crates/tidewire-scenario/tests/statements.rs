//! Which database a statement goes to, what it may do there, and types.

mod common;

use common::check_in_shop;
use expect_test::expect;

#[test]
fn a_table_of_another_service() {
    check_in_shop(
        "service inventory owns stock_db { }\n\
         service cart uses stock_db { command C(id int) { select sku from orders where id = :id; } }\n",
        expect![[r#"
            2:66 error foreign-table: table orders lives in orders_db, which belongs to ordering: cart cannot reach it / call ordering, or keep a copy of what cart needs, fed by ordering's events
        "#]],
    );
}

#[test]
fn a_table_that_nobody_owns() {
    check_in_shop(
        "service cart uses orders_db { command C() { update stock set on_hand = 0; } }\n",
        expect![[r#"
            1:52 error foreign-table: table stock lives in stock_db, which cart neither owns nor uses / write service cart owns stock_db, or call the service that has it
        "#]],
    );
}

#[test]
fn a_join_over_two_databases() {
    check_in_shop(
        "service inventory owns stock_db {\n\
         command C() {\n\
         select o.id from orders o join stock s on s.sku = o.sku;\n\
         }\n\
         }\n\
         service reports uses orders_db, stock_db {\n\
         command D() {\n\
         select sku from stock where exists (select 1 from orders o where o.sku = stock.sku);\n\
         }\n\
         }\n",
        expect![[r#"
            3:1 error cross-database-join: orders is in orders_db and stock in stock_db: one statement cannot reach two databases / ask ordering for what you need of orders and put the answers together here, or keep a copy of orders that ordering's events feed
            8:1 error cross-database-join: stock is in stock_db and orders in orders_db: one statement cannot reach two databases / send two statements and put their answers together; no snapshot covers both
        "#]],
    );
}

#[test]
fn unknown_tables_and_columns() {
    check_in_shop(
        "service s uses orders_db {\n\
         command C() { select sku from order_s; }\n\
         command D() { select sky from orders; }\n\
         command E() { select sku from warehouses; }\n\
         }\n",
        expect![[r#"
            2:31 error unknown-table: no table named `order_s` / did you mean `orders`? [Change to `orders`]
            3:22 error unknown-column: column "sky" does not exist (42703) / Perhaps you meant to reference the column "orders.sku".
            4:31 error unknown-table: no table named `warehouses` / known here: orders
        "#]],
    );
}

#[test]
fn a_prefix_is_refused_with_a_fix() {
    check_in_shop(
        "service s uses orders_db { command C() { select sku from orders_db.orders; } }\n",
        expect![[r#"
            1:58 error qualified-table: a statement runs inside one database, so orders_db does not go before orders / write orders alone; only invariants look into several databases [Remove orders_db.]
        "#]],
    );
}

#[test]
fn two_databases_with_the_table() {
    check_in_shop(
        "database copy_db relational { create table orders (id int); }\n\
         service s uses orders_db, copy_db {\n\
         command C() { delete from orders; }\n\
         command D() { delete from orders in copy_db; begin in orders_db; commit; }\n\
         command E() { begin; delete from orders; commit; }\n\
         }\n",
        expect![[r#"
            3:27 error ambiguous-table: orders is a table of orders_db, copy_db / say where: … in orders_db [Send it to orders_db]
            5:15 error ambiguous-table: this could go to orders_db, copy_db / say where: … in orders_db [Send it to orders_db]
            5:34 error ambiguous-table: orders is a table of orders_db, copy_db / say where: … in orders_db [Send it to orders_db]
        "#]],
    );
}

#[test]
fn a_named_database_out_of_reach() {
    check_in_shop(
        "service s uses orders_db { command C() { delete from stock in stock_db; delete from stock in orders_db; } }\n",
        expect![[r#"
            1:63 error foreign-table: this service neither owns nor uses stock_db / it reaches orders_db; add uses stock_db to share on purpose
            1:85 error unknown-table: no table named `stock` / known here: orders
        "#]],
    );
}

#[test]
fn no_database_at_all() {
    check_in_shop(
        "service s { command C() { begin; commit; } }\n\
         client c requests 1 { select sku from orders; }\n",
        expect![[r#"
            1:27 error no-database: s has no database / write service s owns some_db { … }
            2:23 error client-sql: a client has no database / call a service: it keeps the rules of its data
        "#]],
    );
}

#[test]
fn queries_do_not_write() {
    check_in_shop(
        "service s uses orders_db {\n\
         query Q() {\n\
         delete from orders;\n\
         publish Placed(order_id => 1, sku => 'mug') to orders_topic;\n\
         select sku from orders where id = 1;\n\
         }\n\
         }\n",
        expect![[r#"
            3:1 error query-writes: a query promises to write nothing / write command instead of query, or move the change into a command
            4:1 error query-writes: a query promises to change nothing, and an event tells of a change / write command instead of query
        "#]],
    );
}

#[test]
fn schema_changes_are_faults() {
    check_in_shop(
        "service s uses orders_db { command C() { alter table orders add column x int; } }\n",
        expect![[r#"
            1:42 error misplaced: a service does not change the schema while it runs / describe the schema in the database block; a change during the run is a fault: fault migrate db at 1s { … }
        "#]],
    );
}

#[test]
fn types_of_arguments() {
    check_in_shop(
        "client c requests 1 {\n\
         call ordering.Place(sku => 1, qty => 'many');\n\
         call ordering.Place(sku => 'mug', qty => true);\n\
         call ordering.Place(sku => 'mug', qty => 1.5);\n\
         call ordering.Place(sku => null, qty => '2');\n\
         }\n",
        expect![[r#"
            2:28 error type-mismatch: sku is text, but this is int / convert it: cast(… as text)
            2:38 error type-mismatch: invalid input syntax for type integer: "many" (22P02)
            3:42 error type-mismatch: qty is int, but this is boolean / convert it: cast(… as int)
        "#]],
    );
}

#[test]
fn types_in_statements_follow_parameters() {
    check_in_shop(
        "service s uses orders_db {\n\
         command C(flag boolean) { select sku from orders where id = :flag; }\n\
         command D(sku text) { update orders set qty = :sku; }\n\
         }\n",
        expect![[r#"
            2:56 error type-mismatch: operator does not exist: integer = boolean (42883) / No operator matches the given name and argument types. You might need to add explicit type casts.
            3:47 error type-mismatch: column "qty" is of type integer but expression is of type text (42804) / You will need to rewrite or cast the expression.
        "#]],
    );
}

#[test]
fn conditions_are_boolean() {
    check_in_shop(
        "service s uses orders_db {\n\
         command C(n int) { if :n { wait 1ms; } require :n + 1 else fail Empty; }\n\
         }\n",
        expect![[r#"
            2:23 error type-mismatch: a condition is true or false, but this is int / compare it with something: … > 0
            2:48 error type-mismatch: a condition is true or false, but this is int / compare it with something: … > 0
        "#]],
    );
}

#[test]
fn draws_choose_among_values_of_one_type() {
    check_in_shop(
        "client c requests 1 {\n\
         call ordering.Place(sku => pick('mug', 'lamp'), qty => pick(1, 2));\n\
         call ordering.Place(sku => pick(true, 1), qty => random(1));\n\
         call ordering.Place(sku => pick(), qty => random(1, 'x'));\n\
         }\n",
        expect![[r#"
            3:39 error type-mismatch: pick chooses among values of one type, not boolean and int / write all of them alike, or convert: cast(… as text)
            3:50 error type-mismatch: random takes the lowest and the highest integer that it may give / write random(1, 6)
            4:28 error type-mismatch: pick has nothing to pick from / write pick('mug', 'lamp')
            4:53 error type-mismatch: invalid input syntax for type bigint: "x" (22P02)
        "#]],
    );
}

#[test]
fn invariants_read_tables_of_all_databases() {
    check_in_shop(
        "invariant 'a' always no rows select o.id from orders o join stock_db.stock s on s.sku = o.sku where s.on_hand < 0;\n\
         invariant 'b' always no rows select 1 from elsewhere.stock;\n\
         invariant 'c' always no rows select 1 from stok;\n\
         invariant 'd' always no rows select on_hnd from stock;\n\
         invariant 'e' always no rows select 1 from stock where sku = :sku;\n\
         database copy_db relational { create table orders (id int); }\n\
         invariant 'f' always no rows select id from orders;\n\
         invariant 'g' always no rows select id from copy_db.orders;\n",
        expect![[r#"
            1:47 error ambiguous-table: orders is a table of orders_db, copy_db / say which one: orders_db.orders
            2:44 warning unknown-name: no database in any design named `elsewhere` / known here: bus, copy_db, ordering, orders_db, stock_db
            3:44 error unknown-table: no table named `stok` / did you mean `stock`? [Change to `stock`]
            4:37 error unknown-column: column "on_hnd" does not exist (42703) / Perhaps you meant to reference the column "stock.on_hand".
            5:62 error unknown-value: a query over all databases knows no :sku / it reads tables only, at one instant; compare columns with each other
            7:45 error ambiguous-table: orders is a table of orders_db, copy_db / say which one: orders_db.orders
        "#]],
    );
}
