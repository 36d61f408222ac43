//! Renaming a node everywhere.

use super::mention::mentions_of;
use super::place::{blocks, items, node_name, same, written};
use super::{EditError, Edits};
use crate::{Parse, TextEdit};

/// Gives a node another name: at its blocks in the common part and in all designs, in `owns` and `uses`, in
/// calls, tables (`db.table`), faults and positions.
pub fn rename(parse: &Parse, node: &str, name: &str) -> Edits {
    check_name(parse, Some(node), name)?;
    if !parse.diagnostics().is_empty() {
        return Err(EditError::TextHasErrors);
    }
    if blocks(parse, node).is_empty() {
        return Err(EditError::UnknownNode(node.to_string()));
    }
    let edits = parse
        .file()
        .items
        .iter()
        .flat_map(|item| mentions_of(item, node))
        .map(|span| TextEdit {
            span,
            text: written(name),
        });
    Ok(super::place::tidy(edits.collect()))
}

/// Refuses an empty name, and one that another node has.
pub(super) fn check_name(parse: &Parse, own: Option<&str>, name: &str) -> Result<(), EditError> {
    if name.is_empty() {
        return Err(EditError::EmptyName);
    }
    let free = own.is_some_and(|own| own.eq_ignore_ascii_case(name));
    let taken = items(parse)
        .into_iter()
        .filter_map(|(_, item)| node_name(&item.kind))
        .any(|other| same(other, name));
    match taken && !free {
        true => Err(EditError::NameTaken(name.to_string())),
        false => Ok(()),
    }
}
