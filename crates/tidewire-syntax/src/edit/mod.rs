//! Edits of the canvas as edits of the text: each function reads a [`Parse`] and gives the [`TextEdit`]s that
//! make the change, touching only the lines that they must. Comments and everything else stay byte for byte.
//!
//! An edit goes where the node was written. Where a function takes a `design` (an index among the designs of
//! the text), a block of that design is found before one of the common part. What a name means, and whether a
//! wire makes sense, is decided by the caller.
//!
//! [`TextEdit`]: crate::TextEdit

mod block;
mod connect;
mod layout;
mod mention;
mod place;
mod rename;
mod split;
mod tables;

pub use block::{Part, add_block, add_topic, delete, duplicate, free_name};
pub use connect::{
    Access, Handler, add_call, add_publish, add_store, add_subscription, remove_store,
};
pub use layout::set_positions;
pub use rename::rename;
pub use split::{Split, split_database};

use crate::TextEdit;

/// Why an edit cannot be made. The text stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The edit must see the whole text, and part of it did not parse.
    #[error("the text has errors: mend them first")]
    TextHasErrors,
    /// No such block.
    #[error("there is no `{0}` in the text")]
    UnknownNode(String),
    /// The block has no such command, handler or topic.
    #[error("`{0}` has no `{1}`")]
    UnknownMember(String, String),
    /// Another node goes by that name.
    #[error("the name `{0}` is taken")]
    NameTaken(String),
    /// A name must not be empty.
    #[error("a name needs at least one character")]
    EmptyName,
    /// There is no such design.
    #[error("there is no such design")]
    UnknownDesign,
}

/// What an edit gives.
pub type Edits = Result<Vec<TextEdit>, EditError>;
