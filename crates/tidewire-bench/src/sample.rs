//! What is measured on: the lesson with five services, and programs made from a text.

use std::sync::Arc;

use tidewire_scenario::{Program, compile};
use tidewire_store::{PlanError, SqlError};

/// The five-service shop, in both of its designs.
pub(crate) const SHOP: &str = include_str!("../../../gallery/shared-database/scenario.tide");

/// The designs of [`SHOP`].
pub(crate) const DESIGNS: [&str; 2] = ["Shared database", "Database per service"];

/// What is measured does not work at all.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A text is not a program; what is wrong with it.
    #[error("the text is not a program:\n{0}")]
    Text(String),
    /// A statement that cannot be planned.
    #[error("`{0}` cannot be planned: {1:?}")]
    Plan(&'static str, PlanError),
    /// A statement that fails.
    #[error("`{0}` failed: {1:?}")]
    Statement(&'static str, SqlError),
    /// Something that should have come out did not.
    #[error("{0}")]
    Outcome(String),
}

/// A text's program in a design; the first when none is named.
pub(crate) fn program(text: &str, design: Option<&str>) -> Result<Program, Failure> {
    let compiled = compile(&tidewire_syntax::parse(text), design);
    compiled.program.ok_or_else(|| {
        let messages = compiled.diagnostics.iter();
        let messages: Vec<&str> = messages.map(|one| one.message.as_str()).collect();
        Failure::Text(messages.join("\n"))
    })
}

/// The same, to run.
pub(crate) fn shared_program(text: &str, design: Option<&str>) -> Result<Arc<Program>, Failure> {
    program(text, design).map(Arc::new)
}
