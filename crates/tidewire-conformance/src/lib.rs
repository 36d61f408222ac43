//! Isolation cases: reader, permutation runner, comparison.
//!
//! [`cases`] reads the file, [`session`] drives SQL text through connections of a store, [`run`] plays a case
//! step by step under a list of choices, [`compare`] says where an outcome differs from what PostgreSQL gave.

pub mod cases;
pub mod compare;
pub mod run;
pub mod session;

pub use cases::{Case, CaseFile, Level, Outcome, Recorded, Step};
pub use compare::{Difference, Verdict, judge};
pub use run::{Ran, explore, run};
