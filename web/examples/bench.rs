//! Takes the figures of docs/performance.md in a browser, compiled as the page is. `cargo xtask bench` builds this
//! and `tests/e2e/bench.mjs` runs it; every figure is one line of JSON on the console. It is not part of the page.

use tidewire_bench::{Figure, Meter, all};
use web_sys::console;

fn main() {
    let performance = web_sys::window().and_then(|window| window.performance());
    let Some(performance) = performance else {
        console::error_1(&"there is no clock".into());
        return;
    };
    let clock = || performance.now() / 1000.0;
    let mut report = |figure: Figure| match figure.line() {
        Ok(line) => console::log_1(&line.into()),
        Err(error) => console::error_1(&error.to_string().into()),
    };
    if let Err(failure) = all(&mut Meter::new("wasm", &clock, &mut report)) {
        console::error_1(&failure.to_string().into());
    }
}
