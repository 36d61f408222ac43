//! Where things stand: from a [`Sketch`] (what there is) to a [`Canvas`] (with places and routed wires).
//!
//! Nodes with a position in the text keep it. The others are laid out in layers from left to right: clients,
//! then services by depth of calls, each with its stores at its right, and brokers as wide pipes underneath.
//! All lengths are whole pixels while computing, and multiples of [`GRID`] in the result.

mod cluster;
mod layers;
mod obstacles;
mod ports;
mod regions;
mod route;

use std::sync::Arc;

use obstacles::Box2;

use crate::view::{
    Canvas, CanvasNode, CanvasTopic, CanvasWire, Glyph, NodeShape, Rectangle, WireStyle,
};

/// Places are multiples of this.
pub const GRID: i32 = 4;

/// Height of one partition's lane in a broker.
const LANE_HEIGHT: i32 = 22;
/// A broker is at least this wide.
const BROKER_WIDTH: i32 = 420;

/// What stands on a canvas, before it has places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Nodes in order of the text.
    pub nodes: Vec<SketchNode>,
    /// Wires in the order in which they are drawn.
    pub wires: Vec<SketchWire>,
    /// For each service, the stores that it owns: node indices.
    pub ownership: Vec<(usize, usize)>,
}

/// A node without a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchNode {
    /// Its name.
    pub name: Arc<str>,
    /// How it is drawn.
    pub shape: NodeShape,
    /// Of a store or a broker: its kind.
    pub glyph: Glyph,
    /// Second line when nothing runs.
    pub caption: String,
    /// Left and top edge, if the text says so.
    pub position: Option<(i32, i32)>,
    /// Topics of a broker.
    pub topics: Vec<CanvasTopic>,
    /// Tables of a store, commands of a service.
    pub contents: Vec<String>,
    /// Errors in its block.
    pub problems: u32,
}

/// A wire without corners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SketchWire {
    /// Node index of the sender.
    pub from: usize,
    /// Node index of the receiver.
    pub to: usize,
    /// How it is drawn.
    pub style: WireStyle,
}

impl Sketch {
    /// The only owner of a store, if there is exactly one.
    fn only_owner(&self, store: usize) -> Option<usize> {
        let mut owners = self.ownership.iter().filter(|(_, owned)| *owned == store);
        match (owners.next(), owners.next()) {
            (Some((owner, _)), None) => Some(*owner),
            _ => None,
        }
    }

    /// Whether both hold the same nodes and wires, wherever they stand.
    pub fn has_same_parts(&self, other: &Self) -> bool {
        let nodes = self.nodes.iter().map(|node| (&node.name, node.shape));
        nodes.eq(other.nodes.iter().map(|node| (&node.name, node.shape)))
            && self.wires == other.wires
    }

    /// Width and height of a node. A broker's width is a minimum.
    fn size(&self, node: usize) -> (i32, i32) {
        let node = &self.nodes[node];
        match node.shape {
            NodeShape::Client => (hug(&node.name, 80, 24), 48),
            NodeShape::Service | NodeShape::Relay => (hug(&node.name, 108, 28), 54),
            NodeShape::Store => store_size(&node.name),
            NodeShape::Broker => {
                let lanes: i32 = node
                    .topics
                    .iter()
                    .map(|topic| topic.partitions as i32)
                    .sum();
                // Beyond 12 lanes the pipe shows the first ones only.
                (
                    BROKER_WIDTH,
                    (lanes.clamp(1, 12) * LANE_HEIGHT + LANE_HEIGHT).max(88),
                )
            }
        }
    }
}

/// Width and height of a store of this name.
pub fn store_size(name: &str) -> (i32, i32) {
    (hug(name, 72, 12), 76)
}

/// The width in which a name fits: at least `least`, with so much padding, on twice the grid so that middles stay on it.
fn hug(name: &str, least: i32, padding: i32) -> i32 {
    const CHARACTER: i32 = 7;
    const MOST: i32 = 176;
    let wanted = (name.chars().count() as i32).min(MOST) * CHARACTER + padding;
    let on_grid = (wanted + 2 * GRID - 1) / (2 * GRID) * 2 * GRID;
    on_grid.clamp(least, MOST)
}

/// The nearest multiple of [`GRID`].
pub fn snap(length: i32) -> i32 {
    length
        .saturating_add(GRID / 2)
        .div_euclid(GRID)
        .saturating_mul(GRID)
}

