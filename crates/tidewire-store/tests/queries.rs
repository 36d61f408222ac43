//! Queries: joins, groups, order, subqueries, over the public door.

mod support;

use expect_test::expect;
use support::Script;

fn shop() -> Script {
    Script::with(
        "create table item (id int primary key, sku text unique, price numeric(8,2));
         create table line (id serial primary key, item int references item, qty int not null);
         insert into item values (1, 'mug', 4.50), (2, 'lamp', 20), (3, 'desk', 99.99);
         insert into line (item, qty) values (1, 2), (1, 3), (2, 1), (null, 7)",
    )
}

#[test]
fn joins_and_groups() {
    expect![[r#"
        a: select l.id, i.sku from line l join item i on i.id = l.item
          Select(3)
            1 | mug
            2 | mug
            3 | lamp
        a: select l.id, i.sku from line l left join item i on i.id = l.item and i.price > 5
          Select(4)
            1 | ∅
            2 | ∅
            3 | lamp
            4 | ∅
        a: select i.sku, count(l.id), sum(l.qty) as total, avg(l.qty) from item i left join line l on l.item = i.id group by i.id order by total desc nulls last
          Select(3)
            mug | 2 | 5 | 2.5000000000000000
            lamp | 1 | 1 | 1.00000000000000000000
            desk | 0 | ∅ | ∅
        a: select item, sum(qty) from line group by item having sum(qty) > 4 order by 1
          Select(2)
            1 | 5
            ∅ | 7
        a: select count(*), min(price), max(price), sum(price) from item where price > 1000
          Select(1)
            0 | ∅ | ∅ | ∅
        a: select sku from item i where not exists (select 1 from line where item = i.id)
          Select(1)
            desk
        a: select sku, (select sum(qty) from line where item = i.id) from item i order by price desc limit 2 offset 1
          Select(2)
            lamp | 1
            mug | 5
        a: select distinct item from line order by item
          Select(3)
            1
            2
            ∅
        a: select id from item where id not in (select item from line)
          Select(0)
        a: select string_agg(sku, ', '), jsonb_agg(id) from item
          Select(1)
            mug, lamp, desk | [1, 2, 3]
        a: select a.id, b.id from item a cross join item b where a.id < b.id
          Select(3)
            1 | 2
            1 | 3
            2 | 3
    "#]]
    .assert_eq(&shop().play(
        "a: select l.id, i.sku from line l join item i on i.id = l.item
         a: select l.id, i.sku from line l left join item i on i.id = l.item and i.price > 5
         a: select i.sku, count(l.id), sum(l.qty) as total, avg(l.qty) from item i left join line l on l.item = i.id group by i.id order by total desc nulls last
         a: select item, sum(qty) from line group by item having sum(qty) > 4 order by 1
         a: select count(*), min(price), max(price), sum(price) from item where price > 1000
         a: select sku from item i where not exists (select 1 from line where item = i.id)
         a: select sku, (select sum(qty) from line where item = i.id) from item i order by price desc limit 2 offset 1
         a: select distinct item from line order by item
         a: select id from item where id not in (select item from line)
         a: select string_agg(sku, ', '), jsonb_agg(id) from item
         a: select a.id, b.id from item a cross join item b where a.id < b.id",
    ));
}

#[test]
fn an_updated_row_moves_to_the_end() {
    expect![[r#"
        a: update item set price = price + 1 where id = 1 returning sku, price
          Update(1)
            mug | 5.50
        a: select id from item
          Select(3)
            2
            3
            1
        a: delete from item where sku = 'desk' returning *
          Delete(1)
            3 | desk | 99.99
        a: insert into item values (4, 'lamp', 1) on conflict (sku) do update set price = item.price + excluded.price returning *
          Insert(1)
            2 | lamp | 21.00
        a: insert into line (item, qty) select id, 1 from item where price < 10 returning id, item
          Insert(1)
            5 | 1
    "#]]
    .assert_eq(&shop().play(
        "a: update item set price = price + 1 where id = 1 returning sku, price
         a: select id from item
         a: delete from item where sku = 'desk' returning *
         a: insert into item values (4, 'lamp', 1) on conflict (sku) do update set price = item.price + excluded.price returning *
         a: insert into line (item, qty) select id, 1 from item where price < 10 returning id, item",
    ));
}

#[test]
fn constraints_speak_like_postgresql() {
    let mut script = Script::with(
        "create table parent (id int primary key, v int check (v > 0));
         create table child (id int primary key, pid int references parent on delete cascade);
         create table note (pid int references parent on delete set null, text varchar(3) not null);
         create table strict (pid int references parent);
         insert into parent values (1, 1), (2, 2);
         insert into child values (10, 1); insert into note values (1, 'x'); insert into strict values (2)",
    );
    expect![[r#"
        a: insert into parent values (1, 5)
          ERROR 23505 duplicate key value violates unique constraint "parent_pkey"
            DETAIL Key (id)=(1) already exists.
        a: insert into parent values (3, 0)
          ERROR 23514 new row for relation "parent" violates check constraint "parent_v_check"
            DETAIL Failing row contains (3, 0).
        a: insert into note (pid) values (1)
          ERROR 23502 null value in column "text" of relation "note" violates not-null constraint
            DETAIL Failing row contains (1, null).
        a: insert into note values (1, 'abcd')
          ERROR 22001 value too long for type character varying(3) at «'abcd'»
        a: insert into child values (11, 9)
          ERROR 23503 insert or update on table "child" violates foreign key constraint "child_pid_fkey"
            DETAIL Key (pid)=(9) is not present in table "parent".
        a: delete from parent where id = 2
          ERROR 23503 update or delete on table "parent" violates foreign key constraint "strict_pid_fkey" on table "strict"
            DETAIL Key (id)=(2) is still referenced from table "strict".
        a: delete from parent where id = 1
          Delete(1)
        a: select * from child
          Select(0)
        a: select * from note
          Select(1)
            ∅ | x
        a: update parent set id = 3 where id = 2
          ERROR 23503 update or delete on table "parent" violates foreign key constraint "strict_pid_fkey" on table "strict"
            DETAIL Key (id)=(2) is still referenced from table "strict".
    "#]]
    .assert_eq(&script.play(
        "a: insert into parent values (1, 5)
         a: insert into parent values (3, 0)
         a: insert into note (pid) values (1)
         a: insert into note values (1, 'abcd')
         a: insert into child values (11, 9)
         a: delete from parent where id = 2
         a: delete from parent where id = 1
         a: select * from child
         a: select * from note
         a: update parent set id = 3 where id = 2",
    ));
}

#[test]
fn a_migration_changes_what_statements_find() {
    let mut script = Script::with(
        "create table stock (sku text primary key, on_hand int not null);
         insert into stock values ('mug', 3)",
    );
    expect![[r#"
        a: alter table stock rename column on_hand to available
          AlterTable
        a: select on_hand from stock
          ERROR 42703 column "on_hand" does not exist at «on_hand»
        a: select available from stock
          Select(1)
            3
        a: alter table stock add column reserved int not null default 0
          AlterTable
        a: select * from stock
          Select(1)
            mug | 3 | 0
        a: alter table stock drop column available
          AlterTable
        a: select * from stock
          Select(1)
            mug | 0
        a: insert into stock values ('lamp', 5)
          Insert(1)
        a: alter table stock rename to goods
          AlterTable
        a: select sku, reserved from goods
          Select(2)
            mug | 0
            lamp | 5
        a: alter table goods add column code int not null
          ERROR 23502 column "code" of relation "goods" contains null values
        a: alter table goods add column n serial
          AlterTable
        a: select sku, n from goods
          Select(2)
            mug | 1
            lamp | 2
    "#]]
    .assert_eq(&script.play(
        "a: alter table stock rename column on_hand to available
         a: select on_hand from stock
         a: select available from stock
         a: alter table stock add column reserved int not null default 0
         a: select * from stock
         a: alter table stock drop column available
         a: select * from stock
         a: insert into stock values ('lamp', 5)
         a: alter table stock rename to goods
         a: select sku, reserved from goods
         a: alter table goods add column code int not null
         a: alter table goods add column n serial
         a: select sku, n from goods",
    ));
}

#[test]
fn a_plan_outlives_a_rename_and_fails_after_a_drop() {
    use tidewire_store::{Progress, plan};
    let mut script =
        Script::with("create table t (id int primary key, v int); insert into t values (1, 5)");
    let connection = script.connection("a");
    let parse = |sql: &str| tidewire_syntax::parse_statement(sql).0.unwrap();
    let query =
        std::sync::Arc::new(plan(&parse("select v from t"), script.store.catalog(), &()).unwrap());
    script
        .store
        .migrate(&parse("alter table t rename column id to key"), 0)
        .unwrap();
    let progress = script.store.execute(connection, &query, &[], 0);
    assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
    script
        .store
        .migrate(&parse("alter table t rename column v to w"), 0)
        .unwrap();
    let Progress::Failed(error) = script.store.execute(connection, &query, &[], 0) else {
        panic!("the column is gone by that name");
    };
    assert_eq!(error.to_string(), "column \"v\" does not exist (42703)");
}

#[test]
fn an_invariant_follows_a_rename_and_cannot_be_judged_after_a_drop() {
    use tidewire_store::AcrossQuery;
    use tidewire_syntax::ast::sql::Statement;
    let mut orders = Script::with(
        "create table o (id int primary key, sku text); insert into o values (1, 'a'), (2, 'b')",
    );
    let stock = Script::with("create table r (order_id int primary key); insert into r values (1)");
    let sql = "select o.id, o.sku from orders.o o where not exists (select 1 from stock.r r where r.order_id = o.id)";
    let Some(Statement::Query(select)) = tidewire_syntax::parse_statement(sql).0 else {
        panic!("{:?}", tidewire_syntax::parse_statement(sql).1);
    };
    let catalogs = [
        ("orders", orders.store.catalog()),
        ("stock", stock.store.catalog()),
    ];
    let query = AcrossQuery::plan(&select, &catalogs).unwrap();
    assert_eq!(query.reads().len(), 2);
    let rows = |orders: &Script| query.run(&[&orders.store, &stock.store], 0);
    assert_eq!(rows(&orders).unwrap().len(), 1);
    orders.issue("a", "alter table o rename column sku to code");
    assert_eq!(rows(&orders).unwrap()[0][1].to_string(), "b");
    orders.issue("a", "alter table o drop column code");
    assert_eq!(
        rows(&orders).unwrap_err().message,
        "column o.sku was dropped, so this cannot be judged"
    );
}
