//! Cards that float on the diagram: tools, legend, zoom, minimap, invariants.

use tidewire_session::view::{Frame, InvariantNow, Rectangle};
use yew::prelude::*;

use super::Msg;
use super::gesture::Tool;
use super::minimap::minimap;
use crate::app::Msg as AppMsg;
use crate::format::{milliseconds, shortened};
use crate::icons::{Icon, icon, state_mark};
use crate::shared::{Drawing, Shared};

/// What the cards are drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct FurnitureProps {
    /// The tool in hand.
    pub(crate) tool: Tool,
    /// The zoom.
    pub(crate) zoom: f32,
    /// Whether the minimap is open.
    pub(crate) minimap: bool,
    /// The canvas.
    pub(crate) drawing: Drawing,
    /// The part of it that is seen.
    pub(crate) seen: Rectangle,
    /// The diagram.
    pub(crate) on: Callback<Msg>,
}

/// Tools, legend, zoom and minimap.
#[component]
pub(crate) fn Furniture(props: &FurnitureProps) -> Html {
    let press = |message: fn() -> Msg| props.on.reform(move |_: MouseEvent| message());
    let percent = (props.zoom * 100.0).round();
    html! {
        <>
            <div class="fl tools" role="toolbar" aria-label="Tools" data-float="">
                { tool(props, Tool::Select, Icon::Pointer, "Select, V") }
                { tool(props, Tool::Pan, Icon::Hand, "Move the view, H") }
                { tool(props, Tool::Connect, Icon::Connect, "Draw a wire, C") }
            </div>
            { legend() }
            if props.minimap { { minimap(&props.drawing, props.seen, &props.on) } }
            <div class="fl zoom" role="toolbar" aria-label="Zoom" data-float="">
                <button class="btn ico" aria-label="Zoom out, minus" onclick={press(|| Msg::Zoom(false))}>{ icon(Icon::Minus) }</button>
                <button class="btn pct" aria-label={format!("{percent} per cent, set to 100")} onclick={press(|| Msg::ActualSize)}>{ format!("{percent}%") }</button>
                <button class="btn ico" aria-label="Zoom in, plus" onclick={press(|| Msg::Zoom(true))}>{ icon(Icon::Plus) }</button>
                <span class="sep"></span>
                <button class="btn ico" aria-label="Show everything, Shift 1" onclick={press(|| Msg::Fit)}>{ icon(Icon::Fit) }</button>
                <button class={classes!("btn", "ico", props.minimap.then_some("on"))} aria-pressed={props.minimap.to_string()}
                    aria-label="Minimap" onclick={press(|| Msg::ToggleMinimap)}>{ icon(Icon::Minimap) }</button>
            </div>
        </>
    }
}

fn tool(props: &FurnitureProps, tool: Tool, sign: Icon, label: &'static str) -> Html {
    let on = props.tool == tool;
    let onclick = props.on.reform(move |_: MouseEvent| Msg::Tool(tool));
    html! {
        <button class={classes!("btn", "ico", on.then_some("on"))} aria-pressed={on.to_string()} aria-label={label} title={label} {onclick}>
            { icon(sign) }
        </button>
    }
}

fn legend() -> Html {
    let line = |wire: &'static str, mark: Html, text: &'static str| {
        html! {
            <span>
                <svg width="36" height="16" viewBox="0 0 36 16" aria-hidden="true">
                    <g class={classes!("w", wire)}><path class="wl" d="M0 8L30 8" /><path class="arrow" d="M36 8L28 12L28 4Z" /></g>
                    { mark }
                </svg>
                { text }
            </span>
        }
    };
    html! {
        <div class="fl legend" data-float="">
            { line("w-call", html! { <rect class="tk-command" x="9" y="4" width="8" height="8" rx="1.5" /> }, "command") }
            { line("w-call", html! { <circle class="tk-reply" cx="13" cy="8" r="3.6" /> }, "reply") }
            { line("w-event", html! { <circle class="tk-event" cx="13" cy="8" r="4.3" /> }, "event") }
            { line("w-repl", Html::default(), "outbox feed") }
            <span>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path class="tk-transaction" d="M8 2.6 13.4 8 8 13.4 2.6 8Z" /></svg>
                { "statement" }
            </span>
        </div>
    }
}

/// What the invariants' card is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct HudProps {
    /// The frame.
    pub(crate) frame: Shared<Frame>,
    /// The application.
    pub(crate) dispatch: Callback<AppMsg>,
    /// Whether it stands at the left.
    pub(crate) left: bool,
}

/// The invariants at the playhead.
#[component]
pub(crate) fn Hud(props: &HudProps) -> Html {
    let invariants = &props.frame.invariants;
    if invariants.is_empty() {
        return Html::default();
    }
    let onclick = props
        .dispatch
        .reform(|_: MouseEvent| AppMsg::OpenInvariants);
    html! {
        <section class={classes!("fl", "hud", props.left.then_some("at-left"))} aria-label="Invariants" data-float="">
            <button class="hud-h" {onclick}><b>{ "Invariants" }</b>{ outlook(invariants) }</button>
            <ul>{ for invariants.iter().map(line) }</ul>
        </section>
    }
}

fn line(invariant: &InvariantNow) -> Html {
    let state = match invariant.state {
        0 => "holds",
        1 => "not decided yet",
        2 => "broken",
        _ => "cannot be judged",
    };
    html! {
        <li class={classes!((invariant.state == 2).then_some("bad"))}>
            { state_mark(invariant.state) }
            <span title={invariant.sentence.to_string()}>{ shortened(&invariant.sentence, 38) }</span>
            <span class="vh">{ format!(", {state}") }</span>
        </li>
    }
}

/// What this run brings: the first break that is still to come, or how many are broken.
fn outlook(invariants: &[InvariantNow]) -> Html {
    let broken = invariants.iter().filter(|one| one.state == 2).count();
    let first = invariants
        .iter()
        .filter(|one| one.violated_at_us.is_none())
        .filter_map(|one| one.breaks_at_us)
        .min();
    match (broken, first) {
        (0, None) => Html::default(),
        (0, Some(at)) => {
            html! { <span class="bad">{ format!("breaks at {}", milliseconds(at)) }</span> }
        }
        (broken, _) => html! { <span class="bad">{ format!("{broken} broken") }</span> },
    }
}
