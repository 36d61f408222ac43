//! Edits of the canvas: what they change, and that they change nothing else.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tidewire_syntax::edit::{self, Access, EditError, Edits, Handler, Part, Split};
use tidewire_syntax::{SyntaxKind, apply, parse};

const EXAMPLE: &str = include_str!("fixtures/dual-write.tide");
const EVERY_FORM: &str = include_str!("fixtures/every-form.tide");

const TWO: Option<usize> = Some(1);

/// Applies an edit and gives the text; it must parse as well as before.
fn edited(text: &str, edits: Edits) -> String {
    let edits = edits.expect("the edit can be made");
    for pair in edits.windows(2) {
        assert!(pair[0].span.end <= pair[1].span.start, "overlap: {edits:?}");
    }
    let result = apply(text, &edits);
    let complaints = parse(&result).diagnostics().to_vec();
    assert_eq!(complaints, [], "in\n{result}");
    result
}

/// The lines that an edit takes out and puts in.
fn check(text: &str, edits: Edits, expect: Expect) {
    let result = edited(text, edits);
    expect.assert_eq(&difference(text, &result));
}

/// Lines that only one of two texts has, from the first to the last that differ.
fn difference(before: &str, after: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // Longest common subsequence, from the end.
    let mut common = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = match a[i] == b[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            out += &format!("-{}\n", a[i]);
            i += 1;
        } else {
            out += &format!("+{}\n", b[j]);
            j += 1;
        }
    }
    out
}

