//! How tables are read, as EXPLAIN of PostgreSQL 15.18 says for the same tables, never analysed.

mod support;

use support::Script;
use tidewire_store::plan;

const SCHEMA: &str = "create table t (id int primary key, k int, v int, s text);
    create index t_k on t (k);
    create unique index t_v on t (v);
    create index t_ls on t (lower(s));
    create index t_part on t (k) where v is null;
    create table u (id int primary key, t_id int references t, w int);
    create table two (a int, b int, c int, primary key (a, b))";

/// Statements, each with the scans of its plan in order.
const MEASURED: &str = "
select * from t | Seq Scan on t
select * from t where id = 1 | Index Scan using t_pkey on t
select * from t where id = 1 and k = 2 | Index Scan using t_pkey on t
select * from t where id in (1, 2) | Bitmap Heap Scan on t
select * from t where id = 1 or id = 2 | Bitmap Heap Scan on t
select * from t where id > 1 | Bitmap Heap Scan on t
select * from t where id between 1 and 3 | Bitmap Heap Scan on t
select * from t where id <> 1 | Seq Scan on t
select * from t where k = 1 | Bitmap Heap Scan on t
select * from t where k > 1 and k < 3 | Bitmap Heap Scan on t
select * from t where v = 1 | Index Scan using t_v on t
select * from t where lower(s) = 'x' | Bitmap Heap Scan on t
select * from t where s = 'x' | Seq Scan on t
select * from t where v is null and k = 1 | Index Scan using t_part on t
select * from t where k = 1 and v = 1 | Index Scan using t_v on t
select * from t where k = 1 or v = 1 | Bitmap Heap Scan on t
select * from t where k = 1 or s = 'x' | Seq Scan on t
select * from t where id > 1 or k = 1 | Seq Scan on t
select * from t where id % 2 = 1 | Seq Scan on t
select * from t order by id | Index Scan using t_pkey on t
select * from t order by v limit 1 | Index Scan using t_v on t
select * from t order by s | Seq Scan on t
select * from t where id > 1 order by id | Bitmap Heap Scan on t
select * from t where id > 1 order by id limit 1 | Index Scan using t_pkey on t
select * from t where k = 1 order by id | Bitmap Heap Scan on t
select * from t where k = 1 order by id limit 1 | Index Scan using t_pkey on t
select * from t limit 1 | Seq Scan on t
select count(*) from t where k = 1 | Bitmap Heap Scan on t
select k, count(*) from t group by k | Seq Scan on t
update t set v = 1 where id = 1 | Index Scan using t_pkey on t
delete from t where id > 1 | Bitmap Heap Scan on t
select * from t where id > 1 for update | Bitmap Heap Scan on t
select * from two where a = 1 | Bitmap Heap Scan on two
select * from two where b = 1 | Bitmap Heap Scan on two
select * from two where a = 1 and b = 1 | Index Scan using two_pkey on two
select * from two where a = 1 and b > 1 | Bitmap Heap Scan on two
select * from t join u on u.t_id = t.id | Seq Scan on t; Seq Scan on u
select * from t join u on u.t_id = t.id where t.id = 1 | Index Scan using t_pkey on t; Seq Scan on u
select * from u join t on u.t_id = t.id where u.id = 1 | Index Scan using u_pkey on u; Index Scan using t_pkey on t
select * from t left join u on u.t_id = t.id | Seq Scan on t; Seq Scan on u
";

#[test]
fn tables_are_read_as_postgresql_reads_them() {
    let script = Script::with(SCHEMA);
    let catalog = script.store.catalog();
    let mut wrong = Vec::new();
    for line in MEASURED.lines().filter(|line| !line.is_empty()) {
        let (sql, expected) = line.split_once(" | ").unwrap();
        let statement = tidewire_syntax::parse_statement(sql).0.unwrap();
        let plan = plan(&statement, catalog, &()).unwrap();
        let scans: Vec<String> = plan
            .scans(catalog)
            .iter()
            .map(|scan| scan.text(catalog))
            .collect();
        if scans.join("; ") != expected {
            wrong.push(format!("{sql}: {}", scans.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
