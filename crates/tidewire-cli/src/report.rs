//! The outcome of a run in words.

use std::io::Write;

use tidewire_scenario::Program;
use tidewire_session::protocol::{InvariantOutcome, Metrics, Outcome};

/// Rows of evidence that are shown of each invariant.
const EVIDENCE_ROWS: usize = 5;

pub(crate) fn write(
    out: &mut impl Write,
    program: &Program,
    seed: u64,
    outcome: &Outcome,
) -> std::io::Result<()> {
    let design = program.design.and_then(|index| program.designs.get(index));
    match design {
        Some(design) => writeln!(out, "{}: {design}, seed {seed}", program.title)?,
        None => writeln!(out, "{}, seed {seed}", program.title)?,
    }
    let time = milliseconds(outcome.virtual_time_us);
    writeln!(
        out,
        "{} events in {time} of virtual time; {}",
        outcome.events, outcome.verdict
    )?;
    metrics(out, &outcome.metrics)?;
    for invariant in &outcome.invariants {
        write_invariant(out, invariant)?;
    }
    if let Some(choices) = &outcome.choices {
        writeln!(out, "choices {choices}")?;
    }
    writeln!(out, "trace hash {}", outcome.trace_hash)
}

fn metrics(out: &mut impl Write, metrics: &Metrics) -> std::io::Result<()> {
    let requests = metrics.requests;
    writeln!(
        out,
        "{} requests: {} succeeded, {} failed{}",
        requests.started,
        requests.succeeded,
        requests.failed,
        reasons(&metrics.failures)
    )?;
    if let (Some(median), Some(late)) = (metrics.latency_p50_us, metrics.latency_p99_us) {
        let (median, late) = (milliseconds(median), milliseconds(late));
        writeln!(out, "latency: median {median}, 99th percentile {late}")?;
    }
    writeln!(
        out,
        "{} messages, {} commits, {} rollbacks, {} waiting for locks",
        metrics.messages,
        metrics.commits,
        metrics.rollbacks,
        milliseconds(metrics.lock_wait_us)
    )?;
    writeln!(
        out,
        "{} round trips, {} of the median request, {} at most",
        metrics.round_trips,
        metrics.round_trips_p50.unwrap_or_default(),
        metrics.round_trips_max.unwrap_or_default()
    )?;
    availability(out, metrics)?;
    for command in &metrics.commands {
        let (median, late) = (command.latency_p50_us, command.latency_p99_us);
        writeln!(
            out,
            "  {}: {} answers, {} failures; median {}, 99th percentile {}, longest {}",
            command.name,
            command.succeeded,
            command.failed,
            milliseconds(median),
            milliseconds(late),
            milliseconds(command.latency_max_us)
        )?;
    }
    for queue in &metrics.queues {
        writeln!(out, "  {}: {} waited at most", queue.name, queue.depth_max)?;
    }
    copies(out, metrics)
}

fn availability(out: &mut impl Write, metrics: &Metrics) -> std::io::Result<()> {
    let (during, otherwise) = (metrics.during_faults, metrics.otherwise);
    if during.ended == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "answered: {} of {} requests during faults, {} of {} otherwise",
        during.answered, during.ended, otherwise.answered, otherwise.ended
    )
}

fn copies(out: &mut impl Write, metrics: &Metrics) -> std::io::Result<()> {
    for copy in &metrics.copies {
        writeln!(
            out,
            "  {}: {} copies, stale for {} in the median, {} at most",
            copy.name,
            copy.count,
            milliseconds(copy.staleness_p50_us),
            milliseconds(copy.staleness_max_us)
        )?;
    }
    match metrics.staleness_max_us {
        Some(staleness) => writeln!(
            out,
            "copies were stale for at most {}; {} bytes are stored twice",
            milliseconds(staleness),
            metrics.copied_bytes
        ),
        None => Ok(()),
    }
}

fn reasons(failures: &[(String, u32)]) -> String {
    if failures.is_empty() {
        return String::new();
    }
    let reasons: Vec<String> = failures
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    format!(" ({})", reasons.join(", "))
}

fn write_invariant(out: &mut impl Write, invariant: &InvariantOutcome) -> std::io::Result<()> {
    let word = match invariant.held {
        Some(true) => "holds ",
        Some(false) => "BROKEN",
        None => "unjudged",
    };
    write!(out, "{word}  {} ({})", invariant.name, invariant.mode)?;
    match invariant.violated_at_us {
        Some(at) => writeln!(out, ", first at {}", milliseconds(at))?,
        None => writeln!(out)?,
    }
    for row in invariant.rows.iter().take(EVIDENCE_ROWS) {
        let cells: Vec<String> = row
            .iter()
            .map(|(column, value)| format!("{column} {value}"))
            .collect();
        writeln!(out, "          {}", cells.join(", "))?;
    }
    if invariant.rows.len() > EVIDENCE_ROWS {
        writeln!(
            out,
            "          and {} rows more",
            invariant.rows.len() - EVIDENCE_ROWS
        )?;
    }
    Ok(())
}

/// `1284.031 ms`
fn milliseconds(us: u64) -> String {
    format!("{}.{:03} ms", us / 1_000, us % 1_000)
}
