//! The format of PostgreSQL's isolation tester: a specification of sessions and their steps, played in the
//! permutations that it names, or all, and printed as that tool prints.
//!
//! [`model`] is what a text says, [`scan`] and [`parse`] read it, [`link`] checks its names, [`permutations`]
//! makes the ones that are not written, [`play`] and `completion` play them, [`table`] prints rows. Rules and wording follow
//! `src/test/isolation` in PostgreSQL's sources: its README, `specparse.y`, `isolationtester.c`.

mod completion;
mod link;
mod model;
mod parse;
mod permutations;
mod play;
mod scan;
mod table;

pub use link::unused_steps;
pub use model::{Blocker, Permutation, PermutationStep, Session, Specification, Step, StepId};
pub use parse::{SpecificationError, parse};
pub use play::{Stopped, Stream, Transcript, play};
