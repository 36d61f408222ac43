//! Dashed regions: a service with what it owns, and stores that several services share.

use super::Sketch;
use super::obstacles::Box2;
use crate::view::{CanvasRegion, CanvasWire, NodeShape};
use tidewire_syntax::sort;

/// A region hugs its nodes at this distance.
const MARGIN: i32 = 14;
/// Width of a character of the label, with room to spare, and of its padding.
const LABEL_CHARACTER: f32 = 6.6;
const LABEL_PADDING: f32 = 12.0;
/// Steps in which a place for the label is looked for, and where the first is tried.
const LABEL_STEP: f32 = 8.0;
const LABEL_FIRST: f32 = 16.0;

/// All regions, in order of the nodes that they are about.
pub(super) fn regions(sketch: &Sketch, boxes: &[Box2], wires: &[CanvasWire]) -> Vec<CanvasRegion> {
    let mut regions = Vec::new();
    for (index, node) in sketch.nodes.iter().enumerate() {
        let found = match node.shape {
            NodeShape::Service => owned(sketch, boxes, index),
            NodeShape::Store => shared(sketch, boxes, index),
            _ => None,
        };
        if let Some((label, frame)) = found {
            regions.push(CanvasRegion {
                label_x: label_place(&label, frame, wires),
                label,
                frame: frame.rectangle(),
            });
        }
    }
    regions
}

fn owned(sketch: &Sketch, boxes: &[Box2], service: usize) -> Option<(String, Box2)> {
    let stores = sketch
        .ownership
        .iter()
        .filter(|(owner, store)| *owner == service && sketch.only_owner(*store) == Some(service));
    let hull = stores
        .map(|(_, store)| boxes[*store])
        .reduce(Box2::join)?
        .join(boxes[service]);
    Some((
        format!("owned by {}", sketch.nodes[service].name),
        hull.grown(MARGIN),
    ))
}

fn shared(sketch: &Sketch, boxes: &[Box2], store: usize) -> Option<(String, Box2)> {
    let mut users: Vec<usize> = sketch
        .wires
        .iter()
        .filter(|wire| wire.to == store && sketch.nodes[wire.from].shape == NodeShape::Service)
        .map(|wire| wire.from)
        .collect();
    sort::sort(&mut users);
    users.dedup();
    let is_shared = users.len() > 1 && sketch.only_owner(store).is_none();
    is_shared.then(|| {
        let label = format!("shared by {} services", users.len());
        (label, boxes[store].grown(MARGIN))
    })
}

/// The first place on the upper edge that no wire crosses; the left end when there is none.
fn label_place(label: &str, frame: Box2, wires: &[CanvasWire]) -> f32 {
    let frame = frame.rectangle();
    let width = label.chars().count() as f32 * LABEL_CHARACTER + LABEL_PADDING;
    let crossings: Vec<f32> = wires
        .iter()
        .flat_map(|wire| wire.points.windows(2))
        .filter(|pair| pair[0].0 == pair[1].0)
        .filter(|pair| pair[0].1.min(pair[1].1) <= frame.y && pair[0].1.max(pair[1].1) >= frame.y)
        .map(|pair| pair[0].0)
        .collect();
    let mut x = frame.x + LABEL_FIRST;
    while x + width <= frame.x + frame.width {
        if crossings
            .iter()
            .all(|at| *at < x - 4.0 || *at > x + width + 4.0)
        {
            return x;
        }
        x += LABEL_STEP;
    }
    frame.x + LABEL_FIRST
}
