//! Orthogonal wires around nodes: the shortest way with few corners through the channels beside nodes (A* over
//! the lines that nodes span), a plain elbow when there is none.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Sketch;
use super::obstacles::Box2;
use super::ports::{Port, Side, ports};
use crate::view::CanvasWire;
use tidewire_syntax::sort;

/// How far a wire runs straight out of a node.
const STUB: i32 = 16;
/// Distance that a wire keeps from nodes it passes.
const CLEARANCE: i32 = 10;
/// What a corner costs, in pixels of way.
const CORNER_COST: i32 = 48;
/// What it costs to run on top of another wire, per pixel.
const OVERLAP_COST: i32 = 3;
/// Above this number of nodes wires are plain elbows: finding ways would be felt while dragging.
const ROUTED_NODES: usize = 64;

type Point = (i32, i32);

/// All wires with their corners.
pub(super) fn route(sketch: &Sketch, boxes: &[Box2]) -> Vec<CanvasWire> {
    let mut laid: Vec<(Point, Point)> = Vec::new();
    let mut wires = Vec::with_capacity(sketch.wires.len());
    for (wire, (from, to)) in sketch.wires.iter().zip(ports(sketch, boxes)) {
        let path = if sketch.nodes.len() <= ROUTED_NODES {
            find(from, to, boxes, &laid).unwrap_or_else(|| elbow(from, to))
        } else {
            elbow(from, to)
        };
        let path = straighten(path);
        laid.extend(path.windows(2).map(|pair| (pair[0], pair[1])));
        wires.push(CanvasWire {
            from: wire.from as u32,
            to: wire.to as u32,
            kind: wire.style,
            points: path.iter().map(|(x, y)| (*x as f32, *y as f32)).collect(),
        });
    }
    wires
}

fn stub(port: Port) -> Point {
    let (dx, dy) = port.side.outwards();
    (port.at.0 + dx * STUB, port.at.1 + dy * STUB)
}

/// A way that looks at nothing in between.
fn elbow(from: Port, to: Port) -> Vec<Point> {
    let (start, goal) = (stub(from), stub(to));
    let mut path = vec![from.at, start];
    if matches!(from.side, Side::Left | Side::Right) {
        let middle = (start.0 + goal.0) / 2;
        path.extend([(middle, start.1), (middle, goal.1)]);
    } else {
        let middle = (start.1 + goal.1) / 2;
        path.extend([(start.0, middle), (goal.0, middle)]);
    }
    path.extend([goal, to.at]);
    path
}

/// Leaves out points that are no corners.
fn straighten(path: Vec<Point>) -> Vec<Point> {
    let mut result: Vec<Point> = Vec::with_capacity(path.len());
    for point in path {
        if result.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = result[..] {
            let same_x = before.0 == last.0 && last.0 == point.0;
            let same_y = before.1 == last.1 && last.1 == point.1;
            if same_x || same_y {
                result.pop();
            }
        }
        result.push(point);
    }
    if result.len() == 1 {
        result.push(result[0]);
    }
    result
}

/// The lines on which a wire may run.
struct Channels {
    xs: Vec<i32>,
    ys: Vec<i32>,
}

impl Channels {
    fn new(start: Point, goal: Point, boxes: &[Box2]) -> Self {
        let mut xs = vec![start.0, goal.0, (start.0 + goal.0) / 2];
        let mut ys = vec![start.1, goal.1, (start.1 + goal.1) / 2];
        for place in boxes {
            xs.extend([place.left() - STUB, place.right() + STUB]);
            ys.extend([place.top() - STUB, place.bottom() + STUB]);
            xs.extend([place.left() - 2 * STUB, place.right() + 2 * STUB]);
            ys.extend([place.top() - 2 * STUB, place.bottom() + 2 * STUB]);
        }
        for lines in [&mut xs, &mut ys] {
            sort::sort(lines);
            lines.dedup();
        }
        Self { xs, ys }
    }

    fn point(&self, state: usize) -> Point {
        let cell = state / 2;
        (self.xs[cell % self.xs.len()], self.ys[cell / self.xs.len()])
    }

