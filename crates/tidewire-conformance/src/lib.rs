//! Isolation cases and specifications: readers, players, comparison, printer.
//!
//! [`sessions`] drives SQL text through connections of a store, with time as an argument. On it, [`spec`] plays the specifications of PostgreSQL's isolation tester. [`cases`] reads a file of measured cases,
//! [`mod@run`] plays one step by step under a list of choices, [`mod@explore`] under all of them, [`compare`] says
//! where an outcome differs from what PostgreSQL gave. With the feature `measure`, `measure` asks a private
//! PostgreSQL itself.

pub mod cases;
pub mod cells;
pub mod compare;
pub mod explore;
#[cfg(feature = "measure")]
pub mod measure;
pub mod run;
pub mod sessions;
pub mod spec;

pub use cases::{Case, Level, Outcome, Recorded, Step};
pub use compare::{Difference, Verdict, judge};
pub use explore::explore;
pub use run::{Played, Ran, Refused, record, run};
