//! The worlds of the grammar: their tables and the sentences that are said over them.

/// Tables and sentences.
pub(super) struct World {
    pub(super) name: &'static str,
    /// Referenced tables before referencing ones.
    pub(super) tables: &'static [Table],
    pub(super) sentences: &'static [&'static str],
}

/// A table and how it comes to be.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Tables that must exist before it.
    pub(super) references: &'static [&'static str],
    pub(super) setup: &'static [&'static str],
}

/// What a session says about its transaction.
pub(super) const TRANSACTION: &[&str] = &[
    "commit",
    "commit",
    "rollback",
    "savepoint s",
    "rollback to s",
    "release s",
];

pub(super) const WORLDS: &[World] = &[
    World {
        name: "rows",
        tables: &[ITEM],
        sentences: &[
            "select * from item where id = {k}",
            "select * from item",
            "update item set v = v + 1 where id = {k}",
            "update item set v = v + 1 where id = {k}",
            "update item set v = {v} where v >= {k}0",
            "update item set v = v + 10",
            "delete from item where id = {k}",
            "insert into item values ({k}, {v})",
            "insert into item values ({k}, {v}) on conflict do nothing",
            "insert into item values ({k}, {v}) on conflict (id) do update set v = item.v + excluded.v returning *",
            "select sum(v), count(*) from item",
            "select id from item where v < {k}0",
            "select * from item where id = {k} for update",
            "select * from item where v >= {v}0 order by id for share",
            "select * from item where id = {k} for key share",
            "select * from item where id = {k} for share nowait",
            "select * from item order by id for no key update skip locked",
            "select id from item order by id limit 1 for update skip locked",
            "update item set id = {j} where id = {k}",
            "update item set v = (select max(v) from item) where id = {k} returning v",
            "delete from item where v > (select avg(v) from item)",
        ],
    },
    World {
        name: "keys",
        tables: &[PARENT, CHILD, NOTE],
        sentences: &[
            "select * from parent where id = {k}",
            "select p.id, c.v from parent p left join child c on c.pid = p.id",
            "update parent set v = v + {v} where id = {k}",
            "delete from parent where id = {k}",
            "insert into parent values ({k}, {v})",
            "insert into child values ({k}, {j}, {v})",
            "update child set v = {v} where id = {k}",
            "update child set pid = {j} where id = {k}",
            "update parent set id = {j} where id = {k}",
            "insert into parent values ({k}, {v}) on conflict (id) do update set v = parent.v + excluded.v returning *",
            "insert into child values ({k}, {j}, {v}) on conflict do nothing",
            "insert into child values ({k}, {j}, {v}) on conflict (v) do update set pid = excluded.pid",
            "insert into note values ({k}, {v})",
            "delete from note where pid = {k}",
            "update note set pid = {j} where pid = {k}",
            "select parent.id, child.id from parent join child on child.pid = parent.id where parent.id = {k} for update of parent",
            "delete from child where v = {v} or pid = {k} returning id",
            "select * from parent where id = {k} for key share",
            "select * from parent where id = {k} for update nowait",
            "update parent set v = v * 2 where id in (select pid from child where v > {v})",
        ],
    },
    World {
        name: "heap",
        tables: &[HEAP, ITEM],
        sentences: &[
            "select * from heap",
            "select * from heap where a = {k}",
            "insert into heap values ({k}, {v})",
            "insert into heap values ({k}, {v}), ({j}, {v})",
            "update heap set b = b + 1 where a = {k}",
            "update heap set b = {v} where b > {v}",
            "delete from heap where a = {k}",
            "select count(*) from heap where b > {v}",
            "select * from heap where a between {k} and {j} for update",
            "select * from heap where b = {v} for share skip locked",
            "insert into heap select id, v from item where id = {k}",
            "update item set v = (select count(*) from heap) where id = {k}",
            "delete from item where id in (select a from heap where b = {v})",
            "select * from item where id = {k}",
            "update item set v = v + 1 where id = {k}",
        ],
    },
    World {
        name: "indexes",
        tables: &[INDEXED],
        sentences: &[
            "select * from indexed where id = {k}",
            "select * from indexed where k = {j}",
            "select * from indexed where k > {j}",
            "select * from indexed where k between {k} and {j}",
            "select count(*) from indexed",
            "update indexed set w = 'w{v}' where id = {k}",
            "update indexed set w = 'w{v}' where k = {j}",
            "update indexed set k = {j} where id = {k}",
            "insert into indexed values ({k}, {j}, 'n{v}')",
            "insert into indexed values (1{k}, {j}, 'n{v}')",
            "delete from indexed where k = {j}",
            "delete from indexed where id = {k}",
            "select id from indexed where k = {j} for update",
            "update indexed set k = k + 1 where k >= {j}",
            "insert into indexed values (2{k}, {j}, 'W{v}') on conflict do nothing",
            "select id from indexed where lower(w) = 'w{v}'",
        ],
    },
    World {
        name: "skew",
        tables: &[ITEM, HEAP],
        sentences: &[
            "select * from item where id = {k}",
            "select v from item where id = {k}",
            "update item set v = {v} where id = {k}",
            "update item set v = v - 10 where id = {k}",
            "select sum(v) from item",
            "insert into item values ({k}{v}, {v})",
            "select * from item where id between {k} and {j}",
            "select * from item where id >= {k}",
            "select * from heap where a = {k}",
            "insert into heap values ({k}, {v})",
            "update heap set b = b + 1 where a = {k}",
            "delete from item where id = {k}",
        ],
    },
    World {
        name: "queries",
        tables: &[ITEM, PARENT, CHILD],
        sentences: &[
            "update item set v = parent.v from parent where parent.id = item.id and parent.v > {v}0",
            "update item set v = item.v + c.v from child c where c.pid = item.id returning item.id, c.id",
            "delete from item using parent where parent.id = item.id and parent.v < {k}0",
            "with gone as (delete from item where id = {k} returning id, v) insert into parent select id + 10, v from gone returning id",
            "with m as (select max(v) as v from item) update parent set v = m.v from m where id = {k}",
            "with up as (update item set v = v + 1 where id = {k} returning v) select v from up",
            "select id from item where v > {v}0 union select id from parent order by 1",
            "select * from (select id, v from item where id > {k}) x where x.v > {v}0",
            "insert into item select id + {v}, v from parent on conflict do nothing",
            "select case when v > {v}0 then 'high' else 'low' end as size, count(*) from item group by 1",
            "select i.id from item i where exists (select 1 from parent p where p.id = i.id and p.v >= {v}0) for update",
            "select id, row_number() over (order by v desc, id) from item",
            "update parent set v = v + 1 where id = {k}",
            "update item set v = v + 1 where id = {k}",
            "update child set v = v + 10 where id = {k}",
            "delete from parent where id = {k}",
            "insert into parent values ({k}, {v})",
            "select * from parent",
        ],
    },
    World {
        name: "locks",
        tables: &[ITEM],
        sentences: &[
            "select * from item where id = {k}",
            "update item set v = v + 1 where id = {k}",
            "lock table item in share mode",
            "lock table item in access share mode",
            "lock table item in row exclusive mode",
            "lock table item in share row exclusive mode",
            "lock table item in exclusive mode nowait",
            "lock table item",
            "select pg_advisory_xact_lock({k})",
            "select pg_advisory_xact_lock_shared({k})",
            "select pg_try_advisory_xact_lock({k})",
            "select pg_advisory_lock({k})",
            "select pg_advisory_unlock({k})",
            "select * from item where id = {k} for update",
            "select * from item where id = {k} for share",
            "select * from item where id = {k} for no key update",
            "select * from item where id = {k} for key share",
        ],
    },
    World {
        name: "prepared",
        tables: &[ITEM],
        sentences: &[
            "update item set v = v + 1 where id = {k}",
            "select * from item",
            "insert into item values ({k}{j}, {v})",
            "select * from item where id = {k} for update nowait",
            "delete from item where id = {k}",
            "commit prepared 'g1'",
            "rollback prepared 'g1'",
            "commit prepared 'g2'",
            "rollback prepared 'g2'",
        ],
    },
];