#[test]
fn a_block_is_added_where_blocks_end() {
    let parse = parse(EXAMPLE);
    check(
        EXAMPLE,
        edit::add_block(&parse, Part::Database, "cart_db", None),
        expect![[r#"
            +database cart_db relational {
            +  create table items (id int primary key, value int not null);
            +}
            +
        "#]],
    );
    check(
        EXAMPLE,
        edit::add_block(&parse, Part::Service, "Cart", TWO),
        expect![[r#"
            +
            +  service Cart {
            +    command Handle(id int) {
            +      reply ();
            +    }
            +  }
        "#]],
    );
    assert_eq!(
        edit::add_block(&parse, Part::Broker, "Orders", None),
        Err(EditError::NameTaken("Orders".to_string()))
    );
    let empty = tidewire_syntax::parse("");
    check(
        "",
        edit::add_block(&empty, Part::Broker, "bus", None),
        expect![[r#"
            +broker bus log {
            +  topic bus_events;
            +}
        "#]],
    );
}

#[test]
fn a_node_is_renamed_everywhere() {
    let parse = parse(EXAMPLE);
    check(
        EXAMPLE,
        edit::rename(&parse, "orders", "order"),
        expect![[r#"
            -  call orders.PlaceOrder(sku => pick('mug', 'lamp'), qty => 1) timeout 500ms;
            +  call "order".PlaceOrder(sku => pick('mug', 'lamp'), qty => 1) timeout 500ms;
            -fault crash orders after commit of request 7 for 300ms;
            +fault crash "order" after commit of request 7 for 300ms;
            -  service orders owns orders_db {
            +  service "order" owns orders_db {
            -  service orders owns orders_db {
            +  service "order" owns orders_db {
            -layout { orders 120 240; inventory 620 240; }
            +layout { "order" 120 240; inventory 620 240; }
        "#]],
    );
    check(
        EXAMPLE,
        edit::rename(&parse, "stock_db", "Warehouse"),
        expect![[r#"
            -database stock_db relational {
            +database Warehouse relational {
            -service inventory owns stock_db {
            +service inventory owns Warehouse {
            -  where not exists (select 1 from stock_db.reservations r where r.order_id = o.id);
            +  where not exists (select 1 from Warehouse.reservations r where r.order_id = o.id);
            -  select sku, on_hand from stock_db.stock where on_hand < 0;
            +  select sku, on_hand from Warehouse.stock where on_hand < 0;
        "#]],
    );
}

#[test]
fn a_node_is_deleted_with_what_addresses_it() {
    let parse = parse(EXAMPLE);
    check(
        EXAMPLE,
        edit::delete(&parse, &["orders"]),
        expect![[r#"
        -fault crash orders after commit of request 7 for 300ms;
        -  service orders owns orders_db {
        -    command PlaceOrder(sku text, qty int) {
        -      insert into orders (sku, qty) values (:sku, :qty) returning id;
        -      publish OrderPlaced(order_id => :id, sku => :sku, qty => :qty) to order_events key :id;
        -      reply (id => :id);
        -    }
        -  }
        -  service orders owns orders_db {
        -    command PlaceOrder(sku text, qty int) {
        -      begin;
        -        insert into orders (sku, qty) values (:sku, :qty) returning id;
        -        insert into outbox (topic, key, event, payload) values ('order_events', cast(:id as text),
        -          'OrderPlaced', jsonb_build_object('order_id', :id, 'sku', :sku, 'qty', :qty));
        -      commit;
        -      reply (id => :id);
        -    }
        -  }
        -layout { orders 120 240; inventory 620 240; }
        +layout { inventory 620 240; }
    "#]],
    );
    check(
        EXAMPLE,
        edit::delete(&parse, &["stock_db", "outbox_relay"]),
        expect![[r#"
            -database stock_db relational {
            -  isolation read committed;
            -  create table stock (sku text primary key, on_hand int not null);
            -  create table reservations (order_id int primary key, sku text not null, qty int not null);
            -  insert into stock values ('mug', 30), ('lamp', 40);
            -}
            -
            -service inventory owns stock_db {
            +service inventory {
            -  relay outbox_relay from orders_db.outbox polling every 100ms delete;
        "#]],
    );
    let every = tidewire_syntax::parse(EVERY_FORM);
    check(
        EVERY_FORM,
        edit::delete(&every, &["cache", "robots"]),
        expect![[r#"
            -database cache keyvalue;
            -service billing owns shop_db uses cache, empty_db {
            +service billing owns shop_db uses empty_db {
            -client robots rate 2.5/s for 10s {
            -  call billing.Pay(order_id => :request_id, amount => pick(1, 2, 3));
            -}
            -
            -fault crash billing after commit of request 7 of robots for 300ms;
            -fault duplicate robots -> billing at 1s;
        "#]],
    );
}

#[test]
fn positions_change_their_numbers_only() {
    let text = "service a {}\nservice b {}\nlayout {\n  a  1 -2; -- here\n}\n";
    let parse = parse(text);
    check(
        text,
        edit::set_positions(&parse, &[("a", -10, 20)], None),
        expect![[r#"
            -  a  1 -2; -- here
            +  a  -10 20; -- here
        "#]],
    );
    check(
        text,
        edit::set_positions(&parse, &[("a", 1, -2), ("b", 7, 8), ("order", 9, 9)], None),
        expect![[r#"
            +  b 7 8;
            +  "order" 9 9;
        "#]],
    );
    let example = tidewire_syntax::parse(EXAMPLE);
    check(
        EXAMPLE,
        edit::set_positions(&example, &[("bus", 1, 2)], TWO),
        expect![[r#"
            -layout { orders 120 240; inventory 620 240; }
            +layout { orders 120 240; inventory 620 240; bus 1 2; }
        "#]],
    );
    let bare = "service a {}";
    let parse = tidewire_syntax::parse(bare);
    check(
        bare,
        edit::set_positions(&parse, &[("a", 1, 2), ("b", 3, 4)], None),
        expect![[r#"
            +
            +layout {
            +  a 1 2;
            +  b 3 4;
            +}
        "#]],
    );
}

#[test]
fn stores_are_listed_where_the_service_is_written() {
    let text = "service a {}\nservice b owns x /* c */, y uses z {}\nservice c;\n";
    let parse = parse(text);
    check(
        text,
        edit::add_store(&parse, "a", "db", Access::Uses, None),
        expect![[r#"
            -service a {}
            +service a uses db {}
        "#]],
    );
    check(
        text,
        edit::add_store(&parse, "b", "db", Access::Owns, None),
        expect![[r#"
            -service b owns x /* c */, y uses z {}
            +service b owns x /* c */, y, db uses z {}
        "#]],
    );
    assert_eq!(
        edit::add_store(&parse, "b", "Y", Access::Owns, None),
        Ok(Vec::new())
    );
    check(
        text,
        edit::remove_store(&parse, "b", "x", None),
        expect![[r#"
            -service b owns x /* c */, y uses z {}
            +service b owns /* c */y uses z {}
        "#]],
    );
    check(
        text,
        edit::remove_store(&parse, "b", "z", None),
        expect![[r#"
            -service b owns x /* c */, y uses z {}
            +service b owns x /* c */, y {}
        "#]],
    );
    check(
        text,
        edit::add_subscription(&parse, "c", "E", "t", None),
        expect![[r#"
            -service c;
            +service c {
            +  on E from t {
            +  }
            +}
        "#]],
    );
}

#[test]
fn a_clause_added_in_a_design_keeps_what_it_would_replace() {
    let text = "service a owns x {}\ndesign 'd' {\n  service a {}\n}\n";
    let parse = parse(text);
    check(
        text,
        edit::add_store(&parse, "a", "y", Access::Owns, Some(0)),
        expect![[r#"
            -  service a {}
            +  service a owns x, y {}
        "#]],
    );
}

#[test]
fn wires_become_steps() {
    let parse = parse(EXAMPLE);
    let to = Handler::Command("PlaceOrder");
    check(
        EXAMPLE,
        edit::add_publish(&parse, "orders", to, "OrderPlaced", "order_events", TWO),
        expect![[r#"
            +      publish OrderPlaced(order_id => 1, sku => :sku, qty => :qty) to order_events;
        "#]],
    );
    check(
        EXAMPLE,
        edit::add_call(
            &parse,
            "shoppers",
            Handler::Client,
            "orders",
            "PlaceOrder",
            TWO,
        ),
        expect![[r#"
            +  call orders.PlaceOrder(sku => 'a', qty => 1);
        "#]],
    );
    let from = Handler::Event("OrderPlaced");
    check(
        EXAMPLE,
        edit::add_call(&parse, "inventory", from, "orders", "PlaceOrder", TWO),
        expect![[r#"
            +    call orders.PlaceOrder(sku => :sku, qty => :qty);
        "#]],
    );
    check(
        EXAMPLE,
        edit::add_topic(&parse, "bus", "audit", None),
        expect![[r#"
            +  topic audit;
        "#]],
    );
    assert_eq!(
        edit::add_call(
            &parse,
            "shoppers",
            Handler::Client,
            "orders",
            "Nothing",
            TWO
        ),
        Err(EditError::UnknownMember("orders".into(), "Nothing".into()))
    );
}

#[test]
fn a_copy_is_written_behind_the_original() {
    let parse = parse(EXAMPLE);
    check(
        EXAMPLE,
        edit::duplicate(&parse, "orders", "orders_2"),
        expect![[r#"
            +
            +  service orders_2 owns orders_db {
            +    command PlaceOrder(sku text, qty int) {
            +      insert into orders (sku, qty) values (:sku, :qty) returning id;
            +      publish OrderPlaced(order_id => :id, sku => :sku, qty => :qty) to order_events key :id;
            +      reply (id => :id);
            +    }
            +  }
            +
            +  service orders_2 owns orders_db {
            +    command PlaceOrder(sku text, qty int) {
            +      begin;
            +        insert into orders (sku, qty) values (:sku, :qty) returning id;
            +        insert into outbox (topic, key, event, payload) values ('order_events', cast(:id as text),
            +          'OrderPlaced', jsonb_build_object('order_id', :id, 'sku', :sku, 'qty', :qty));
            +      commit;
            +      reply (id => :id);
            +    }
            +  }
        "#]],
    );
    assert_eq!(edit::free_name(&parse, "orders"), "orders_2");
    assert_eq!(edit::free_name(&parse, "cart"), "cart");
}

const SHARED: &str = "\
database shop_db relational {
  isolation read committed;
  create table stock (sku text primary key, note text default 'a
b');
  insert into stock values ('mug', 'x');
  create table orders (id int primary key);
}

service inventory uses shop_db { command Take(sku text) { update stock set note = :sku; } }

relay common_relay from shop_db.stock polling every 1s;

design 'Shared' { -- as it was
  -- The clerks.
  service clerks uses shop_db {}

  database shop_db {
    create table outbox (id int); -- why
    create table log (id int);
  }

  relay own_relay from shop_db.outbox polling every 1s;
  fault migrate shop_db { alter table outbox add column x int; } at 1s;

  layout { shop_db 1 2; }
}

layout {
  shop_db 5 6;
}
";

#[test]
fn a_split_writes_a_new_design() {
    let parse = parse(SHARED);
    let split = Split {
        base: Some(0),
        design: "It's own",
        service: "inventory",
        source: "shop_db",
        target: "inventory_db",
        tables: &["stock", "outbox"],
        position: Some((7, 8)),
    };
    check(
        SHARED,
        edit::split_database(&parse, &split),
        expect![[r#"
            +design 'It''s own' { -- as it was
            +  -- The clerks.
            +  service clerks uses shop_db {}
            +
            +  database shop_db {
            +    -- why
            +    create table log (id int);
            +    without stock;
            +  }
            +
            +  relay own_relay from inventory_db.outbox polling every 1s;
            +  fault migrate inventory_db { alter table outbox add column x int; } at 1s;
            +
            +  layout { shop_db 1 2; inventory_db 7 8; }
            +
            +  database inventory_db relational {
            +    isolation read committed;
            +    create table stock (sku text primary key, note text default 'a
            +b');
            +    insert into stock values ('mug', 'x');
            +    create table outbox (id int);
            +  }
            +
            +  service inventory owns inventory_db {
            +    without shop_db;
            +  }
            +
            +  relay common_relay from inventory_db.stock polling every 1s;
            +}
            +
        "#]],
    );
    let own = Split {
        base: None,
        service: "clerks",
        ..split
    };
    assert_eq!(
        edit::split_database(&parse, &own),
        Err(EditError::UnknownNode("clerks".to_string()))
    );
}

#[test]
fn edits_that_need_the_whole_text_wait_for_it() {
    let parse = parse("service a { command }");
    assert_eq!(
        edit::rename(&parse, "a", "b"),
        Err(EditError::TextHasErrors)
    );
    assert_eq!(edit::delete(&parse, &["a"]), Err(EditError::TextHasErrors));
}

/// The comments of a text, in order.
fn comments(text: &str) -> Vec<String> {
    parse(text)
        .syntax()
        .descendants_with_tokens()
        .filter(|element| element.kind().is_comment())
        .map(|element| element.to_string().trim_end().to_string())
        .collect()
}

/// A text with comments strewn in.
fn commented(source: &str, every: usize) -> String {
    let mut text = String::new();
    let tokens = parse(source).syntax().descendants_with_tokens();
    let tokens = tokens.filter_map(|element| element.into_token());
    for (at, token) in tokens.enumerate() {
        text.push_str(token.text());
        if at % every == 0 && token.kind() != SyntaxKind::LineComment {
            text.push_str(if at % 2 == 0 { "/*c*/ " } else { " -- c\n" });
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn edits_keep_comments_and_syntax(every in 2_usize..40, which in 0_usize..10, wide in any::<bool>()) {
        let (source, service, database) = match wide {
            true => (EVERY_FORM, "billing", "shop_db"),
            false => (EXAMPLE, "orders", "orders_db"),
        };
        let text = commented(source, every);
        let parse = parse(&text);
        prop_assert!(parse.diagnostics().is_empty());
        let design = Some(0);
        let edits = match which {
            0 => edit::add_block(&parse, Part::Client, "fresh", design),
            1 => edit::add_block(&parse, Part::Service, "fresh", None),
            2 => edit::rename(&parse, service, "fresh"),
            3 => edit::rename(&parse, database, "fresh"),
            4 => edit::set_positions(&parse, &[(service, 3, 4), ("x", 5, 6)], design),
            5 => edit::add_store(&parse, service, "fresh", Access::Uses, design),
            6 => edit::remove_store(&parse, service, database, design),
            7 => edit::add_topic(&parse, "bus", "fresh", None),
            8 => edit::add_subscription(&parse, service, "E", "t", design),
            _ => edit::add_call(&parse, if wide { "robots" } else { "shoppers" }, Handler::Client,
                service, if wide { "Pay" } else { "PlaceOrder" }, design),
        };
        let result = edited(&text, edits);
        prop_assert_eq!(comments(&result), comments(&text));
    }

    #[test]
    fn renaming_back_gives_the_same_bytes(every in 2_usize..40) {
        let text = commented(EXAMPLE, every);
        let there = edited(&text, edit::rename(&parse(&text), "stock_db", "fresh"));
        let back = edited(&there, edit::rename(&parse(&there), "fresh", "stock_db"));
        prop_assert_eq!(back, text);
    }
}
