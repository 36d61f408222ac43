//! Isolation cases and specifications: readers, players, comparison, printer.
//!
//! [`sessions`] drives SQL text through connections of a store, with time ([`timers`]) as an argument. On it,
//! [`spec`] plays the specifications of PostgreSQL's isolation tester. [`cases`] reads the file of measured cases,
//! [`run`] plays one step by step under a list of choices, [`compare`] says where an outcome differs from what
//! PostgreSQL gave.

pub mod cases;
pub mod compare;
pub mod run;
pub mod session;
pub mod sessions;
pub mod spec;
pub mod split;
pub mod timers;

pub use cases::{Case, CaseFile, Level, Outcome, Recorded, Step};
pub use compare::{Difference, Verdict, judge};
pub use run::{Ran, explore, run};
