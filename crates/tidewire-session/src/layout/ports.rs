//! Where wires leave and enter nodes: a side by relative position, then places spread along the side so that
//! wires of one side do not cross.

use super::obstacles::Box2;
use super::{Sketch, SketchWire};
use crate::view::NodeShape;
use tidewire_syntax::sort;

/// Between two ports of one side.
const PORT_STEP: i32 = 20;
/// A jog up to this size is straightened by moving a port.
const LARGEST_JOG: i32 = 16;
/// From a corner to the first port.
const CORNER: i32 = 14;

/// A side of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Left,
    Right,
    Top,
    Bottom,
}

impl Side {
    /// One pixel outwards.
    pub(super) fn outwards(self) -> (i32, i32) {
        match self {
            Side::Left => (-1, 0),
            Side::Right => (1, 0),
            Side::Top => (0, -1),
            Side::Bottom => (0, 1),
        }
    }

    fn is_vertical(self) -> bool {
        matches!(self, Side::Top | Side::Bottom)
    }
}

/// An end of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) at: (i32, i32),
    pub(super) side: Side,
}

/// Both ports of each wire.
pub(super) fn ports(sketch: &Sketch, boxes: &[Box2]) -> Vec<(Port, Port)> {
    let sides: Vec<(Side, Side)> = sketch
        .wires
        .iter()
        .map(|wire| sides(sketch, boxes, wire))
        .collect();
    let mut places: Vec<[(i32, i32); 2]> = vec![[(0, 0); 2]; sketch.wires.len()];
    for node in 0..sketch.nodes.len() {
        for side in [Side::Left, Side::Right, Side::Top, Side::Bottom] {
            spread(sketch, boxes, &sides, node, side, &mut places);
        }
    }
    for wire in 0..sketch.wires.len() {
        align(sketch, boxes, &sides, wire, &mut places);
    }
    let ports = sides.iter().zip(&places);
    ports
        .map(|((from, to), [at_from, at_to])| {
            let port = |at: &(i32, i32), side: &Side| Port {
                at: *at,
                side: *side,
            };
            (port(at_from, from), port(at_to, to))
        })
        .collect()
}

/// The sides that face each other. Pipes are entered from above and below.
fn sides(sketch: &Sketch, boxes: &[Box2], wire: &SketchWire) -> (Side, Side) {
    let (from, to) = (boxes[wire.from], boxes[wire.to]);
    let is_broker = |index: usize| sketch.nodes[index].shape == NodeShape::Broker;
    let (across, down) = (
        gap(from.left(), from.right(), to.left(), to.right()),
        gap(from.top(), from.bottom(), to.top(), to.bottom()),
    );
    let vertical = if is_broker(wire.from) || is_broker(wire.to) {
        down != 0
    } else {
        across.abs() < down.abs()
    };
    if vertical {
        if down >= 0 {
            (Side::Bottom, Side::Top)
        } else {
            (Side::Top, Side::Bottom)
        }
    } else if across >= 0 {
        (Side::Right, Side::Left)
    } else {
        (Side::Left, Side::Right)
    }
}

/// Signed distance from the first range to the second; 0 when they overlap.
fn gap(first_low: i32, first_high: i32, second_low: i32, second_high: i32) -> i32 {
    if second_low >= first_high {
        second_low - first_high
    } else if second_high <= first_low {
        second_high - first_low
    } else {
        0
    }
}

/// Places all ports of one side, in order of where their wires go.
fn spread(
    sketch: &Sketch,
    boxes: &[Box2],
    sides: &[(Side, Side)],
    node: usize,
    side: Side,
    places: &mut [[(i32, i32); 2]],
) {
    let mut ends: Vec<(i32, usize, usize)> = Vec::new();
    for (index, wire) in sketch.wires.iter().enumerate() {
        for (end, own, own_side, other) in [
            (0, wire.from, sides[index].0, wire.to),
            (1, wire.to, sides[index].1, wire.from),
        ] {
            if own == node && own_side == side {
                let centre = boxes[other].center();
                ends.push((
                    if side.is_vertical() {
                        centre.0
                    } else {
                        centre.1
                    },
                    index,
                    end,
                ));
            }
        }
    }
    sort::sort(&mut ends);
    let place = boxes[node];
    if sketch.nodes[node].shape == NodeShape::Broker && side.is_vertical() {
        return along_pipe(place, side, &ends, places);
    }
    let length = if side.is_vertical() {
        place.width
    } else {
        place.height
    };
    let room = (length - 2 * CORNER).max(0);
    let count = ends.len() as i32;
    let step = if count > 1 {
        PORT_STEP.min(room / (count - 1))
    } else {
        0
    };
    for (order, (_, wire, end)) in ends.iter().enumerate() {
        let offset = length / 2 + (2 * order as i32 - (count - 1)) * step / 2;
        places[*wire][*end] = on_side(place, side, offset);
    }
}

/// Straightens a wire whose ends face each other almost: a jog of a few pixels looks like a mistake.
fn align(
    sketch: &Sketch,
    boxes: &[Box2],
    sides: &[(Side, Side)],
    wire: usize,
    places: &mut [[(i32, i32); 2]],
) {
    let vertical = sides[wire].0.is_vertical();
    let along = |at: (i32, i32)| if vertical { at.0 } else { at.1 };
    let nodes = [sketch.wires[wire].from, sketch.wires[wire].to];
    let own_sides = [sides[wire].0, sides[wire].1];
    let distance = (along(places[wire][0]) - along(places[wire][1])).abs();
    if distance == 0 || distance > LARGEST_JOG {
        return;
    }
    for end in [1, 0] {
        let wanted = along(places[wire][1 - end]);
        let place = boxes[nodes[end]];
        let (low, high) = match vertical {
            true => (place.left(), place.right()),
            false => (place.top(), place.bottom()),
        };
        let taken = (0..sketch.wires.len())
            .flat_map(|other| [(other, 0), (other, 1)])
            .any(|(other, at)| {
                let node = if at == 0 {
                    sketch.wires[other].from
                } else {
                    sketch.wires[other].to
                };
                let side = if at == 0 {
                    sides[other].0
                } else {
                    sides[other].1
                };
                let here = node == nodes[end] && side == own_sides[end] && other != wire;
                here && (along(places[other][at]) - wanted).abs() < PORT_STEP / 2
            });
        if (low + CORNER / 2..=high - CORNER / 2).contains(&wanted) && !taken {
            let at = &mut places[wire][end];
            *(if vertical { &mut at.0 } else { &mut at.1 }) = wanted;
            return;
        }
    }
}

/// On a pipe each port stands opposite its partner, apart from its neighbours.
fn along_pipe(
    place: Box2,
    side: Side,
    ends: &[(i32, usize, usize)],
    places: &mut [[(i32, i32); 2]],
) {
    let mut free_from = CORNER;
    for (centre, wire, end) in ends {
        let last = (place.width - CORNER).max(CORNER);
        let offset = (centre - place.x).clamp(free_from.min(last), last);
        places[*wire][*end] = on_side(place, side, offset);
        free_from = offset + PORT_STEP;
    }
}

fn on_side(place: Box2, side: Side, offset: i32) -> (i32, i32) {
    match side {
        Side::Left => (place.left(), place.top() + offset),
        Side::Right => (place.right(), place.top() + offset),
        Side::Top => (place.left() + offset, place.top()),
        Side::Bottom => (place.left() + offset, place.bottom()),
    }
}
