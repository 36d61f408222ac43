//! How the diagram is put together: ground, nodes, the wire being drawn, messages, and the cards around.

use tidewire_session::view::NodeNow;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::furniture::{Furniture, Hud};
use super::gesture::{Connecting, Gesture, Tool};
use super::ground::{Ground, patterns};
use super::node::{Node, NodeLook};
use super::pill::{PillKind, pill};
use super::tokens::Tokens;
use super::{Diagram, Msg};
use crate::format::px;
use crate::icons::Icon;
use crate::panels::lesson::LessonCard;
use crate::shared::Shared;

impl Diagram {
    pub(super) fn draw(&self, context: &Context<Self>) -> Html {
        let props = context.props();
        let link = context.link();
        let focused = self.focused.map(|node| format!("node-{node}"));
        let class = classes!(
            "diagram",
            (self.tool == Tool::Pan || self.space.is_some()).then_some("panning"),
            (self.tool == Tool::Connect).then_some("connecting"),
            matches!(self.gesture, Gesture::Connect(_)).then_some("connecting"),
            props.read_only.then_some("read-only"),
        );
        html! {
            <div
                {class}
                ref={self.host.clone()}
                onpointerdown={link.callback(Msg::PointerDown)}
                onpointermove={link.callback(Msg::PointerMove)}
                onpointerup={link.callback(Msg::PointerUp)}
                onpointercancel={link.callback(Msg::PointerCancelled)}
                onwheel={link.callback(Msg::Wheel)}
                ondblclick={link.callback(Msg::DoubleClick)}
                oncontextmenu={link.callback(Msg::ContextMenu)}
                ondragover={link.callback(Msg::DragOver)}
                ondrop={link.callback(Msg::Drop)}
            >
                <svg
                    id="diagram"
                    width={px(self.size.0)}
                    height={px(self.size.1)}
                    role="application"
                    aria-roledescription="diagram"
                    aria-label={self.summary(context)}
                    aria-activedescendant={focused}
                    tabindex="0"
                    data-run-keys=""
                    onkeydown={link.callback(Msg::KeyDown)}
                    onkeyup={link.callback(Msg::KeyUp)}
                >
                    { patterns(self.view) }
                    <rect class="ground" width={px(self.size.0)} height={px(self.size.1)} fill="url(#grid)" />
                    <g transform={self.view.transform()}>
                        <Ground drawing={props.drawing.clone()} blocked={self.blocked(context)} traced={props.traced_wires.clone()} />
                        { self.nodes(context) }
                        { backlogs(context) }
                        { self.loose_wire(context) }
                        { self.name_field(context) }
                    </g>
                    { self.menu_view(context) }
                </svg>
                <Tokens drawing={props.drawing.clone()} tape={props.tape.clone()} ticker={props.ticker.clone()}
                    view={self.view} size={self.size} record={props.record} theme={props.theme} runs={props.runs} />
                { self.around(context) }
            </div>
        }
    }

    fn around(&self, context: &Context<Self>) -> Html {
        let props = context.props();
        let link = context.link();
        if props.read_only {
            return Html::default();
        }
        let free_right = self.free_corner(context);
        html! {
            <>
                if props.runs {
                    <Hud frame={props.frame.clone()} dispatch={props.dispatch.clone()} left={!free_right} />
                }
                <Furniture tool={self.tool} zoom={self.view.zoom} minimap={self.shows_minimap(context)}
                    drawing={props.drawing.clone()} seen={self.view.seen(self.size)} on={link.callback(|message| message)} />
                if let Some(card) = props.card.clone() {
                    <div class={classes!("card-place", self.corner.class())} data-float=""><LessonCard ..card /></div>
                }
                if props.drawing.nodes.is_empty() {
                    <p class="empty"><b>{ "Nothing on the canvas." }</b>{ " Drag a part in from the Parts panel, or press Enter on one." }</p>
                }
            </>
        }
    }

    /// How many nodes a card of this place and size, in screen pixels, would cover.
    fn covered(
        &self,
        context: &Context<Self>,
        left: f32,
        top: f32,
        width: f32,
        height: f32,
    ) -> usize {
        let nodes = context.props().drawing.nodes.iter();
        nodes
            .filter(|node| {
                let (x, y) = self.view.to_screen((node.frame.x, node.frame.y));
                let right = x + node.frame.width * self.view.zoom;
                let bottom = y + node.frame.height * self.view.zoom;
                x < left + width && right > left && y < top + height && bottom > top
            })
            .count()
    }

