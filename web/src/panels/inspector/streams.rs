//! The streams of an event store: a scrubber over the events of one, with the state that is folded from those up to it.
//! The playhead says which events there are; the scrubber goes back among them without moving it.

use tidewire_session::store_view::{FoldedStates, StreamEvent, StreamView};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::format::{counted, milliseconds};
use crate::icons::{Icon, sized_icon};
use crate::shared::Shared;

/// What is shown of the streams.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct StreamsProps {
    /// The streams at the playhead, in order of their first events.
    pub(crate) streams: Shared<Vec<StreamView>>,
}

/// Where the reader is: a stream by its name, and behind how many of its events; at the newest when `None`.
#[derive(Clone, Debug, Default, PartialEq)]
struct Place {
    stream: Option<String>,
    position: Option<usize>,
}

/// The streams.
#[component]
pub(crate) fn Streams(props: &StreamsProps) -> Html {
    let place = use_state(Place::default);
    if props.streams.is_empty() {
        return html! {
            <div class="empty"><b>{ "No events yet." }</b>{ "A stream begins with its first append." }</div>
        };
    }
    let chosen = place.stream.as_deref();
    let found = props
        .streams
        .iter()
        .position(|stream| Some(&*stream.name) == chosen);
    let stream = &props.streams[found.unwrap_or(0)];
    let here = place
        .position
        .unwrap_or(usize::MAX)
        .min(stream.events.len());
    let choose = {
        let place = place.clone();
        Callback::from(move |name: String| {
            place.set(Place {
                stream: Some(name),
                position: None,
            });
        })
    };
    let go = {
        let (name, newest) = (stream.name.clone(), stream.events.len());
        Callback::from(move |position: usize| {
            place.set(Place {
                stream: Some(name.clone()),
                // At the newest one goes on with the playhead.
                position: (position < newest).then_some(position),
            });
        })
    };
    html! {
        <section class="streams" aria-label="Streams">
            <h3 class="inspector-section">{ "Streams" }<span>{ props.streams.len() }</span></h3>
            { choice(&props.streams, found.unwrap_or(0), &choose) }
            { scrubber(stream, here, &go) }
            { for stream.folds.iter().map(|fold| folded(fold, here)) }
            { events(stream, here, &go) }
        </section>
    }
}

fn choice(streams: &[StreamView], selected: usize, choose: &Callback<String>) -> Html {
    let names: Vec<String> = streams.iter().map(|stream| stream.name.clone()).collect();
    let onchange = choose.reform(move |event: Event| {
        let select = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        let index: Option<usize> = select.and_then(|select| select.value().parse().ok());
        index
            .and_then(|index| names.get(index).cloned())
            .unwrap_or_default()
    });
    let options = streams.iter().enumerate().map(|(index, stream)| {
        let title = format!(
            "{}, {}",
            stream.name,
            counted(stream.total as usize, "event")
        );
        html! { <option value={index.to_string()} selected={index == selected}>{ title }</option> }
    });
    html! { <select class="field stream-choice" aria-label="Stream" {onchange}>{ for options }</select> }
}

/// Back, forward, and a slider over all events.
fn scrubber(stream: &StreamView, here: usize, go: &Callback<usize>) -> Html {
    let last = stream.events.len();
    let oninput = go.reform(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        input
            .and_then(|input| input.value().parse().ok())
            .unwrap_or(last)
    });
    let back = go.reform(move |_: MouseEvent| here.saturating_sub(1));
    let forward = go.reform(move |_: MouseEvent| (here + 1).min(last));
    let words = match here
        .checked_sub(1)
        .and_then(|index| stream.events.get(index))
    {
        Some(event) => format!("Behind event {here} of {last}: {}", event.event),
        None => "Before the first event".to_owned(),
    };
    html! {
        <>
            <div class="replay">
                <button type="button" class="btn ico small" aria-label="One event back" aria-disabled={(here == 0).to_string()}
                    onclick={back}>{ sized_icon(Icon::StepBack, "14") }</button>
                <input type="range" min="0" max={last.to_string()} value={here.to_string()} aria-label={format!("Replay of {}", stream.name)}
                    aria-valuetext={words.clone()} {oninput} />
                <button type="button" class="btn ico small" aria-label="One event forward" aria-disabled={(here == last).to_string()}
                    onclick={forward}>{ sized_icon(Icon::StepForward, "14") }</button>
            </div>
            <p class="inspector-text quiet" role="status">{ words }</p>
        </>
    }
}

/// The state behind so many events, and what the last of them changed.
fn folded(fold: &FoldedStates, here: usize) -> Html {
    if let Some(failure) = &fold.failure {
        return html! { <p class="inspector-text">{ format!("{} folds no state here: {failure}", fold.name) }</p> };
    }
    let Some(now) = fold.states.get(here) else {
        return Html::default();
    };
    let before = here
        .checked_sub(1)
        .and_then(|before| fold.states.get(before));
    let parts = fold
        .parts
        .iter()
        .zip(now)
        .enumerate()
        .map(|(index, (part, value))| {
            let was = before
                .and_then(|state| state.get(index))
                .filter(|was| *was != value);
            html! {
                <tr class={classes!(was.map(|_| "changed"))}>
                    <th scope="row">{ part }</th>
                    <td>
                        if let Some(was) = was { <del>{ shown(was) }</del>{ " " } }
                        <b>{ shown(value) }</b>
                    </td>
                </tr>
            }
        });
    html! {
        <table class="folded">
            <caption>{ format!("State that {} folds", fold.name) }</caption>
            <tbody>{ for parts }</tbody>
        </table>
    }
}

fn shown(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "null".to_owned())
}

/// The events; those behind the place are not there yet.
fn events(stream: &StreamView, here: usize, go: &Callback<usize>) -> Html {
    let rows = stream
        .events
        .iter()
        .enumerate()
        .map(|(index, event)| event_row(index, event, here, go));
    let hidden = (stream.total as usize).saturating_sub(stream.events.len());
    html! {
        <>
            <ol class="stream-events">{ for rows }</ol>
            if hidden > 0 { <p class="inspector-text quiet">{ format!("{} more are not shown.", counted(hidden, "event")) }</p> }
        </>
    }
}

fn event_row(index: usize, event: &StreamEvent, here: usize, go: &Callback<usize>) -> Html {
    let position = index + 1;
    let onclick = go.reform(move |_: MouseEvent| position);
    let title = format!(
        "Position {} of the store, at {}",
        event.position,
        milliseconds(event.at_us)
    );
    html! {
        <li>
            <button type="button" class={classes!("stream-event", (position > here).then_some("later"))}
                aria-current={(position == here).then_some("step")} {title} {onclick}>
                <span class="mono">{ event.version }</span>
                <b>{ &event.event }</b>
                <code>{ &event.data }</code>
            </button>
        </li>
    }
}
