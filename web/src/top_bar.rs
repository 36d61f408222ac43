//! The bar at the top: what is open, which design, undo, the transport, theme and help.

use tidewire_session::transport::{SPEEDS, Transport};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::app::{Drawer, Msg};
use crate::format::{clock, shortened};
use crate::icons::{Icon, icon, logo};
use crate::theme::Theme;
use crate::ticker::Ticker;

/// What the bar is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct TopBarProps {
    /// The scenario's title.
    pub(crate) title: AttrValue,
    /// Names of its designs.
    pub(crate) designs: Vec<String>,
    /// The selected one.
    pub(crate) design: Option<String>,
    /// Whether there is something to undo.
    pub(crate) can_undo: bool,
    /// Whether there is something to redo.
    pub(crate) can_redo: bool,
    /// Whether the playhead moves.
    pub(crate) playing: bool,
    /// Index of the speed.
    pub(crate) speed: usize,
    /// The seed.
    pub(crate) seed: u64,
    /// The playhead.
    pub(crate) ticker: Ticker,
    /// The theme.
    pub(crate) theme: Theme,
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// The bar.
#[component]
pub(crate) fn TopBar(props: &TopBarProps) -> Html {
    let send = |message: fn() -> Msg| props.dispatch.reform(move |_: MouseEvent| message());
    html! {
        <header class="top" id="top" tabindex="-1">
            <div class="l">
                <button class="btn ico rail-only" aria-label="Open the library" onclick={send(|| Msg::Drawer(Some(Drawer::Library)))}>{ icon(Icon::Menu) }</button>
                <span class="brand">{ logo() }<span class="brand-name">{ "Tidewire" }</span></span>
                <span class="sep wide-only"></span>
                <h1 class="scn" title={props.title.clone()}>{ shortened(&props.title, 40) }</h1>
                <DesignSwitch designs={props.designs.clone()} selected={props.design.clone()} dispatch={props.dispatch.clone()} />
            </div>
            <div class="c" role="toolbar" aria-label="Transport">
                <TransportButtons playing={props.playing} large=false dispatch={props.dispatch.clone()} />
                <Clock ticker={props.ticker.clone()} />
                <SpeedChoice speed={props.speed} dispatch={props.dispatch.clone()} />
                <SeedField seed={props.seed} dispatch={props.dispatch.clone()} />
            </div>
            <div class="r">
                <button class="btn ico wide-only" aria-label="Undo, Control Z" title="Undo, Ctrl Z" aria-disabled={(!props.can_undo).to_string()} onclick={send(|| Msg::Undo)}>{ icon(Icon::Undo) }</button>
                <button class="btn ico wide-only" aria-label="Redo, Control Shift Z" title="Redo, Ctrl Shift Z" aria-disabled={(!props.can_redo).to_string()} onclick={send(|| Msg::Redo)}>{ icon(Icon::Redo) }</button>
                <span class="sep wide-only"></span>
                <button class="btn ico drawer-only" aria-label="Open the inspector" onclick={send(|| Msg::Drawer(Some(Drawer::Inspector)))}>{ icon(Icon::Panel) }</button>
                <button class="btn ico" aria-label={props.theme.label()} title={props.theme.label()} onclick={send(|| Msg::Theme)}>{ icon(Icon::Theme) }</button>
                <button class="btn ico" aria-label="Help, question mark" title="Help, ?" onclick={send(|| Msg::Help(true))}>{ icon(Icon::Help) }</button>
            </div>
        </header>
    }
}

/// What the switch is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct DesignSwitchProps {
    /// Names of the designs.
    pub(crate) designs: Vec<String>,
    /// The selected one.
    pub(crate) selected: Option<String>,
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// Characters for which names fit side by side, and those that the space around a name takes.
const ROOM: usize = 50;
const SPACE: usize = 3;

/// The one control that switches the design: same clients, same seed.
#[component]
pub(crate) fn DesignSwitch(props: &DesignSwitchProps) -> Html {
    let count = props.designs.len();
    if count < 2 {
        return Html::default();
    }
    let place = props
        .designs
        .iter()
        .position(|name| Some(name) == props.selected.as_ref())
        .unwrap_or(0);
    let length: usize = props
        .designs
        .iter()
        .map(|name| name.chars().count() + SPACE)
        .sum();
    if length > ROOM {
        return design_choice(props, place);
    }
    let designs = props.designs.clone();
    let dispatch = props.dispatch.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        let next = match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => (place + 1) % count,
            "ArrowLeft" | "ArrowUp" => (place + count - 1) % count,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        dispatch.emit(Msg::Design(designs[next].clone()));
        crate::app::tabs::focus(&format!("design-{next}"));
    });
    let options = props.designs.iter().enumerate().map(|(index, name)| {
        let on = index == place;
        let chosen = name.clone();
        let onclick = props.dispatch.reform(move |_: MouseEvent| Msg::Design(chosen.clone()));
        html! {
            <button class="seg-option" role="radio" id={format!("design-{index}")} aria-checked={on.to_string()}
                tabindex={if on { "0" } else { "-1" }} title={name.clone()} {onclick}>{ shortened(name, 26) }</button>
        }
    });
    html! { <div class="seg design-switch" role="radiogroup" aria-label="Design" {onkeydown}>{ for options }</div> }
}

