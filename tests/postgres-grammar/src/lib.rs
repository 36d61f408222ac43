//! What our parser accepts as SQL, PostgreSQL's own parser accepts: the statements to ask about, and how to ask.
//!
//! [`harvest`] finds every statement that is written anywhere in the repository, [`rewrite`] turns ours into
//! PostgreSQL's, [`edits`] makes others from them. The tests hold them all against libpg_query.

pub mod edits;
pub mod harvest;
pub mod rewrite;

/// Whether our parser takes a text as one statement without a word of complaint.
pub fn is_accepted(text: &str) -> bool {
    let (statement, diagnostics) = tidewire_syntax::parse_statement(text);
    statement.is_some() && diagnostics.is_empty()
}
