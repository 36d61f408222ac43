//! The timeline: a lane per node, what lasted as spans, messages as arrows, faults and violations as flags, and the
//! playhead. Lanes are drawn when the run grows or the view moves; the playhead follows the ticker alone.

mod lanes;
mod ruler;
mod scale;

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

use crate::app::Msg as AppMsg;
use crate::format::{grouped, milliseconds};
use crate::icons::{Icon, icon};
use crate::shared::{Drawing, Shared, Tape};
use crate::ticker::{Subscription, Ticker};
use lanes::Lanes;
use ruler::Ruler;
use scale::Scale;

/// Room for the lanes' names.
const NAMES: f64 = 136.0;
/// Room at the right edge.
const MARGIN: f64 = 24.0;
/// Virtual time shown at the beginning.
const FIRST_SPAN_US: f64 = 120_000.0;

/// The way of a message through the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    /// The selected record.
    pub(crate) record: Option<u32>,
    /// Records that it came from and those that came from it, ascending, with itself.
    pub(crate) related: Vec<u32>,
    /// `OrderPlaced 7: 4 causes, 5 effects`
    pub(crate) headline: String,
}

impl Trace {
    /// Whether a record is on the way.
    pub(crate) fn holds(&self, record: u32) -> bool {
        self.related.binary_search(&record).is_ok()
    }
}

/// What the timeline is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct TimelineProps {
    /// The canvas that runs: names and shapes of lanes.
    pub(crate) drawing: Drawing,
    /// The run.
    pub(crate) tape: Tape,
    /// The playhead.
    pub(crate) ticker: Ticker,
    /// The way of the selected message.
    pub(crate) trace: Shared<Trace>,
    /// How the playhead's place is said.
    pub(crate) sentence: AttrValue,
    /// The playhead when the sentence was made.
    pub(crate) at_us: u64,
    /// When the lesson's question is asked.
    pub(crate) question: Option<u64>,
    /// The application.
    pub(crate) dispatch: Callback<AppMsg>,
}

/// What happens on the timeline.
pub(crate) enum Msg {
    Resized,
    /// The playhead left the part that is shown.
    Follow(u64),
    Wheel(WheelEvent),
    PointerDown(PointerEvent),
    PointerMove(PointerEvent),
    PointerUp,
    FitAll,
    Zoom(bool),
}

/// The timeline.
pub(crate) struct Timeline {
    host: NodeRef,
    ruler_head: NodeRef,
    lanes_head: NodeRef,
    future: NodeRef,
    past: NodeRef,
    scale: Scale,
    scrubbing: bool,
    subscription: Option<Subscription>,
    observer: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
}

impl Component for Timeline {
    type Message = Msg;
    type Properties = TimelineProps;

    fn create(_context: &Context<Self>) -> Self {
        Self {
            host: NodeRef::default(),
            ruler_head: NodeRef::default(),
            lanes_head: NodeRef::default(),
            future: NodeRef::default(),
            past: NodeRef::default(),
            scale: Scale {
                start_us: 0.0,
                span_us: FIRST_SPAN_US,
                left: NAMES,
                width: 0.0,
            },
            scrubbing: false,
            subscription: None,
            observer: None,
        }
    }

    fn update(&mut self, context: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Resized => self.measure(),
            Msg::Follow(at_us) => match self.scale.following(at_us).filter(|_| !self.scrubbing) {
                Some(scale) => {
                    self.scale = scale;
                    true
                }
                None => false,
            },
            Msg::Wheel(event) => self.wheel(context, &event),
            Msg::PointerDown(event) => self.press(context, &event),
            Msg::PointerMove(event) => {
                if self.scrubbing {
                    self.scrub(context, &event);
                }
                false
            }
            Msg::PointerUp => {
                self.scrubbing = false;
                false
            }
            Msg::FitAll => {
                self.scale.start_us = 0.0;
                self.scale.span_us = self.longest(context);
                true
            }
            Msg::Zoom(inwards) => {
                let factor = if inwards { 1.6 } else { 1.0 / 1.6 };
                let at = context.props().ticker.now().at_us;
                let x = self
                    .scale
                    .x(at)
                    .clamp(self.scale.left, self.scale.left + self.scale.width);
                self.scale = self.scale.zoomed(factor, x, self.longest(context));
                true
            }
        }
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let link = context.link();
        html! {
            <div class="timeline" ref={self.host.clone()} onwheel={link.callback(Msg::Wheel)}
                onpointerdown={link.callback(Msg::PointerDown)} onpointermove={link.callback(Msg::PointerMove)}
                onpointerup={link.callback(|_: PointerEvent| Msg::PointerUp)} onpointercancel={link.callback(|_: PointerEvent| Msg::PointerUp)}>
                if self.scale.width > 0.0 { { self.drawn(context) } }
            </div>
        }
    }

    fn rendered(&mut self, context: &Context<Self>, first: bool) {
        if first {
            self.observe(context);
            context.link().send_message(Msg::Resized);
        }
        self.subscription = None;
        self.subscription = Some(self.follow(context));
    }

    fn destroy(&mut self, _context: &Context<Self>) {
        if let Some((observer, _)) = self.observer.take() {
            observer.disconnect();
        }
    }
}