    /// Whether the upper right corner covers no more nodes than the upper left one.
    fn free_corner(&self, context: &Context<Self>) -> bool {
        let right = self.covered(context, self.size.0 - 250.0, 12.0, 240.0, 110.0);
        right <= self.covered(context, 12.0, 12.0, 240.0, 110.0)
    }

    /// The corner in which the lesson's card covers least; of equal ones the first.
    pub(super) fn best_corner(&self, context: &Context<Self>) -> Corner {
        // The invariants stand at the top, on the side that is free.
        let top = match self.free_corner(context) {
            true => Corner::TopLeft,
            false => Corner::TopRight,
        };
        let corners = [Corner::BottomRight, Corner::BottomLeft, top];
        let best = corners
            .into_iter()
            .min_by_key(|corner| self.covered_at(context, *corner));
        best.unwrap_or_default()
    }

    /// Whether the lesson's card covers a node where it stands.
    pub(super) fn card_covers(&self, context: &Context<Self>) -> bool {
        self.covered_at(context, self.corner) > 0
    }

    fn covered_at(&self, context: &Context<Self>, corner: Corner) -> usize {
        let (right, bottom) = (self.size.0 - CARD.0, self.size.1 - CARD.1 - 52.0);
        let (x, y) = match corner {
            Corner::BottomRight => (right, bottom),
            Corner::BottomLeft => (12.0, bottom),
            Corner::TopLeft => (12.0, 12.0),
            Corner::TopRight => (right, 12.0),
        };
        self.covered(context, x, y, CARD.0 - 12.0, CARD.1)
    }

    /// The minimap is open when the reader says so, and else where it covers nothing.
    pub(super) fn shows_minimap(&self, context: &Context<Self>) -> bool {
        let free = || {
            self.covered(
                context,
                self.size.0 - 180.0,
                self.size.1 - 160.0,
                168.0,
                108.0,
            ) == 0
        };
        let taken = self.corner == Corner::BottomRight && context.props().card.is_some();
        self.minimap.unwrap_or_else(|| !taken && free())
    }

    fn blocked(&self, context: &Context<Self>) -> Vec<u32> {
        let props = context.props();
        if props.runs {
            props.frame.blocked_wires.clone()
        } else {
            Vec::new()
        }
    }

    fn summary(&self, context: &Context<Self>) -> String {
        let nodes = &context.props().drawing.nodes;
        let wires = context.props().drawing.wires.len();
        format!(
            "Diagram: {}, {}",
            crate::format::counted(nodes.len(), "node"),
            crate::format::counted(wires, "wire"),
        )
    }

    fn nodes(&self, context: &Context<Self>) -> Html {
        let props = context.props();
        let link = context.link();
        let on_focus = link.callback(Msg::Focused);
        let dispatch = props.dispatch.clone();
        let on_record = Callback::from(move |record: u32| {
            dispatch.emit(crate::app::Msg::SelectRecord(Some(record)));
        });
        let topics = Shared::new(if props.runs {
            props.frame.topics.clone()
        } else {
            Vec::new()
        });
        let views = props.drawing.nodes.iter().enumerate().map(|(index, node)| {
            let now = if props.runs {
                props.frame.nodes.get(index).cloned().unwrap_or_default()
            } else {
                NodeNow::default()
            };
            let down_for_us = now
                .crashed_since_us
                .map(|since| props.frame.at_us.saturating_sub(since));
            let look = NodeLook {
                selected: props.selected.iter().any(|name| **name == *node.name),
                traced: props.traced_nodes.contains(&(index as u32)),
                lit: props.lit_nodes.contains(&(index as u32)),
                target: self.target(index),
                renaming: self.renaming == Some(index),
            };
            html! {
                <Node key={&*node.name} drawing={props.drawing.clone()} {index} {now} topics={topics.clone()} {down_for_us} {look}
                    record={props.record} on_focus={on_focus.clone()} on_record={on_record.clone()} />
            }
        });
        views.collect()
    }

