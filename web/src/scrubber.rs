//! The whole run in one line: faults, violations and the playhead as a slider. For narrow screens.

use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use crate::app::Msg;
use crate::format::milliseconds;
use crate::icons::{octagon, question, shield};
use crate::shared::Tape;
use crate::ticker::Ticker;

/// Inner width; the element is stretched to the screen's.
const WIDTH: f64 = 358.0;

/// What the line is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct ScrubberProps {
    /// The run.
    pub(crate) tape: Tape,
    /// When the lesson's question is asked.
    pub(crate) question: Option<u64>,
    /// The playhead.
    pub(crate) ticker: Ticker,
    /// The playhead when this was drawn.
    pub(crate) at_us: u64,
    /// What just happened.
    pub(crate) sentence: AttrValue,
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// The line.
#[component]
pub(crate) fn Scrubber(props: &ScrubberProps) -> Html {
    let (end_us, flags) = props.tape.read(|recording| {
        let flags = recording.timeline().flags.clone();
        (recording.reached_us().max(1), flags)
    });
    let head = use_node_ref();
    {
        let head = head.clone();
        use_effect_with((props.ticker.clone(), end_us), move |(ticker, end_us)| {
            let end_us = *end_us;
            let subscription = ticker.subscribe(move |pulse| {
                let x = pulse.at_us.min(end_us) as f64 / end_us as f64 * WIDTH;
                let Some(group) = head.cast::<Element>() else {
                    return;
                };
                let parts = [(".sc-d", "width", x), (".sc-h", "cx", x)];
                for (selector, name, value) in parts {
                    if let Some(part) = group.query_selector(selector).ok().flatten() {
                        // Attributes with valid names are always set.
                        let _ = part.set_attribute(name, &format!("{value:.1}"));
                    }
                }
            });
            move || drop(subscription)
        });
    }
    let dispatch = props.dispatch.clone();
    let seek = Callback::from(move |event: PointerEvent| {
        if event.buttons() == 0 {
            return;
        }
        let Some(line) = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        else {
            return;
        };
        // A pointer that has gone need not be captured.
        let _ = line.set_pointer_capture(event.pointer_id());
        let rect = line.get_bounding_client_rect();
        let share =
            (f64::from(event.client_x()) - rect.left() - 16.0) / (rect.width() - 32.0).max(1.0);
        dispatch.emit(Msg::Seek((share.clamp(0.0, 1.0) * end_us as f64) as u64));
    });
    let marks = flags.iter().map(|flag| {
        let x = flag.at_us as f64 / end_us as f64 * WIDTH - 6.0;
        html! {
            <g transform={format!("translate({x:.1} 2) scale(.75)")}>
                if flag.violation { { octagon() } } else { { shield() } }
            </g>
        }
    });
    let asked = props.question.map(|at_us| {
        let x = at_us.min(end_us) as f64 / end_us as f64 * WIDTH - 6.0;
        html! { <g transform={format!("translate({x:.1} 2) scale(.75)")}>{ question() }</g> }
    });
    html! {
        <svg class="scrubber" viewBox="-16 0 390 34" preserveAspectRatio="none" role="slider" tabindex="0" aria-label="Playhead"
            aria-valuemin="0" aria-valuemax={(end_us / 1000).to_string()} aria-valuenow={(props.at_us / 1000).to_string()}
            aria-valuetext={format!("{}, {}", milliseconds(props.at_us), props.sentence)} data-run-keys=""
            onpointerdown={seek.clone()} onpointermove={seek}>
            <rect class="sc-t" x="0" y="20" width={WIDTH.to_string()} height="4" rx="2" />
            { for marks }
            { for asked }
            <g ref={head}>
                <rect class="sc-d" x="0" y="20" width="0" height="4" rx="2" />
                <circle class="sc-h" cx="0" cy="22" r="9" />
            </g>
        </svg>
    }
}