impl Timeline {
    fn drawn(&self, context: &Context<Self>) -> Html {
        let props = context.props();
        let link = context.link();
        let end_us = props.tape.read(|recording| recording.reached_us());
        let value = format!("{}, {}", milliseconds(props.at_us), props.sentence);
        html! {
            <>
                <div class="tl-ruler" tabindex="0" role="slider" aria-label="Playhead" aria-orientation="horizontal"
                    aria-valuemin="0" aria-valuemax={(end_us / 1000).to_string()} aria-valuenow={(props.at_us / 1000).to_string()}
                    aria-valuetext={value} data-run-keys="" data-slider="">
                    <Ruler scale={self.scale} tape={props.tape.clone()} question={props.question} head={self.ruler_head.clone()} dispatch={props.dispatch.clone()} />
                </div>
                <Lanes scale={self.scale} drawing={props.drawing.clone()} tape={props.tape.clone()} trace={props.trace.clone()}
                    head={self.lanes_head.clone()} future={self.future.clone()} past={self.past.clone()} dispatch={props.dispatch.clone()} />
                <div class="tl-zoom" role="toolbar" aria-label="Time scale" data-float="">
                    <button class="btn ico" aria-label="Show more time" onclick={link.callback(|_| Msg::Zoom(false))}>{ icon(Icon::Minus) }</button>
                    <button class="btn ico" aria-label="Show less time" onclick={link.callback(|_| Msg::Zoom(true))}>{ icon(Icon::Plus) }</button>
                    <button class="btn ico" aria-label="Show the whole run" onclick={link.callback(|_| Msg::FitAll)}>{ icon(Icon::Fit) }</button>
                </div>
            </>
        }
    }

    /// Moves the playhead's elements with the ticker.
    fn follow(&self, context: &Context<Self>) -> Subscription {
        let scale = self.scale;
        let heads = [self.ruler_head.clone(), self.lanes_head.clone()];
        let (future, past) = (self.future.clone(), self.past.clone());
        let link = context.link().clone();
        context.props().ticker.subscribe(move |pulse| {
            let x = scale
                .x(pulse.at_us)
                .clamp(scale.left - 400.0, scale.left + scale.width + 400.0);
            for head in &heads {
                if let Some(element) = head.cast::<Element>() {
                    set(&element, "transform", &format!("translate({x:.1} 0)"));
                    if let Some(text) = element.query_selector("text").ok().flatten() {
                        text.set_text_content(Some(&format!("{} ms", grouped(pulse.at_us / 1000))));
                    }
                }
            }
            if let Some(element) = future.cast::<Element>() {
                set(&element, "x", &format!("{x:.1}"));
            }
            if let Some(element) = past.cast::<Element>() {
                set(&element, "width", &format!("{:.1}", x.max(0.0)));
            }
            if scale.following(pulse.at_us).is_some() {
                link.send_message(Msg::Follow(pulse.at_us));
            }
        })
    }

    fn observe(&mut self, context: &Context<Self>) {
        let Some(host) = self.host.cast::<Element>() else {
            return;
        };
        let link = context.link().clone();
        let callback = Closure::<dyn FnMut()>::new(move || link.send_message(Msg::Resized));
        if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
            observer.observe(&host);
            self.observer = Some((observer, callback));
        }
    }

    fn measure(&mut self) -> bool {
        let Some(host) = self.host.cast::<HtmlElement>() else {
            return false;
        };
        let width = f64::from(host.client_width()) - NAMES - MARGIN;
        if width <= 40.0 || width == self.scale.width {
            return false;
        }
        self.scale.width = width;
        true
    }

    /// The whole run with a little room behind it.
    fn longest(&self, context: &Context<Self>) -> f64 {
        let end = context
            .props()
            .tape
            .read(|recording| recording.reached_us());
        (end as f64 * 1.02).max(10_000.0)
    }

    /// Where the pointer is, from the left edge.
    fn at(&self, event: &MouseEvent) -> f64 {
        let left = self
            .host
            .cast::<Element>()
            .map_or(0.0, |host| host.get_bounding_client_rect().left());
        f64::from(event.client_x()) - left
    }

    fn wheel(&mut self, context: &Context<Self>, event: &WheelEvent) -> bool {
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            let factor = (-event.delta_y() * 0.01).clamp(-0.5, 0.5).exp();
            self.scale = self
                .scale
                .zoomed(factor, self.at(event), self.longest(context));
            return true;
        }
        let sideways = if event.shift_key() {
            event.delta_y()
        } else {
            event.delta_x()
        };
        if sideways == 0.0 {
            return false;
        }
        event.prevent_default();
        let moved = sideways / self.scale.width * self.scale.span_us;
        let latest = (self.longest(context) - self.scale.span_us).max(0.0);
        self.scale.start_us = (self.scale.start_us + moved).clamp(0.0, latest);
        true
    }

    fn press(&mut self, context: &Context<Self>, event: &PointerEvent) -> bool {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let taken = target.is_some_and(|element| {
            element
                .closest("[data-record], [data-float]")
                .ok()
                .flatten()
                .is_some()
        });
        if taken || event.button() != 0 || self.at(event) < self.scale.left {
            return false;
        }
        self.scrubbing = true;
        if let Some(host) = self.host.cast::<Element>() {
            // A pointer that has gone need not be captured.
            let _ = host.set_pointer_capture(event.pointer_id());
        }
        self.scrub(context, event);
        false
    }

    fn scrub(&self, context: &Context<Self>, event: &PointerEvent) {
        let at_us = self.scale.time(self.at(event).max(self.scale.left));
        context.props().dispatch.emit(AppMsg::Seek(at_us));
    }
}

fn set(element: &Element, name: &str, value: &str) {
    // Attributes with valid names are always set.
    let _ = element.set_attribute(name, value);
}

/// A callback that selects a record.
fn select(dispatch: &Callback<AppMsg>, record: u32) -> Callback<MouseEvent> {
    dispatch.reform(move |_: MouseEvent| AppMsg::SelectRecord(Some(record)))
}

/// The lanes' shared value for an empty trace.
pub(crate) fn no_trace() -> Shared<Trace> {
    Shared::new(Trace::default())
}
