//! Any text compiles or says why not; what compiles runs its first steps, twice the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidewire_engine::Choices;
use tidewire_session::simulation::Simulation;
use tidewire_session::source::load;
use tidewire_syntax::from_bytes;

/// Events of a run, so that a scenario costs little.
const EVENTS: u32 = 200;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = from_bytes(bytes) else { return };
    let Ok(loaded) = load(text, None) else { return };
    let run = || {
        let mut simulation = Simulation::new(loaded.program.clone(), 1, Choices::Canonical);
        simulation.advance(EVENTS);
        simulation.outcome().trace_hash
    };
    assert_eq!(run(), run(), "two runs differ");
});
