//! A private PostgreSQL, and interleavings drawn at random that are played there and here.
//!
//! [`server`] starts and removes the server, [`client`] speaks with it, [`play`] plays a case there as
//! [`mod@crate::run`] does here, [`grammar`] draws cases, [`differential`] compares the two sides and makes a
//! difference small.

pub mod client;
pub mod differential;
pub mod grammar;
pub mod play;
pub mod server;
mod worlds;

pub use client::{Client, Response};
pub use differential::{Compared, Examiner, Finding};
pub use grammar::{draw, worlds};
pub use play::{Measurer, measure};
pub use server::{PrivateServer, ServerError};
