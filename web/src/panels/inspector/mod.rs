//! What the inspector's tabs hold: the selected node, its tables, all invariants.

mod actions;
mod data;
mod facts;
mod header;
mod invariants;
mod node;
mod table;

pub(crate) use data::{DataPanel, StoreContent};
pub(crate) use invariants::InvariantsPanel;
pub(crate) use node::NodePanel;
