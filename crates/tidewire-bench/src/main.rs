//! Takes every figure natively and prints one line of JSON for each. `cargo xtask bench` runs it; by hand, a part can
//! be named, which is what one profiles: `cargo run --release -p tidewire-bench -- store`.

use std::process::ExitCode;
use tidewire_bench::{Figure, Meter, all, part};

fn main() -> ExitCode {
    let mut report = |figure: Figure| match figure.line() {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("{error}"),
    };
    let mut meter = Meter::new("native", &seconds, &mut report);
    let taken = match std::env::args().nth(1) {
        Some(name) => part(&name, &mut meter),
        None => all(&mut meter),
    };
    match taken {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Processor time of this thread: what else the machine does counts little.
#[cfg(target_os = "linux")]
fn seconds() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// Time on the wall, where the processor's time is not at hand.
#[cfg(not(target_os = "linux"))]
fn seconds() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}
