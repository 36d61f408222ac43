//! `tidewire run`: one run to its end, judged.

use std::io::Write as _;
use std::str::FromStr as _;
use std::sync::Arc;

use tidewire_engine::{ChoiceLog, Choices};
use tidewire_session::anomalies;
use tidewire_session::anomalies::report::OutcomeWithAnomalies;
use tidewire_session::legend::Legend;
use tidewire_session::outcome::{Judgement, advice};
use tidewire_session::recording::Recording;
use tidewire_session::simulation::Simulation;
use tidewire_session::source;
use tidewire_syntax::Severity;

use crate::arguments::RunArguments;
use crate::{BAD_INPUT, BROKEN, HOLDS, diagnostics, report};

pub(crate) fn run(arguments: &RunArguments) -> anyhow::Result<u8> {
    let Some(text) = crate::source::read(&arguments.file)? else {
        return Ok(BAD_INPUT);
    };
    let loaded = match source::load(&text, arguments.design.as_deref()) {
        Ok(loaded) => loaded,
        Err(findings) => {
            diagnostics::print(&arguments.file, &text, &findings)?;
            return Ok(BAD_INPUT);
        }
    };
    // Notes are for `check`; what is printed here should be worth the interruption.
    let mut warnings = loaded.findings;
    warnings.retain(|finding| finding.severity != Severity::Note);
    diagnostics::print(&arguments.file, &text, &warnings)?;
    let choices = choices(arguments)?;
    let program = Arc::clone(&loaded.program);
    let build = if arguments.trace {
        Simulation::recorded
    } else {
        Simulation::new
    };
    let mut simulation = build(program, arguments.seed, choices);
    if arguments.anomalies {
        simulation.watch();
    }
    if arguments.trace {
        trace(&mut simulation)?;
    }
    while simulation.advance(u32::MAX) {}
    let outcome = simulation.outcome();
    let found = simulation.anomalies();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let printed = OutcomeWithAnomalies {
            outcome: &outcome,
            anomalies: found.as_ref(),
        };
        serde_json::to_writer(&mut out, &printed)?;
        writeln!(out)?;
    } else {
        report::write(&mut out, &loaded.program, arguments.seed, &outcome)?;
        if let Some(found) = &found {
            write!(out, "\n{}", anomalies::text::text(found))?;
        }
    }
    if let Some(advice) = advice(&outcome) {
        eprintln!("error: {advice}");
    }
    Ok(match Judgement::of(&outcome) {
        Judgement::Holds => HOLDS,
        Judgement::Broken => BROKEN,
        Judgement::Unjudged => BAD_INPUT,
    })
}

fn choices(arguments: &RunArguments) -> anyhow::Result<Choices> {
    Ok(match (&arguments.choices, arguments.shuffle) {
        (Some(log), _) => Choices::Replay(ChoiceLog::from_str(log)?),
        (None, Some(stream)) => Choices::Shuffle(stream),
        (None, None) => Choices::Canonical,
    })
}

/// Runs to the end and prints what happens as it does, in the words of the page's log.
fn trace(simulation: &mut Simulation) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stderr().lock());
    let mut recording = Recording::new(Arc::new(Legend::of(simulation.program())));
    loop {
        let goes_on = simulation.advance(1_000);
        let shown = recording.len() as u32;
        let chunk = simulation.take_chunk();
        recording.push(chunk.strings, &chunk.bytes, chunk.reached_us)?;
        for line in recording.log_lines(shown..u32::MAX) {
            writeln!(
                out,
                "{:>12} µs  #{:<6} {}",
                line.at_us, line.event, line.sentence
            )?;
        }
        if !goes_on {
            break;
        }
    }
    out.flush()?;
    Ok(())
}