/// Gives everything its place.
pub fn arrange(sketch: &Sketch) -> Canvas {
    let boxes = place(sketch);
    let wires = route::route(sketch, &boxes);
    let regions = regions::regions(sketch, &boxes, &wires);
    let nodes: Vec<CanvasNode> = sketch
        .nodes
        .iter()
        .zip(&boxes)
        .enumerate()
        .map(|(index, (node, place))| canvas_node(sketch, index, node, *place))
        .collect();
    let bounds = bounds(&boxes, &wires, &regions);
    Canvas {
        nodes,
        wires,
        regions,
        bounds,
    }
}

/// The free place nearest to the wanted one, for a node of that size: left and top edge.
pub fn free_place(canvas: &Canvas, wanted: Rectangle) -> (i32, i32) {
    let whole = |frame: Rectangle| {
        Box2::new(
            frame.x as i32,
            frame.y as i32,
            frame.width as i32,
            frame.height as i32,
        )
    };
    let taken = canvas.nodes.iter().map(|node| whole(node.frame));
    let place = obstacles::nearest_free(whole(wanted), taken);
    (snap(place.x), snap(place.y))
}

fn canvas_node(sketch: &Sketch, index: usize, node: &SketchNode, place: Box2) -> CanvasNode {
    CanvasNode {
        name: node.name.clone(),
        shape: node.shape,
        glyph: node.glyph,
        caption: node.caption.clone(),
        frame: place.rectangle(),
        topics: node.topics.clone(),
        contents: node.contents.clone(),
        owner: (node.shape == NodeShape::Store)
            .then(|| sketch.only_owner(index))
            .flatten()
            .map(|owner| owner as u32),
        problems: node.problems,
    }
}

/// A box for every node: written places first, then computed ones where nothing stands in the way.
fn place(sketch: &Sketch) -> Vec<Box2> {
    let computed = layers::layout(sketch);
    let mut boxes: Vec<Option<Box2>> = vec![None; sketch.nodes.len()];
    for (index, node) in sketch.nodes.iter().enumerate() {
        if let Some((x, y)) = node.position {
            let (width, height) = sketch.size(index);
            boxes[index] = Some(Box2::new(snap(x), snap(y), width, height));
        }
    }
    let nothing_written = boxes.iter().all(Option::is_none);
    for index in 0..sketch.nodes.len() {
        if boxes[index].is_none() {
            let wanted = computed[index];
            let place = if nothing_written {
                wanted
            } else {
                obstacles::nearest_free(wanted, boxes.iter().flatten().copied())
            };
            boxes[index] = Some(place);
        }
    }
    let mut boxes: Vec<Box2> = boxes.into_iter().flatten().collect();
    widen_brokers(sketch, &mut boxes);
    boxes
}

/// A pipe reaches as far right as anything else does, but not across something that stands beside it.
fn widen_brokers(sketch: &Sketch, boxes: &mut [Box2]) {
    let is_broker = |index: usize| sketch.nodes[index].shape == NodeShape::Broker;
    let right = (0..boxes.len())
        .filter(|index| !is_broker(*index))
        .map(|index| boxes[index].right())
        .max();
    for index in (0..boxes.len()).filter(|index| is_broker(*index)) {
        let own = boxes[index];
        let beside = (0..boxes.len())
            .filter(|other| *other != index)
            .map(|other| boxes[other])
            .filter(|other| other.top() < own.bottom() && other.bottom() > own.top())
            .filter(|other| other.left() >= own.right())
            .map(|other| other.left() - 48)
            .min();
        let wanted = right.unwrap_or(0).min(beside.unwrap_or(i32::MAX));
        boxes[index].width = (wanted - own.x).max(own.width);
    }
}

fn bounds(
    boxes: &[Box2],
    wires: &[CanvasWire],
    regions: &[crate::view::CanvasRegion],
) -> Rectangle {
    let corners = boxes
        .iter()
        .map(|place| place.rectangle())
        .chain(regions.iter().map(|region| region.frame))
        .flat_map(|frame| {
            [
                (frame.x, frame.y),
                (frame.x + frame.width, frame.y + frame.height),
            ]
        })
        .chain(wires.iter().flat_map(|wire| wire.points.iter().copied()));
    let mut extent: Option<(f32, f32, f32, f32)> = None;
    for (x, y) in corners {
        let (left, top, right, bottom) = extent.unwrap_or((x, y, x, y));
        extent = Some((left.min(x), top.min(y), right.max(x), bottom.max(y)));
    }
    extent.map_or_else(Rectangle::default, |(left, top, right, bottom)| Rectangle {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    })
}

#[cfg(test)]
mod tests;
