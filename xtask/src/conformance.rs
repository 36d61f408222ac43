//! `cargo xtask conformance`: interleavings drawn at random, played on a private PostgreSQL and on ours, and
//! compared step by step. A difference is printed as a case of the JSON schema, as small as it could be made.

use crate::tools::system;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::path::Path;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use tidewire_conformance::measure::{Compared, Examiner, Finding, worlds};
use tidewire_conformance::{Level, cases};

/// What is compared.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The number of the first case.
    pub(crate) first: u64,
    /// How many cases.
    pub(crate) cases: u64,
    /// Which cases: the same seed draws the same ones.
    pub(crate) seed: u64,
    /// At which levels; at all when empty.
    pub(crate) levels: Vec<Level>,
    /// Of which world of the grammar; of one after the other when `None`.
    pub(crate) world: Option<String>,
    /// Servers at work at once.
    pub(crate) jobs: u64,
    /// Differences that are looked for before the rest is left alone.
    pub(crate) differences: usize,
}

/// What a worker has to tell.
enum News {
    /// A case compared at a level.
    Compared(Level, Compared),
    /// A case that differs.
    Found(Box<Finding>),
    /// The worker cannot go on.
    Failed(anyhow::Error),
}

/// A level's count.
#[derive(Default)]
struct Count {
    same: u64,
    by_choice: u64,
    outside: u64,
    differs: u64,
}

/// Compares, and prints what differs.
///
/// # Errors
/// When there is a difference, or no PostgreSQL.
pub(crate) fn run(selection: &Selection) -> Result<()> {
    system::postgres()?;
    if let Some(world) = &selection.world
        && !worlds().any(|name| name == world)
    {
        let names: Vec<&str> = worlds().collect();
        bail!("there is no such world; there are: {}", names.join(", "));
    }
    let (next, stop) = (AtomicU64::new(selection.first), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..selection.jobs.max(1) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                if let Err(error) = work(selection, next, stop, &sender) {
                    stop.store(true, Ordering::Relaxed);
                    // Nobody listens any more when the printer has failed.
                    let _ = sender.send(News::Failed(error));
                }
            });
        }
        drop(sender);
        report(selection, &receiver, &stop)
    })
}

fn work(
    selection: &Selection,
    next: &AtomicU64,
    stop: &AtomicBool,
    sender: &mpsc::Sender<News>,
) -> Result<()> {
    let mut examiner = Examiner::start(selection.seed, selection.world.as_deref())?;
    let levels = match selection.levels.as_slice() {
        [] => &Level::ALL,
        levels => levels,
    };
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number - selection.first >= selection.cases {
            return Ok(());
        }
        for level in levels {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let examined = examiner.examine(number, *level);
            let examined = examined
                .with_context(|| format!("case {number} of this seed, {}", level.name()))?;
            let news = match examined {
                Ok(compared) => News::Compared(*level, compared),
                Err(finding) => News::Found(Box::new(finding)),
            };
            if sender.send(news).is_err() {
                return Ok(());
            }
        }
    }
}

fn report(selection: &Selection, receiver: &mpsc::Receiver<News>, stop: &AtomicBool) -> Result<()> {
    let mut counts: BTreeMap<Level, Count> = BTreeMap::new();
    let mut refused: BTreeMap<String, u64> = BTreeMap::new();
    let mut found = 0;
    let mut failed = None;
    for news in receiver {
        match news {
            News::Compared(level, compared) => {
                let count = counts.entry(level).or_default();
                match compared {
                    Compared::Same => count.same += 1,
                    Compared::ByChoice => count.by_choice += 1,
                    Compared::Differs(..) => count.differs += 1,
                    Compared::Outside(why) => {
                        count.outside += 1;
                        *refused
                            .entry(format!("{}: {}", why.statement, why.reason))
                            .or_default() += 1;
                    }
                }
            }
            News::Found(finding) => {
                counts.entry(finding.level).or_default().differs += 1;
                found += 1;
                println!("\n{}: {}", finding.level.name(), finding.difference);
                println!("{}", serde_json::to_string(&finding.case)?);
                if found >= selection.differences {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            News::Failed(error) => failed = failed.or(Some(error)),
        }
    }
    println!();
    for (level, count) in &counts {
        let Count {
            same,
            by_choice,
            outside,
            differs,
        } = count;
        println!(
            "{}: {same} the same, {by_choice} the same by choice, {differs} differ, {outside} outside our SQL",
            level.name()
        );
    }
    for (statement, count) in &refused {
        println!("outside, {count} times: {statement}");
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if found > 0 {
        bail!("{found} of the interleavings differ");
    }
    if !refused.is_empty() {
        bail!("the grammar draws statements that are refused here");
    }
    Ok(())
}

/// Plays the cases of a file on both sides and prints what differs.
///
/// # Errors
/// When there is a difference, the file cannot be read, or there is no PostgreSQL.
pub(crate) fn replay(file: &Path, levels: &[Level]) -> Result<()> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let cases = cases::read(&text)?;
    system::postgres()?;
    let mut examiner = Examiner::start(0, None)?;
    let levels = if levels.is_empty() {
        &Level::ALL
    } else {
        levels
    };
    let mut differ = 0;
    for case in cases {
        let case = case?;
        for level in levels {
            let line = match examiner.compare(&case, *level)? {
                Compared::Same => "the same".to_string(),
                Compared::ByChoice => "the same by choice".to_string(),
                Compared::Outside(refused) => format!("outside: {refused}"),
                Compared::Differs(difference, _) => {
                    differ += 1;
                    difference.to_string()
                }
            };
            println!("{}, {}: {line}", case.id, level.name());
        }
    }
    if differ > 0 {
        bail!("{differ} differ");
    }
    Ok(())
}

/// The bounded run of the tests: fixed cases, a minute or two.
///
/// # Errors
/// As [`run`].
pub(crate) fn step() -> Result<()> {
    run(&Selection {
        first: 0,
        cases: 800,
        seed: 1,
        levels: Vec::new(),
        world: None,
        jobs: 4,
        differences: 3,
    })
}
