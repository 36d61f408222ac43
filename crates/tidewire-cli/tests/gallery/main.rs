//! Every lesson of the gallery does what its `case.toml` says: verdicts, broken invariants, trace hashes, bounds.
//! What that file may say is in `case` and `bound`.
//!
//! `UPDATE_EXPECT=1` writes the trace hashes that came out into the files; nothing else is ever rewritten.
//! `LESSON=outbox` plays only the lessons whose folder contains that word.

mod bound;
mod case;
mod play;

use std::collections::BTreeMap;

use bound::Runs;
use case::{GROUPS, Lesson, with_hash};
use play::{BROKEN_AT_LEAST, FEW, MANY, Player, players, spread};
use tidewire_engine::Choices;
use tidewire_session::protocol::Outcome;

fn lessons() -> Vec<Lesson> {
    let mut lessons = case::lessons();
    if let Ok(word) = std::env::var("LESSON") {
        lessons.retain(|lesson| lesson.slug().contains(&word));
    }
    assert!(!lessons.is_empty());
    lessons
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn broken(outcome: &Outcome) -> Vec<&str> {
    let broken = outcome.invariants.iter();
    let broken = broken.filter(|invariant| invariant.held != Some(true));
    broken.map(|invariant| invariant.name.as_str()).collect()
}

#[test]
fn lessons_are_complete() {
    let mut complaints = Vec::new();
    for lesson in lessons() {
        let (slug, case) = (lesson.slug(), &lesson.case);
        for words in [&case.title, &case.promise] {
            if words.is_empty() {
                complaints.push(format!("{slug}: title and promise are not empty"));
            }
        }
        let group = GROUPS.iter().position(|group| *group == case.group);
        if group.is_none_or(|group| case.order / 100 != group + 1) {
            let group = &case.group;
            complaints.push(format!("{slug}: order {} is not of '{group}'", case.order));
        }
        let words = lesson.readme.split_whitespace().count();
        if !(100..=400).contains(&words) {
            complaints.push(format!("{slug}: README.md has {words} words"));
        }
    }
    assert_none(&complaints);
}

/// What is not as the case says of the seed that it names, in words; the hash apart.
fn complaints(player: &Player<'_>, outcome: &Outcome) -> Vec<String> {
    let (place, design) = (player.place(), player.design);
    let broken = broken(outcome);
    let mut complaints = Vec::new();
    let verdict = if broken.is_empty() { "holds" } else { "breaks" };
    if verdict != design.verdict {
        complaints.push(format!(
            "{place}: it {verdict}, the case says {}",
            design.verdict
        ));
    }
    if broken != design.breaks {
        let expected = &design.breaks;
        complaints.push(format!(
            "{place}: it breaks {broken:?}, the case says {expected:?}"
        ));
    }
    if outcome.verdict != "quiet" {
        complaints.push(format!("{place}: the run ended with: {}", outcome.verdict));
    }
    complaints
}

#[test]
fn lessons_do_what_their_cases_say() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let lessons = lessons();
    let players = players(&lessons);
    let outcomes = spread(&players, |player| (player.own_run(), player.own_run()));
    let mut complained = Vec::new();
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (player, (outcome, again)) in players.iter().zip(&outcomes) {
        assert_eq!(outcome, again, "{}: two runs differ", player.place());
        complained.extend(complaints(player, outcome));
        let design = player.design;
        if outcome.trace_hash == design.trace_hash {
            continue;
        }
        if update {
            let text = texts.entry(player.lesson.slug());
            let text = text.or_insert_with(|| player.lesson.case_text.clone());
            *text = with_hash(text, &design.name, &outcome.trace_hash);
        } else {
            complained.push(format!(
                "{}: the trace hash is {}, the case says '{}' (UPDATE_EXPECT=1 writes it)",
                player.place(),
                outcome.trace_hash,
                design.trace_hash
            ));
        }
    }
    for lesson in &lessons {
        if let Some(text) = texts.get(&lesson.slug()) {
            std::fs::write(lesson.folder.join("case.toml"), text).expect("it can be written");
        }
    }
    assert_none(&complained);
}

