//! What stands together: a service with its own stores and their relays, or a single node.

use super::Sketch;
use crate::view::NodeShape;

/// Between a service and its stores.
const INNER_GAP: i32 = 40;
/// Between stores, and between a service and its relays, one above the other.
const STACK_GAP: i32 = 24;

/// Nodes that the layout moves as one.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    /// Node, and its place within the cluster.
    pub(super) members: Vec<(usize, i32, i32)>,
    pub(super) width: i32,
    pub(super) height: i32,
    /// Clients stand at the far left.
    pub(super) is_client: bool,
}

/// All clusters in order of their first node, brokers left out.
pub(super) fn clusters(sketch: &Sketch) -> Vec<Cluster> {
    let leaders = leaders(sketch);
    (0..sketch.nodes.len())
        .filter(|index| leaders[*index] == Some(*index))
        .map(|leader| {
            let members = (0..sketch.nodes.len()).filter(|index| leaders[*index] == Some(leader));
            stack(sketch, leader, members.collect())
        })
        .collect()
}

/// For each node the one that leads its cluster; `None` for brokers.
fn leaders(sketch: &Sketch) -> Vec<Option<usize>> {
    let shape = |index: usize| sketch.nodes[index].shape;
    let mut leaders: Vec<Option<usize>> = (0..sketch.nodes.len())
        .map(|index| match shape(index) {
            NodeShape::Broker => None,
            NodeShape::Store => Some(sketch.only_owner(index).unwrap_or(index)),
            _ => Some(index),
        })
        .collect();
    for relay in (0..sketch.nodes.len()).filter(|index| shape(*index) == NodeShape::Relay) {
        let store = sketch
            .wires
            .iter()
            .filter(|wire| wire.from == relay || wire.to == relay)
            .map(|wire| {
                if wire.from == relay {
                    wire.to
                } else {
                    wire.from
                }
            })
            .find(|other| shape(*other) == NodeShape::Store);
        if let Some(store) = store {
            leaders[relay] = leaders[store];
        }
    }
    leaders
}

/// The leader at the left with its relays underneath, its stores in a column at the right.
fn stack(sketch: &Sketch, leader: usize, members: Vec<usize>) -> Cluster {
    let is_store = |index: &usize| sketch.nodes[*index].shape == NodeShape::Store;
    let leader_is_store = is_store(&leader);
    let (right, left): (Vec<usize>, Vec<usize>) = if leader_is_store {
        // A store that nobody owns alone: its relays stand at its right.
        members.into_iter().partition(|index| *index != leader)
    } else {
        members.into_iter().partition(is_store)
    };
    let (left_places, left_width, left_height) = column(sketch, &left, 0);
    let offset = if right.is_empty() {
        0
    } else {
        left_width + INNER_GAP
    };
    let (right_places, right_width, right_height) = column(sketch, &right, offset);
    let height = left_height.max(right_height);
    let mut places = Vec::new();
    for (column, column_height) in [(left_places, left_height), (right_places, right_height)] {
        let down = (height - column_height) / 2;
        places.extend(column.into_iter().map(|(node, x, y)| (node, x, y + down)));
    }
    Cluster {
        members: places,
        width: if right.is_empty() {
            left_width
        } else {
            offset + right_width
        },
        height,
        is_client: sketch.nodes[leader].shape == NodeShape::Client,
    }
}

type Column = (Vec<(usize, i32, i32)>, i32, i32);

/// Nodes one above the other: places, width, height.
fn column(sketch: &Sketch, nodes: &[usize], x: i32) -> Column {
    let width = nodes
        .iter()
        .map(|node| sketch.size(*node).0)
        .max()
        .unwrap_or(0);
    let mut places = Vec::new();
    let mut y = 0;
    for node in nodes {
        let (own_width, own_height) = sketch.size(*node);
        places.push((*node, x + (width - own_width) / 2, y));
        y += own_height + STACK_GAP;
    }
    (places, width, (y - STACK_GAP).max(0))
}