/// The same as a list to choose from, where the names side by side would take too much room.
fn design_choice(props: &DesignSwitchProps, place: usize) -> Html {
    let designs = props.designs.clone();
    let onchange = props.dispatch.reform(move |event: Event| {
        let select = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        let chosen: Option<usize> = select.and_then(|select| select.value().parse().ok());
        let name = chosen.and_then(|index| designs.get(index));
        Msg::Design(name.cloned().unwrap_or_default())
    });
    let options = props.designs.iter().enumerate().map(|(index, name)| {
        html! { <option value={index.to_string()} selected={index == place}>{ name.clone() }</option> }
    });
    html! { <select class="field design-choice" aria-label="Design" {onchange}>{ for options }</select> }
}

/// What the buttons are drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct TransportButtonsProps {
    /// Whether the playhead moves.
    pub(crate) playing: bool,
    /// For fingers.
    pub(crate) large: bool,
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// To start, step back, play or pause, step forward.
#[component]
pub(crate) fn TransportButtons(props: &TransportButtonsProps) -> Html {
    let send = |message: fn() -> Msg| props.dispatch.reform(move |_: MouseEvent| message());
    let (sign, label) = if props.playing {
        (Icon::Pause, "Pause, K")
    } else {
        (Icon::Play, "Play, K")
    };
    html! {
        <div class="trans">
            if !props.large {
                <button class="btn ico lg" aria-label="To start, Home" title="To start, Home" onclick={send(|| Msg::ToStart)}>{ icon(Icon::ToStart) }</button>
            }
            <button class="btn ico lg" aria-label="Step back, Left arrow" title="Step back, ←" onclick={send(|| Msg::Step(false))}>{ icon(Icon::StepBack) }</button>
            <button class="btn ico lg inv" aria-label={label} title={label} onclick={send(|| Msg::PlayPause)}>{ icon(sign) }</button>
            <button class="btn ico lg" aria-label="Step forward, Right arrow" title="Step forward, →" onclick={send(|| Msg::Step(true))}>{ icon(Icon::StepForward) }</button>
        </div>
    }
}

/// What the clock is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct ClockProps {
    /// The playhead.
    pub(crate) ticker: Ticker,
}

/// Virtual time; it changes its own text with the ticker.
#[component]
pub(crate) fn Clock(props: &ClockProps) -> Html {
    let text = use_node_ref();
    {
        let text = text.clone();
        use_effect_with(props.ticker.clone(), move |ticker| {
            let subscription = ticker.subscribe(move |pulse| {
                if let Some(element) = text.cast::<web_sys::Element>() {
                    element.set_text_content(Some(&clock(pulse.at_us)));
                }
            });
            move || drop(subscription)
        });
    }
    html! {
        <span class="clock" role="timer" aria-label="Virtual clock"><span class="clock-time" ref={text}></span><small>{ "virtual" }</small></span>
    }
}

/// What the speeds are drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct SpeedChoiceProps {
    /// Index of the speed.
    pub(crate) speed: usize,
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// Virtual time per real time.
#[component]
pub(crate) fn SpeedChoice(props: &SpeedChoiceProps) -> Html {
    let onchange = props.dispatch.reform(|event: Event| {
        let select = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        let chosen = select.and_then(|select| select.value().parse().ok());
        Msg::Speed(chosen.unwrap_or(Transport::default().speed))
    });
    let options = SPEEDS.iter().enumerate().map(|(index, speed)| {
        html! { <option value={index.to_string()} selected={index == props.speed}>{ format!("{speed}×") }</option> }
    });
    html! { <select class="field speed" aria-label="Speed" title="Virtual time per real time" {onchange}>{ for options }</select> }
}

#[derive(Properties, PartialEq)]
struct SeedFieldProps {
    seed: u64,
    dispatch: Callback<Msg>,
}

/// The seed: type one, or press for the next.
#[component]
fn SeedField(props: &SeedFieldProps) -> Html {
    let onclick = props.dispatch.reform(|_: MouseEvent| Msg::NextSeed);
    let seed = props.seed;
    let onchange = props.dispatch.reform(move |event: Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let typed = input
            .as_ref()
            .and_then(|input| input.value().trim().parse().ok());
        if let (Some(input), None) = (&input, typed) {
            input.set_value(&seed.to_string());
        }
        Msg::Seed(typed.unwrap_or(seed))
    });
    html! {
        <span class="field seed">
            <button class="seed-next" aria-label="Next seed" title="Next seed" {onclick}>{ icon(Icon::Dice) }</button>
            <label>{ "seed " }<input type="text" inputmode="numeric" size="4" maxlength="20" autocomplete="off" value={seed.to_string()} {onchange} /></label>
        </span>
    }
}
