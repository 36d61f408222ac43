//! The laws of the layout: nothing overlaps, wires keep out of nodes, written places are kept.

use proptest::prelude::*;

use super::*;

fn node(name: &str, shape: NodeShape) -> SketchNode {
    SketchNode {
        name: name.into(),
        shape,
        glyph: Glyph::None,
        caption: String::new(),
        position: None,
        topics: Vec::new(),
        contents: Vec::new(),
        problems: 0,
    }
}

fn wire(from: usize, to: usize, style: WireStyle) -> SketchWire {
    SketchWire { from, to, style }
}

/// Five services with stores, two clients, a broker.
fn shop() -> Sketch {
    let mut sketch = Sketch::default();
    sketch.nodes.push(node("shoppers", NodeShape::Client));
    sketch.nodes.push(node("clerks", NodeShape::Client));
    sketch.nodes.push(node("bus", NodeShape::Broker));
    for service in 0..5 {
        let at = sketch.nodes.len();
        sketch
            .nodes
            .push(node(&format!("service{service}"), NodeShape::Service));
        sketch
            .nodes
            .push(node(&format!("store{service}"), NodeShape::Store));
        sketch.wires.push(wire(at, at + 1, WireStyle::Call));
        sketch.wires.push(wire(at, 2, WireStyle::Event));
        sketch.wires.push(wire(2, at, WireStyle::Event));
        sketch.ownership.push((at, at + 1));
    }
    sketch.wires.push(wire(0, 3, WireStyle::Call));
    sketch.wires.push(wire(0, 5, WireStyle::Call));
    sketch.wires.push(wire(1, 7, WireStyle::Call));
    sketch
}

fn box_of(frame: Rectangle) -> Box2 {
    Box2::new(
        frame.x as i32,
        frame.y as i32,
        frame.width as i32,
        frame.height as i32,
    )
}

fn overlaps(canvas: &Canvas) -> Vec<(usize, usize)> {
    let boxes: Vec<Box2> = canvas.nodes.iter().map(|node| box_of(node.frame)).collect();
    (0..boxes.len())
        .flat_map(|first| (0..first).map(move |second| (second, first)))
        .filter(|(first, second)| boxes[*first].overlaps(boxes[*second]))
        .collect()
}

fn wires_through_nodes(canvas: &Canvas) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (index, wire) in canvas.wires.iter().enumerate() {
        for pair in wire.points.windows(2) {
            let point = |(x, y): (f32, f32)| (x as i32, y as i32);
            for (node, place) in canvas.nodes.iter().enumerate() {
                if box_of(place.frame).crossed_by(point(pair[0]), point(pair[1])) {
                    found.push((index, node));
                }
            }
        }
    }
    found
}

#[test]
fn the_shop_has_no_overlaps_and_no_wire_through_a_node() {
    let canvas = arrange(&shop());
    assert_eq!(overlaps(&canvas), []);
    assert_eq!(wires_through_nodes(&canvas), []);
    assert_eq!(canvas.regions.len(), 5);
    assert_eq!(canvas.nodes[4].owner, Some(3));
}

#[test]
fn wires_run_straight_and_end_at_their_nodes() {
    let canvas = arrange(&shop());
    for wire in &canvas.wires {
        for pair in wire.points.windows(2) {
            assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "{wire:?}");
        }
        let touches = |node: u32, (x, y): (f32, f32)| {
            let frame = canvas.nodes[node as usize].frame;
            x >= frame.x
                && x <= frame.x + frame.width
                && y >= frame.y
                && y <= frame.y + frame.height
        };
        assert!(touches(wire.from, wire.points[0]), "{wire:?}");
        assert!(
            touches(wire.to, *wire.points.last().expect("corners")),
            "{wire:?}"
        );
    }
}

#[test]
fn clients_stand_left_and_the_broker_underneath() {
    let canvas = arrange(&shop());
    let frame = |index: usize| canvas.nodes[index].frame;
    for index in 3..canvas.nodes.len() {
        assert!(frame(0).x + frame(0).width < frame(index).x);
        assert!(frame(index).y + frame(index).height < frame(2).y);
    }
    assert!(frame(2).x + frame(2).width >= frame(4).x + frame(4).width);
}

#[test]
fn a_new_wire_moves_no_node_of_the_same_layer() {
    let before = arrange(&shop());
    let mut sketch = shop();
    sketch.wires.push(wire(1, 11, WireStyle::Call));
    let after = arrange(&sketch);
    let places = |canvas: &Canvas| {
        canvas
            .nodes
            .iter()
            .map(|node| node.frame.x)
            .collect::<Vec<_>>()
    };
    assert_eq!(places(&before), places(&after));
}

#[test]
fn a_cycle_of_calls_is_laid_out() {
    let mut sketch = shop();
    sketch.wires.push(wire(3, 5, WireStyle::Call));
    sketch.wires.push(wire(5, 3, WireStyle::Call));
    assert_eq!(overlaps(&arrange(&sketch)), []);
}

#[test]
fn an_empty_sketch_is_an_empty_canvas() {
    assert_eq!(arrange(&Sketch::default()), Canvas::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn written_places_are_kept_and_others_avoid_them(
        x in 0..600, y in 0..400, moved in 3usize..13,
    ) {
        let mut sketch = shop();
        sketch.nodes[moved].position = Some((x, y));
        let canvas = arrange(&sketch);
        let frame = canvas.nodes[moved].frame;
        prop_assert_eq!((frame.x as i32, frame.y as i32), (snap(x), snap(y)));
        prop_assert_eq!(overlaps(&canvas), vec![]);
    }

    #[test]
    fn any_graph_is_laid_out_without_overlaps(
        shapes in prop::collection::vec(0..5usize, 0..14),
        pairs in prop::collection::vec((0..14usize, 0..14usize), 0..20),
    ) {
        use NodeShape::{Broker, Client, Relay, Service, Store};
        let mut sketch = Sketch::default();
        for (index, shape) in shapes.iter().enumerate() {
            let shape = [Client, Service, Store, Relay, Broker][*shape];
            sketch.nodes.push(node(&format!("n{index}"), shape));
        }
        for (from, to) in pairs {
            if from < shapes.len() && to < shapes.len() && from != to {
                sketch.wires.push(wire(from, to, WireStyle::Call));
            }
        }
        prop_assert_eq!(overlaps(&arrange(&sketch)), vec![]);
    }
}