    fn state(&self, point: Point, horizontal: bool) -> Option<usize> {
        let x = self.xs.binary_search(&point.0).ok()?;
        let y = self.ys.binary_search(&point.1).ok()?;
        Some((y * self.xs.len() + x) * 2 + usize::from(horizontal))
    }

    /// States next to one, with whether the step is horizontal.
    fn neighbours(&self, state: usize) -> impl Iterator<Item = (usize, bool)> {
        let (width, height) = (self.xs.len(), self.ys.len());
        let cell = state / 2;
        let (x, y) = (cell % width, cell / width);
        let to = move |x: usize, y: usize, horizontal: bool| {
            ((y * width + x) * 2 + usize::from(horizontal), horizontal)
        };
        [
            (x > 0).then(|| to(x - 1, y, true)),
            (x + 1 < width).then(|| to(x + 1, y, true)),
            (y > 0).then(|| to(x, y - 1, false)),
            (y + 1 < height).then(|| to(x, y + 1, false)),
        ]
        .into_iter()
        .flatten()
    }
}

/// The cheapest way (A*, Manhattan distance as the bound), or `None` when nodes wall it off.
fn find(from: Port, to: Port, boxes: &[Box2], laid: &[(Point, Point)]) -> Option<Vec<Point>> {
    let (start, goal) = (stub(from), stub(to));
    let channels = Channels::new(start, goal, boxes);
    let walls: Vec<Box2> = boxes.iter().map(|place| place.grown(CLEARANCE)).collect();
    let out_horizontal = matches!(from.side, Side::Left | Side::Right);
    let in_horizontal = matches!(to.side, Side::Left | Side::Right);
    let first = channels.state(start, out_horizontal)?;
    let mut cost = vec![i32::MAX; channels.xs.len() * channels.ys.len() * 2];
    let mut before = vec![usize::MAX; cost.len()];
    let mut queue = BinaryHeap::new();
    cost[first] = 0;
    queue.push(Reverse((distance(start, goal), first)));
    while let Some(Reverse((_, state))) = queue.pop() {
        let here = channels.point(state);
        let horizontal = state % 2 == 1;
        if here == goal && horizontal == in_horizontal {
            return Some(trace_back(&channels, &before, state, from, to));
        }
        for (next, step_horizontal) in channels.neighbours(state).chain(turn_at(here, goal, state))
        {
            let there = channels.point(next);
            if walls.iter().any(|wall| wall.crossed_by(here, there)) {
                continue;
            }
            let corner = if step_horizontal == horizontal {
                0
            } else {
                CORNER_COST
            };
            let step = distance(here, there) + corner + overlap(here, there, laid) * OVERLAP_COST;
            let total = cost[state].saturating_add(step);
            if total < cost[next] {
                cost[next] = total;
                before[next] = state;
                queue.push(Reverse((total + distance(there, goal), next)));
            }
        }
    }
    None
}

/// At the goal a wire may turn on the spot, to enter the node straight.
fn turn_at(here: Point, goal: Point, state: usize) -> Option<(usize, bool)> {
    (here == goal).then(|| (state ^ 1, state.is_multiple_of(2)))
}

fn trace_back(
    channels: &Channels,
    before: &[usize],
    last: usize,
    from: Port,
    to: Port,
) -> Vec<Point> {
    let mut path = vec![to.at];
    let mut state = last;
    while state != usize::MAX {
        path.push(channels.point(state));
        state = before[state];
    }
    path.push(from.at);
    path.reverse();
    path
}

fn distance(a: Point, b: Point) -> i32 {
    (a.0 - b.0).abs() + (a.1 - b.1).abs()
}

/// How many pixels of the line lie on lines that are laid already.
fn overlap(from: Point, to: Point, laid: &[(Point, Point)]) -> i32 {
    let shared =
        |a: i32, b: i32, c: i32, d: i32| (b.max(a).min(d.max(c)) - a.min(b).max(c.min(d))).max(0);
    laid.iter()
        .map(|(start, end)| {
            if from.1 == to.1 && start.1 == end.1 && from.1 == start.1 {
                shared(from.0, to.0, start.0, end.0)
            } else if from.0 == to.0 && start.0 == end.0 && from.0 == start.0 {
                shared(from.1, to.1, start.1, end.1)
            } else {
                0
            }
        })
        .sum()
}
