//! One node of the diagram: client, service or store with its state. Brokers have a file of their own.

use tidewire_session::view::{CanvasNode, Glyph, NodeCondition, NodeNow, NodeShape, Rectangle};
use yew::prelude::*;

use super::broker::BrokerBody;
use super::pill::{PillKind, pill};
use crate::format::{milliseconds, px, shortened};
use crate::icons::{Icon, kind_class, kind_icon, octagon, strokes};
use crate::shapes::{cylinder, cylinder_lid, hexagon};
use crate::shared::{Drawing, Shared};
use tidewire_session::view::TopicNow;

/// Average width of a character of a name, in canvas pixels.
const NAME_CHARACTER: f32 = 6.7;
/// The same for the second line.
const CAPTION_CHARACTER: f32 = 5.3;

/// How a node looks because of what the reader does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeLook {
    /// Selected: ring and handles.
    pub(crate) selected: bool,
    /// On the way of the traced message.
    pub(crate) traced: bool,
    /// The lesson points at it.
    pub(crate) lit: bool,
    /// A wire being drawn may end here.
    pub(crate) target: Option<bool>,
    /// Its name is being edited.
    pub(crate) renaming: bool,
}

/// What a node is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct NodeProps {
    /// The canvas.
    pub(crate) drawing: Drawing,
    /// Which of its nodes.
    pub(crate) index: usize,
    /// Its state at the playhead.
    pub(crate) now: NodeNow,
    /// For a broker: its topics at the playhead, in the canvas's order.
    pub(crate) topics: Shared<Vec<TopicNow>>,
    /// How long it has been down.
    pub(crate) down_for_us: Option<u64>,
    /// What the reader does.
    pub(crate) look: NodeLook,
    /// A record of a log that is selected.
    pub(crate) record: Option<u32>,
    /// Told when the node gets the focus.
    pub(crate) on_focus: Callback<usize>,
    /// Told when a record in a log is chosen.
    pub(crate) on_record: Callback<u32>,
}

/// A node.
#[component]
pub(crate) fn Node(props: &NodeProps) -> Html {
    let Some(node) = props.drawing.nodes.get(props.index) else {
        return Html::default();
    };
    let index = props.index;
    let onfocus = props.on_focus.reform(move |_: FocusEvent| index);
    let classes = classes!(
        "node",
        group_class(node.shape),
        (node.shape == NodeShape::Store).then(|| kind_class(node.glyph)),
        (node.glyph == Glyph::External).then_some("external"),
        (node.glyph == Glyph::Gateway).then_some("gateway"),
        (node.shape == NodeShape::Service && node.glyph == Glyph::ReadModel)
            .then_some("projection"),
        props.down_for_us.map(|_| "crashed"),
        (!props.now.conditions.is_empty()).then_some("afflicted"),
        props
            .now
            .conditions
            .contains(&NodeCondition::Paused)
            .then_some("paused"),
        props.now.violated.then_some("violated"),
        props.look.traced.then_some("traced"),
        props.look.selected.then_some("selected"),
        (props.now.busy > 0).then_some("working"),
        match props.look.target {
            Some(true) => Some("target"),
            Some(false) => Some("no-target"),
            None => None,
        },
    );
    html! {
        <g
            id={format!("node-{index}")}
            class={classes}
            role="button"
            tabindex="-1"
            aria-label={name_in_words(node, &props.now)}
            aria-pressed={props.look.selected.to_string()}
            data-node={index.to_string()}
            {onfocus}
        >
            { rings(node, &props.now, props.look) }
            { body(props, node) }
            if !props.look.renaming { { labels(node, &props.now) } }
            { badges(node, &props.now, props.down_for_us) }
            if props.look.selected { { handles(node.frame) } }
            { ports(node.frame) }
        </g>
    }
}

