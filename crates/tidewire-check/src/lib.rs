//! Models, and the replay of a choice log. Generic: nothing here knows of SQL or services.
//!
//! A model is a small trait; a state is a plain value. What explores a model and what simulates it call the
//! same [`Model::next`].

mod model;
mod replay;

pub use model::{Expectation, Model, Property};
pub use replay::{Replay, Stop, replay};
