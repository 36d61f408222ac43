//! What lies under the nodes: the dot grid, regions of ownership and wires.

use tidewire_session::view::{CanvasRegion, CanvasWire, WireStyle};
use yew::prelude::*;

use super::viewport::Viewport;
use crate::format::px;
use crate::shapes::{arrow, wire};
use crate::shared::{Drawing, Shared};

/// Patterns that the diagram and the timeline refer to.
pub(crate) fn patterns(view: Viewport) -> Html {
    html! {
        <defs>
            <pattern id="grid" width="16" height="16" patternUnits="userSpaceOnUse" patternTransform={view.transform()}>
                <circle cx="1" cy="1" r="1" class="gd" />
            </pattern>
            <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <path d="M0 0V6" class="hatch-l" />
            </pattern>
        </defs>
    }
}

/// What the ground is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct GroundProps {
    /// The canvas.
    pub(crate) drawing: Drawing,
    /// Wires that a fault closes.
    pub(crate) blocked: Vec<u32>,
    /// Wires on the way of the traced message.
    pub(crate) traced: Shared<Vec<u32>>,
}

/// Regions, then wires.
#[component]
pub(crate) fn Ground(props: &GroundProps) -> Html {
    let drawing = &props.drawing;
    let wires = drawing.wires.iter().enumerate().map(|(index, line)| {
        let index = index as u32;
        let traced = props.traced.contains(&index);
        let blocked = props.blocked.contains(&index);
        wire_view(drawing, line, traced, blocked)
    });
    html! {
        <>
            { for drawing.regions.iter().map(region) }
            { for wires }
        </>
    }
}

fn region(region: &CanvasRegion) -> Html {
    let frame = region.frame;
    let width = region.label.chars().count() as f32 * 5.9 + 12.0;
    html! {
        <g class="bd">
            <rect class="bd-r" x={px(frame.x + 0.5)} y={px(frame.y + 0.5)} width={px(frame.width)} height={px(frame.height)} rx="14" />
            <rect class="bd-t" x={px(region.label_x - 6.0)} y={px(frame.y - 8.0)} width={px(width)} height="16" rx="4" />
            <text class="t-xs t2" x={px(region.label_x)} y={px(frame.y + 4.0)}>{ &region.label }</text>
        </g>
    }
}

fn wire_view(drawing: &Drawing, line: &CanvasWire, traced: bool, blocked: bool) -> Html {
    let name = |index: u32| {
        drawing
            .nodes
            .get(index as usize)
            .map_or("?", |node| &*node.name)
    };
    let (kind, verb) = match line.kind {
        WireStyle::Call => ("w-call", "calls"),
        WireStyle::Event => ("w-event", "sends events to"),
        WireStyle::Feed => ("w-repl", "feeds"),
    };
    let closed = if blocked { ", closed by a fault" } else { "" };
    let label = format!("{} {verb} {}{closed}", name(line.from), name(line.to));
    html! {
        <g class={classes!("w", kind, traced.then_some("causal"), blocked.then_some("blocked"))} role="img" aria-label={label}>
            <path class="wl" d={wire(&line.points)} />
            <path class="arrow" d={arrow(&line.points)} />
        </g>
    }
}