const ITEM: Table = Table {
    name: "item",
    references: &[],
    setup: &[
        "create table item (id int primary key, v int)",
        "insert into item values (1, 10), (2, 20), (3, 30)",
    ],
};

const PARENT: Table = Table {
    name: "parent",
    references: &[],
    setup: &[
        "create table parent (id int primary key, v int)",
        "insert into parent values (1, 10), (2, 20), (3, 30)",
    ],
};

const CHILD: Table = Table {
    name: "child",
    references: &["parent"],
    setup: &[
        "create table child (id int primary key, pid int references parent on delete cascade, v int unique)",
        "insert into child values (1, 1, 100), (2, 2, 200)",
    ],
};

const NOTE: Table = Table {
    name: "note",
    references: &["parent"],
    setup: &[
        "create table note (pid int references parent, t int)",
        "insert into note values (2, 5)",
    ],
};

const HEAP: Table = Table {
    name: "heap",
    references: &[],
    setup: &[
        "create table heap (a int, b int)",
        "insert into heap values (1, 1), (2, 2), (2, 3)",
    ],
};

const INDEXED: Table = Table {
    name: "indexed",
    references: &[],
    setup: &[
        "create table indexed (id int primary key, k int, w text)",
        "create index indexed_k on indexed (k)",
        "create unique index indexed_live on indexed (id) where k > 2",
        "create index indexed_lower on indexed (lower(w))",
        "insert into indexed values (1, 1, 'W1'), (2, 2, 'w2'), (3, 3, 'w3'), (4, 3, 'W1')",
    ],
};
