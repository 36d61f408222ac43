//! What the inspector's tabs hold: the selected node, its tables, all invariants.

mod actions;
mod anomalies;
mod data;
mod facts;
mod header;
mod invariants;
mod locks;
mod node;
mod statement;
mod streams;
mod table;
mod versions;

pub(crate) use data::{DataPanel, StoreContent};
pub(crate) use invariants::InvariantsPanel;
pub(crate) use node::NodePanel;
