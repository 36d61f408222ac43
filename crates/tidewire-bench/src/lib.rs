//! The figures of `docs/performance.md`: what is measured and how often. Whose clock it is comes from outside, so
//! that the native program (`main`) and the page of the browser (`web/examples/bench.rs`) measure the same code.
//!
//! Nothing here is shipped, and no figure decides whether a test passes.

mod figure;
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
    shop::measure(meter)?;
    store::measure(meter)?;
    tandem::measure(meter)?;
    session::measure(meter)
}