    fn target(&self, index: usize) -> Option<bool> {
        match &self.gesture {
            Gesture::Connect(Connecting {
                target: Some((node, verdict)),
                ..
            }) if *node == index => Some(verdict.is_ok()),
            _ => None,
        }
    }

    /// The wire being drawn, with the reason where it may not end.
    fn loose_wire(&self, context: &Context<Self>) -> Html {
        let Gesture::Connect(connecting) = &self.gesture else {
            return Html::default();
        };
        let nodes = &context.props().drawing.nodes;
        let Some(from) = nodes.get(connecting.from) else {
            return Html::default();
        };
        let start = crate::shapes::centre(from.frame);
        let target = connecting.target.as_ref();
        let under = target.and_then(|(node, _)| nodes.get(*node));
        let end = connecting
            .end
            .or_else(|| under.map(|node| crate::shapes::centre(node.frame)));
        let refusal = target.and_then(|(_, verdict)| verdict.as_ref().err());
        let Some(end) = end else {
            return Html::default();
        };
        html! {
            <g class={classes!("loose", refusal.map(|_| "refused"))} aria-hidden="true">
                <path class="wl" d={format!("M{} {}L{} {}", px(start.0), px(start.1), px(end.0), px(end.1))} />
                <circle class="loose-end" cx={px(end.0)} cy={px(end.1)} r="4" />
                if let Some(refusal) = refusal {
                    <foreignObject x={px(end.0 + 14.0)} y={px(end.1 + 10.0)} width="260" height="90">
                        <div xmlns="http://www.w3.org/1999/xhtml" class="refusal">{ refusal.to_string() }</div>
                    </foreignObject>
                }
            </g>
        }
    }

    /// The field in which a node is renamed.
    fn name_field(&self, context: &Context<Self>) -> Html {
        let Some(index) = self.renaming else {
            return Html::default();
        };
        let Some(node) = context.props().drawing.nodes.get(index) else {
            return Html::default();
        };
        let link = context.link();
        let width = node.frame.width.clamp(120.0, 200.0);
        let (x, y) = crate::shapes::centre(node.frame);
        let onkeydown = link.batch_callback(|event: KeyboardEvent| {
            event.stop_propagation();
            match event.key().as_str() {
                "Enter" => Some(Msg::Renamed(value_of(&event))),
                "Escape" => Some(Msg::Renamed(None)),
                _ => None,
            }
        });
        let onblur = link.callback(|event: FocusEvent| Msg::Renamed(value_of(&event)));
        html! {
            <foreignObject x={px(x - width / 2.0)} y={px(y - 14.0)} width={px(width)} height="28">
                <input xmlns="http://www.w3.org/1999/xhtml" class="name-field" type="text" aria-label={format!("New name of {}", node.name)} data-float=""
                    ref={self.rename_input.clone()} maxlength="60" autocomplete="off" spellcheck="false"
                    {onkeydown} {onblur} />
            </foreignObject>
        }
    }
}

/// What waits at the readers' ends of wires.
fn backlogs(context: &Context<Diagram>) -> Html {
    let props = context.props();
    if !props.runs {
        return Html::default();
    }
    let pills = props.frame.backlogs.iter().filter_map(|backlog| {
        let wire = props.drawing.wires.get(backlog.wire as usize)?;
        let (x, y) = crate::shapes::along(&wire.points, 0.5);
        let (kind, icon) = match backlog.stopped {
            true => (PillKind::Fault, Icon::QueueStopped),
            false => (PillKind::Neutral, Icon::Queue),
        };
        Some(pill(kind, Some(icon), &backlog.waiting.to_string(), x, y))
    });
    pills.collect()
}

/// Room that the lesson's card takes, with a margin, in screen pixels.
pub(super) const CARD: (f32, f32) = (324.0, 280.0);

/// Where the lesson's card stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Corner {
    #[default]
    BottomRight,
    BottomLeft,
    TopLeft,
    TopRight,
}

impl Corner {
    fn class(self) -> &'static str {
        match self {
            Corner::BottomRight => "at-bottom at-right",
            Corner::BottomLeft => "at-bottom at-left",
            Corner::TopLeft => "at-top at-left",
            Corner::TopRight => "at-top at-right",
        }
    }
}

fn value_of(event: &Event) -> Option<String> {
    let input = event.target()?.dyn_into::<HtmlInputElement>().ok()?;
    Some(input.value())
}
