//! The lost update of `tidewire-bench`, interleaving by interleaving, on a private PostgreSQL: the same statements
//! over two connections and a socket, one after the other. It tells what a search would cost on a real server.

use super::figure::Figure;
use crate::tools::system;
use anyhow::{Result, bail};
use std::time::Instant;
use tidewire_conformance::Level;
use tidewire_conformance::measure::{Client, PrivateServer, Response};

/// Steps of each client: BEGIN, SELECT, UPDATE, COMMIT.
const STEPS: u32 = 4;
/// Passes over all interleavings that count, after one that does not.
const PASSES: u32 = 5;

/// How the 70 interleavings must end at a level: both increments there, one lost, a client told to try again.
const EXPECTED: [(Level, [u32; 3]); 3] = [
    (Level::ReadCommitted, [10, 60, 0]),
    (Level::RepeatableRead, [10, 0, 60]),
    (Level::Serializable, [10, 0, 60]),
];

/// Measures at each level.
///
/// # Errors
/// When there is no PostgreSQL 15, or its outcomes are not the expected ones.
pub(super) fn figures() -> Result<Vec<Figure>> {
    system::postgres()?;
    let server = PrivateServer::start()?;
    let mut control = server.connect()?;
    control.command("create table account (id int primary key, v int not null)")?;
    control.command("insert into account values (1, 100)")?;
    let mut figures = Vec::new();
    for (level, expected) in EXPECTED {
        let clients = [server.connect()?, server.connect()?];
        let mut pair = Pair::new(level, clients);
        let mut start = Instant::now();
        for pass in 0..=PASSES {
            if pass == 1 {
                start = Instant::now();
            }
            let ends = pair.all(&mut control)?;
            if ends != expected {
                let name = level.name();
                bail!("{name}: PostgreSQL gave {ends:?} instead of {expected:?}");
            }
        }
        let played = f64::from(PASSES * expected.iter().sum::<u32>());
        figures.push(Figure {
            name: format!(
                "PostgreSQL: interleavings of a lost update, {}",
                level.name()
            ),
            place: "native".into(),
            value: played / start.elapsed().as_secs_f64(),
            unit: "interleavings/s".into(),
            goal: None,
        });
    }
    Ok(figures)
}

/// Two clients in the middle of an interleaving.
struct Pair {
    begin: String,
    sides: [Side; 2],
}

struct Side {
    client: Client,
    /// The next step.
    step: u32,
    /// Its UPDATE waits for the other side; steps that are due meanwhile come later.
    waits: bool,
    late: u32,
    read: i64,
    /// It has updated and not ended.
    holds: bool,
    failed: bool,
}

impl Pair {
    fn new(level: Level, clients: [Client; 2]) -> Self {
        let sides = clients.map(|client| Side {
            client,
            step: 0,
            waits: false,
            late: 0,
            read: 0,
            holds: false,
            failed: false,
        });
        let begin = format!("begin isolation level {}", level.name());
        Pair { begin, sides }
    }

    /// Plays every order of two times four steps; counts right, lost, failed.
    fn all(&mut self, control: &mut Client) -> Result<[u32; 3]> {
        let mut ends = [0; 3];
        for order in (0_u32..1 << (2 * STEPS)).filter(|order| order.count_ones() == STEPS) {
            control.command("update account set v = 100 where id = 1")?;
            for at in 0..2 * STEPS {
                self.due((order >> at & 1) as usize)?;
            }
            let v = control.command("select v from account where id = 1")?;
            let right = v
                .rows
                .iter()
                .flatten()
                .flatten()
                .any(|value| value == "120");
            let failed = self.sides.iter().any(|side| side.failed);
            ends[if failed { 2 } else { usize::from(!right) }] += 1;
            for side in &mut self.sides {
                (side.step, side.failed) = (0, false);
            }
        }
        Ok(ends)
    }

    fn due(&mut self, who: usize) -> Result<()> {
        if self.sides[who].waits {
            self.sides[who].late += 1;
            return Ok(());
        }
        let step = self.sides[who].step;
        self.sides[who].step += 1;
        let other_holds = self.sides[1 - who].holds;
        let side = &mut self.sides[who];
        match step {
            0 => side.plain(&self.begin)?,
            1 => side.plain("select v from account where id = 1")?,
            2 => {
                let v = side.read + 10;
                side.client
                    .send(&format!("update account set v = {v} where id = 1"))?;
                side.waits = other_holds;
                if !other_holds {
                    side.updated()?;
                }
            }
            _ => {
                side.plain("commit")?;
                side.holds = false;
                self.wake(1 - who)?;
            }
        }
        Ok(())
    }

    /// The other side may go on when it waits.
    fn wake(&mut self, who: usize) -> Result<()> {
        let side = &mut self.sides[who];
        if !side.waits {
            return Ok(());
        }
        side.updated()?;
        side.waits = false;
        for _ in 0..std::mem::take(&mut side.late) {
            self.due(who)?;
        }
        Ok(())
    }
}

impl Side {
    /// A statement that does not wait.
    fn plain(&mut self, sql: &str) -> Result<()> {
        match self.client.query(sql)? {
            Response::Done { table, .. } => {
                let value = table.and_then(|table| table.rows.into_iter().flatten().next());
                if let Some(value) = value.flatten() {
                    self.read = value.parse()?;
                }
            }
            Response::Failed { .. } => self.failed = true,
        }
        Ok(())
    }

    /// The answer to its UPDATE.
    fn updated(&mut self) -> Result<()> {
        match self.client.answer()? {
            Response::Done { .. } => self.holds = true,
            Response::Failed { .. } => self.failed = true,
        }
        Ok(())
    }
}