fn group_class(shape: NodeShape) -> &'static str {
    match shape {
        NodeShape::Client => "nd nd-client",
        NodeShape::Service => "nd",
        NodeShape::Relay => "nd nd-relay",
        NodeShape::Store => "st",
        NodeShape::Broker => "pp",
    }
}

/// The whole state for a screen reader; the session writes it once something runs.
fn name_in_words(node: &CanvasNode, now: &NodeNow) -> String {
    if !now.description.is_empty() {
        return now.description.clone();
    }
    let kind = match node.shape {
        NodeShape::Client => "client",
        NodeShape::Service => "service",
        NodeShape::Relay => "relay",
        NodeShape::Store => "store",
        NodeShape::Broker => "broker",
    };
    format!("{}, {kind}, {}", node.name, node.caption)
}

fn body(props: &NodeProps, node: &CanvasNode) -> Html {
    let frame = node.frame;
    match node.shape {
        NodeShape::Client => html! {
            <rect class="nd-b" x={px(frame.x)} y={px(frame.y)} width={px(frame.width)} height={px(frame.height)} rx={px(frame.height / 2.0)} />
        },
        NodeShape::Service | NodeShape::Relay => html! {
            <>
                <path class="nd-b" d={hexagon(frame, 0.0)} />
                if props.down_for_us.is_some() { <path class="nd-hatch" d={hexagon(frame, 0.0)} /> }
                if props.now.busy > 0 && props.down_for_us.is_none() { { working(frame) } }
            </>
        },
        NodeShape::Store => html! {
            <>
                <path class="st-b" d={cylinder(frame)} />
                if props.down_for_us.is_some() { <path class="nd-hatch" d={cylinder(frame)} /> }
                <path class="st-l" d={cylinder_lid(frame)} />
                <g class="ic kg" transform={format!("translate({} {})", px(frame.x + frame.width / 2.0 - 8.0), px(frame.y + frame.height / 2.0 - 20.5))}>
                    { strokes(kind_icon(node.glyph)) }
                </g>
            </>
        },
        NodeShape::Broker => html! {
            <BrokerBody drawing={props.drawing.clone()} index={props.index} topics={props.topics.clone()}
                record={props.record} on_record={props.on_record.clone()} />
        },
    }
}

/// The stroke on the top edge of a service that works.
fn working(frame: Rectangle) -> Html {
    let (left, right) = (frame.x + 17.0, frame.x + frame.width - 17.0);
    let end = left + (right - left) * 0.55;
    html! { <path class="nd-work" d={format!("M{} {y}H{}", px(left), px(end), y = px(frame.y))} /> }
}

fn labels(node: &CanvasNode, now: &NodeNow) -> Html {
    let frame = node.frame;
    let caption = if now.caption.is_empty() {
        &node.caption
    } else {
        &now.caption
    };
    let (middle_x, middle_y) = crate::shapes::centre(frame);
    let (name_y, caption_y, room) = match node.shape {
        NodeShape::Broker => return Html::default(),
        NodeShape::Store => (middle_y + 12.0, middle_y + 26.0, frame.width - 2.0),
        NodeShape::Client => (middle_y - 2.0, middle_y + 13.0, frame.width - 16.0),
        _ => (middle_y - 2.0, middle_y + 13.0, frame.width - 12.0),
    };
    let name = shortened(&node.name, (room / NAME_CHARACTER) as usize);
    let caption = shortened(caption, (room / CAPTION_CHARACTER) as usize);
    let tone = if node.shape == NodeShape::Store {
        "t-xs kt mid"
    } else {
        "t-xs t3 mid"
    };
    html! {
        <>
            <text class="t-name mid" x={px(middle_x)} y={px(name_y)}>{ name }</text>
            <text class={tone} x={px(middle_x)} y={px(caption_y)}>{ caption }</text>
        </>
    }
}

