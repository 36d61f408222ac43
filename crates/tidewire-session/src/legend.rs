//! What the numbers in trace records stand for: names of nodes, topics and invariants of one program.
//!
//! It is all that a [`Recording`](crate::recording::Recording) knows of a program.

use std::sync::Arc;

use crate::view::NodeShape;

/// Names by index, as a program has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legend {
    /// In order of the program's nodes.
    pub nodes: Vec<LegendNode>,
    /// In order of the program's topics.
    pub topics: Vec<LegendTopic>,
    /// In order of the program's invariants.
    pub invariants: Vec<LegendInvariant>,
    /// From and to of the canvas's wires, in their order.
    pub wires: Vec<(u32, u32)>,
}

/// A node by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendNode {
    /// Its name.
    pub name: Arc<str>,
    /// How it is drawn.
    pub shape: NodeShape,
    /// The second line when nothing runs.
    pub caption: String,
}

/// A topic by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendTopic {
    /// Its name.
    pub name: Arc<str>,
    /// Node index of its broker.
    pub broker: u32,
    /// How many partitions it has.
    pub partitions: u32,
    /// Names of the consumer groups, in the topic's order, with the node that reads.
    pub groups: Vec<(Arc<str>, u32)>,
}

/// An invariant by its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendInvariant {
    /// The sentence.
    pub sentence: Arc<str>,
    /// `always`, `finally`, `within 2s`
    pub mode: String,
    /// Node indices of the stores that it reads.
    pub stores: Vec<u32>,
}