/// Runs of one design that one processor makes in one go.
struct Batch<'a> {
    player: &'a Player<'a>,
    first: u64,
    shuffled: bool,
}

const BATCH: u64 = 20;

impl Batch<'_> {
    /// The runs that broke something, or never got quiet.
    fn broken(&self) -> Vec<String> {
        let seed = self.player.design.seed;
        let runs = self.first..self.first + BATCH;
        runs.filter_map(|number| {
            let (seed, choices, place) = match self.shuffled {
                true => (
                    seed,
                    Choices::Shuffle(number),
                    format!("--seed {seed} --shuffle {number}"),
                ),
                false => (number, Choices::Canonical, format!("--seed {number}")),
            };
            let outcome = self.player.run(seed, choices);
            let broken = broken(&outcome);
            let wrong = outcome.verdict != "quiet" || !broken.is_empty();
            let (design, verdict) = (self.player.place(), &outcome.verdict);
            wrong.then(|| format!("{design} {place}: {verdict}, breaks {broken:?}"))
        })
        .collect()
    }
}

/// What a cure holds does not hang on lucky seeds, nor on a lucky schedule.
#[test]
fn cures_hold_on_all_seeds_and_choice_logs() {
    let lessons = lessons();
    let players = players(&lessons);
    let cures = players.iter().filter(|player| !player.breaks());
    let batches: Vec<Batch<'_>> = cures
        .flat_map(|player| {
            let firsts = (1..=MANY).step_by(BATCH as usize);
            firsts.flat_map(move |first| {
                [false, true].map(|shuffled| Batch {
                    player,
                    first,
                    shuffled,
                })
            })
        })
        .collect();
    let complaints: Vec<String> = spread(&batches, Batch::broken)
        .into_iter()
        .flatten()
        .collect();
    assert_none(&complaints);
}

/// What a design breaks does not hang on one lucky seed, and what bounds say neither.
#[test]
fn broken_designs_break_on_most_seeds_and_bounds_are_kept() {
    let lessons = lessons();
    let players = players(&lessons);
    let outcomes = spread(&players, |player| {
        let bounds = player.lesson.case.design.iter();
        let bounded = bounds.map(|design| design.bound.len()).sum::<usize>() > 0;
        if !player.breaks() && !bounded {
            return Vec::new();
        }
        let runs = (1..=FEW).map(|seed| player.run(seed, Choices::Canonical));
        runs.collect::<Vec<Outcome>>()
    });
    let mut complaints = Vec::new();
    for (player, outcomes) in players.iter().zip(&outcomes) {
        let restless = outcomes.iter().filter(|outcome| outcome.verdict != "quiet");
        let restless = restless.count();
        if restless > 0 {
            complaints.push(format!(
                "{}: not quiet on {restless} of {FEW}",
                player.place()
            ));
        }
        let broken = outcomes
            .iter()
            .filter(|outcome| !broken(outcome).is_empty());
        let broken = broken.count();
        if player.breaks() && broken < BROKEN_AT_LEAST {
            complaints.push(format!("{}: broken on {broken} of {FEW}", player.place()));
        }
    }
    let runs: BTreeMap<(String, &str), &Vec<Outcome>> = players
        .iter()
        .zip(&outcomes)
        .map(|(player, outcomes)| {
            (
                (player.lesson.slug(), player.design.name.as_str()),
                outcomes,
            )
        })
        .collect();
    for (player, outcomes) in players.iter().zip(&outcomes) {
        for bound in &player.design.bound {
            for (index, own) in outcomes.iter().enumerate() {
                let of_design = |name: &str| {
                    let others = runs.get(&(player.lesson.slug(), name))?;
                    others.get(index)
                };
                let judged = bound.complaint(&Runs {
                    own,
                    of_design: &of_design,
                });
                let seed = index + 1;
                let complaint = judged.unwrap_or_else(Some);
                complaints.extend(
                    complaint.map(|words| format!("{}, seed {seed}: {words}", player.place())),
                );
            }
        }
    }
    assert_none(&complaints);
}
