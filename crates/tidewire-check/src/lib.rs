//! Models, the replay of a choice log, and anomalies of histories. Generic: nothing here knows of SQL or services.
//!
//! A model is a small trait; a state is a plain value. What explores a model and what simulates it call the
//! same [`Model::next`]. [`anomalies`] names what is wrong with who read and wrote what.

pub mod anomalies;
mod model;
mod replay;

pub use model::{Expectation, Model, Property};
pub use replay::{Replay, Stop, replay};