/// Rings around the shape: violated, selected, keyboard focus. Focus is shown by the style sheet.
fn rings(node: &CanvasNode, now: &NodeNow, look: NodeLook) -> Html {
    html! {
        <>
            { outline(node, "focus-ring", 5.0) }
            if now.violated { { outline(node, "vring", 4.0) } }
            if look.lit { { outline(node, "lit", 6.0) } }
            if look.selected { { outline(node, "sel", 4.5) } }
            if look.target.is_some() { { outline(node, "drop-ring", 4.5) } }
        </>
    }
}

fn outline(node: &CanvasNode, class: &'static str, grow: f32) -> Html {
    let frame = node.frame;
    let radius = match node.shape {
        NodeShape::Service | NodeShape::Relay => {
            return html! { <path {class} d={hexagon(frame, grow)} /> };
        }
        NodeShape::Client => frame.height / 2.0 + grow,
        NodeShape::Store => 12.0,
        NodeShape::Broker => 18.0,
    };
    html! {
        <rect {class} x={px(frame.x - grow)} y={px(frame.y - grow)} width={px(frame.width + 2.0 * grow)}
            height={px(frame.height + 2.0 * grow)} rx={px(radius)} />
    }
}

fn handles(frame: Rectangle) -> Html {
    let grow = 4.5;
    let xs = [frame.x - grow, frame.x + frame.width + grow];
    let ys = [frame.y - grow, frame.y + frame.height + grow];
    let corners = xs.into_iter().flat_map(|x| ys.map(|y| (x, y)));
    corners
        .map(|(x, y)| html! { <rect class="handle" x={px(x - 3.5)} y={px(y - 3.5)} width="7" height="7" rx="1.5" /> })
        .collect()
}

/// Four ports, seen under the pointer; a wire is drawn from one of them.
fn ports(frame: Rectangle) -> Html {
    let (x, y) = crate::shapes::centre(frame);
    let sides = [
        (frame.x, y),
        (frame.x + frame.width, y),
        (x, frame.y),
        (x, frame.y + frame.height),
    ];
    let circles = sides.into_iter().map(|(x, y)| {
        html! {
            <g class="port" data-port="">
                <circle class="port-area" cx={px(x)} cy={px(y)} r="9" />
                <circle class="port-dot" cx={px(x)} cy={px(y)} r="4" />
            </g>
        }
    });
    html! { <g class="ports" aria-hidden="true">{ for circles }</g> }
}

/// What is wrong or waits here, above the node.
fn badges(node: &CanvasNode, now: &NodeNow, down_for_us: Option<u64>) -> Html {
    let frame = node.frame;
    let (middle, top) = (frame.x + frame.width / 2.0, frame.y - 12.0);
    let above = if let Some(down) = down_for_us {
        let text = format!("down for {}", milliseconds(down));
        pill(PillKind::Fault, Some(Icon::Bolt), &text, middle, top)
    } else if let Some(first) = now.conditions.first() {
        let icon = match first {
            NodeCondition::Paused => Icon::Pause,
            _ => Icon::Bolt,
        };
        let words: Vec<&str> = now.conditions.iter().map(|it| it.words()).collect();
        pill(PillKind::Fault, Some(icon), &words.join(", "), middle, top)
    } else if let Some(first) = now.waiting.first() {
        let text = match now.waiting.len() {
            1 => format!("T-{first} waits"),
            more => format!("{more} wait for locks"),
        };
        pill(PillKind::Caution, Some(Icon::Lock), &text, middle, top)
    } else if now.queued > 0 {
        let stopped = now.crashed_since_us.is_some();
        let icon = if stopped {
            Icon::QueueStopped
        } else {
            Icon::Queue
        };
        pill(
            PillKind::Neutral,
            Some(icon),
            &now.queued.to_string(),
            middle,
            top,
        )
    } else {
        Html::default()
    };
    html! {
        <>
            { above }
            if now.violated || node.problems > 0 {
                <g transform={format!("translate({} {})", px(frame.x + frame.width - 10.0), px(frame.y - 8.0))}>{ octagon() }</g>
            }
        </>
    }
}
