//! From a text and the name of a design to a program: what the command and the worker begin with.

use std::sync::Arc;

use tidewire_scenario::{Program, compile};
use tidewire_syntax::{Diagnostic, Severity};

/// A program, and what is not quite right with its text.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Ready to run.
    pub program: Arc<Program>,
    /// Warnings and notes, of all designs.
    pub findings: Vec<Diagnostic>,
}

/// Reads and compiles a text in a design; the first when none is named. The error is what is wrong, in order of
/// the text; an unknown design is one of the findings.
pub fn load(text: &str, design: Option<&str>) -> Result<Loaded, Vec<Diagnostic>> {
    let compiled = compile(&tidewire_syntax::parse(text), design);
    match compiled.program {
        Some(program) => Ok(Loaded {
            program: Arc::new(program),
            findings: compiled.diagnostics,
        }),
        None => Err(compiled.diagnostics),
    }
}

/// What is wrong with a text in any of its designs, each finding once, in order of its place.
pub fn findings(text: &str) -> Vec<Diagnostic> {
    compile(&tidewire_syntax::parse(text), None).diagnostics
}

/// Whether none of the findings is an error.
pub fn is_fine(findings: &[Diagnostic]) -> bool {
    findings
        .iter()
        .all(|finding| finding.severity != Severity::Error)
}
