//! Scripts of statements in a few sessions, made of whatever bytes there are.
//!
//! A script is either text, `0: select …` line by line, so that mutations reach every corner of the language; or
//! drawn from templates over few rows, so that sessions meet.

use arbitrary::{Result, Unstructured};

/// Sessions of a script.
pub const SESSIONS: usize = 3;

/// Statements of a script; more are cut off.
const MOST_STEPS: usize = 40;

/// Tables that every script begins with.
pub const SETUP: [&str; 4] = [
    "create table p (id int primary key, v int)",
    "create table c (id int primary key, pid int references p on delete cascade on update cascade, v int unique)",
    "insert into p values (1, 10), (2, 20), (3, 30), (4, 40)",
    "insert into c values (1, 1, 100), (2, 2, 200)",
];

/// Statements that change rows or lock them and nothing else. `#` is a number from 0 to 5.
const ROW_STATEMENTS: &[&str] = &[
    "update p set v = v + # where id = #",
    "update p set v = # where v > 15",
    "update p set id = # where id = #",
    "update c set v = # where pid = #",
    "update c set pid = # where id = #",
    "insert into p values (#, #)",
    "insert into c values (#, #, #)",
    "insert into p values (#, #) on conflict (id) do update set v = p.v + excluded.v",
    "insert into c values (#, #, #) on conflict do nothing",
    "insert into c select id + #, id, v + # from p",
    "delete from p where id = #",
    "delete from c where v > #",
    "select * from p where id = #",
    "select count(*), sum(v) from p where v > #",
    "select p.id, c.v from p left join c on c.pid = p.id",
    "select * from p where id = # for update",
    "select * from p where id >= # for share skip locked",
    "select * from p where id = # for key share nowait",
    "select * from p order by id limit # for no key update",
    "select (select max(v) from c where pid = p.id) from p",
    "with x as (delete from c where id = # returning pid) select * from x",
    "with x as (update p set v = v - # where id = # returning *) select sum(v) from x",
    "select id from p union select pid from c order by 1",
    "update p set v = c.v from c where c.pid = p.id and c.id = #",
    "delete from p using c where c.pid = p.id and c.v = #",
    "select id, row_number() over (order by v desc) from p",
    "select * from generate_series(1, #) g left join p on p.id = g",
];

/// Statements of transactions, sessions and the schema.
const OTHER_STATEMENTS: &[&str] = &[
    "begin",
    "begin isolation level repeatable read",
    "begin isolation level serializable",
    "begin isolation level serializable read only deferrable",
    "commit",
    "rollback",
    "savepoint s#",
    "rollback to s#",
    "release s#",
    "prepare transaction 'g#'",
    "commit prepared 'g#'",
    "rollback prepared 'g#'",
    "lock table p in share row exclusive mode",
    "lock table c in access exclusive mode nowait",
    "select pg_advisory_lock(#)",
    "select pg_advisory_xact_lock(#)",
    "select pg_advisory_unlock(#)",
    "set lock_timeout = #",
    "set local statement_timeout = #",
    "prepare q# as update p set v = v + 1 where id = $1",
    "execute q#(#)",
    "deallocate q#",
    "create table t# (id serial primary key, p int references p, v text default 'x')",
    "alter table p rename column v to w#",
    "alter table c add column extra# int default #",
    "alter table c drop column v",
    "drop table t#",
    "truncate c",
    "create index on c (pid)",
    "create unique index u# on p (v) where v > #",
    "insert into t# (p) values (#) returning id",
    "select * from t#",
];

/// What one session is told.
#[derive(Clone, Debug)]
pub struct Step {
    /// Below [`SESSIONS`].
    pub session: usize,
    /// One statement.
    pub sql: String,
}

/// Steps, and where the laws cut them.
#[derive(Clone, Debug)]
pub struct Script {
    /// In order.
    pub steps: Vec<Step>,
    /// Where a fork is taken.
    pub cut: usize,
    /// Statements that change rows only, for what is rolled back.
    pub undone: Vec<String>,
}

impl Script {
    /// Any bytes are a script.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.starts_with(['0', '1', '2']) => Self::from_text(text),
            _ => Self::drawn(&mut Unstructured::new(bytes)).unwrap_or_else(|_| Self::from_text("")),
        }
    }

    fn from_text(text: &str) -> Self {
        let steps: Vec<Step> = text
            .lines()
            .take(MOST_STEPS)
            .filter_map(|line| {
                let (session, sql) = line.split_once(": ")?;
                let session = session.parse::<usize>().ok()? % SESSIONS;
                Some(Step {
                    session,
                    sql: sql.to_string(),
                })
            })
            .collect();
        Script {
            cut: steps.len() / 2,
            steps,
            undone: Vec::new(),
        }
    }

    fn drawn(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let mut steps = Vec::new();
        let cut = bytes.int_in_range(0..=MOST_STEPS)?;
        let mut undone = Vec::new();
        for _ in 0..bytes.int_in_range(0..=6_usize)? {
            undone.push(filled(bytes.choose(ROW_STATEMENTS)?, bytes)?);
        }
        while !bytes.is_empty() && steps.len() < MOST_STEPS {
            let session = bytes.int_in_range(0..=SESSIONS - 1)?;
            let template = match bytes.ratio(2, 5)? {
                true => bytes.choose(OTHER_STATEMENTS)?,
                false => bytes.choose(ROW_STATEMENTS)?,
            };
            let sql = filled(template, bytes)?;
            steps.push(Step { session, sql });
        }
        Ok(Script { steps, cut, undone })
    }
}

fn filled(template: &str, bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut sql = String::new();
    for piece in template.split_inclusive('#') {
        match piece.strip_suffix('#') {
            Some(before) => {
                sql.push_str(before);
                sql.push_str(&bytes.int_in_range(0..=5_u8)?.to_string());
            }
            None => sql.push_str(piece),
        }
    }
    Ok(sql)
}
