//! State, Action and one transition function; services, brokers, network, faults; the trace of a run.
//!
//! A [`State`] is a plain value that forks cheaply. [`State::next`] applies one accepted [`Action`] and tells
//! a [`Sink`] what happened, as [`Observation`]s. Which action goes next, who of several waiters wins, whom
//! a deadlock costs its transaction are numbered choices, answered by a [`Chooser`]; 0 is canonical. Draws
//! are pure functions of seed, name and request. So the same program, seed and choices give the same trace,
//! on every machine: nothing here reads a clock, iterates over a hash map or decides by a float.

mod action;
mod branch;
mod broker;
mod cache;
mod call;
mod catch;
mod choice;
mod client;
mod commit;
mod connection;
mod consumer;
mod crash;
mod database;
mod disk;
mod draw;
mod encode;
mod ending;
mod fault;
mod fingerprint;
mod flight;
mod interpret;
mod invariant;
mod limits;
mod lock;
mod message;
mod network;
mod observation;
mod outbox;
mod parts;
mod pause;
mod payload;
mod periodic;
mod pool;
mod pubsub;
mod queue;
mod rewind;
mod run;
mod schedule;
mod service;
mod setup;
mod slab;
mod state;
mod step;
mod strike;
mod trace;
mod work;

pub use action::{Action, Due};
pub use choice::{ChoiceKind, ChoiceLog, ChoiceLogError, Choices, Chooser, MAX_CHOICES};
pub use limits::{Limits, explain};
pub use message::Record;
pub use observation::*;
pub use run::{InvariantOutcome, Outcome, Run, run};
pub use setup::Setup;
pub use state::{OpenTransaction, State};
pub use trace::{NoTrace, Sink, Trace, TraceHash};
