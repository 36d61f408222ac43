//! Takes every figure natively and prints one line of JSON for each. `cargo xtask bench` runs it.

use std::process::ExitCode;
use std::time::Instant;

use tidewire_bench::{Figure, Meter, all};

fn main() -> ExitCode {
    let start = Instant::now();
    let clock = || start.elapsed().as_secs_f64();
    let mut report = |figure: Figure| match figure.line() {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("{error}"),
    };
    match all(&mut Meter::new("native", &clock, &mut report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
