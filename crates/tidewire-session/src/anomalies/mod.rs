//! Anomalies of a run: what no serial execution of its transactions could have given, by the names of the field.
//!
//! [`history`] fills a history from what a store recorded, `tidewire_check::anomalies` judges it, [`report`] puts
//! it into words and [`text`] into lines. An anomaly explains; only invariants judge a design.

pub mod history;
pub mod report;
pub mod text;
mod watch;

pub use history::{Filled, HistoryBuilder, level_of};
pub use report::{AnomalyReport, Names, StatementName};
pub use watch::Watch;
