//! The figures of `docs/performance.md`: what is measured and how often. Whose clock it is comes from outside, so
//! that the native program (`main`) and the page of the browser (`web/examples/bench.rs`) measure the same code.
//!
//! Nothing here is shipped, and no figure decides whether a test passes.

mod figure;
mod interleavings;
mod lessons;
mod meter;
mod sample;
mod session;
mod shop;
mod store;
mod tandem;

pub use figure::{Figure, Goal};
pub use meter::Meter;
pub use sample::Failure;

/// Takes every figure, in the order of `docs/performance.md`.
pub fn all(meter: &mut Meter<'_>) -> Result<(), Failure> {
    PARTS.iter().try_for_each(|(_, measure)| measure(meter))
}

/// Takes the figures of one part: `shop`, `lessons`, `store`, `interleavings`, `tandem`, `session`.
pub fn part(name: &str, meter: &mut Meter<'_>) -> Result<(), Failure> {
    let found = PARTS.iter().find(|(part, _)| *part == name);
    let Some((_, measure)) = found else {
        let names = PARTS.map(|(part, _)| part).join(", ");
        let message = format!("there is no part `{name}`; there are: {names}");
        return Err(Failure::Outcome(message));
    };
    measure(meter)
}

/// Takes the figures of a part.
type Measure = fn(&mut Meter<'_>) -> Result<(), Failure>;

const PARTS: [(&str, Measure); 6] = [
    ("shop", shop::measure),
    ("lessons", lessons::measure),
    ("store", store::measure),
    ("interleavings", interleavings::measure),
    ("tandem", tandem::measure),
    ("session", session::measure),
];
