//! What the application hears from the window: keys, sizes, files dropped anywhere, the wish for less motion.

use gloo_events::{EventListener, EventListenerOptions};
use gloo_utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, KeyboardEvent, MediaQueryListEvent};
use yew::Callback;

use super::Msg;
use super::files::read_file;

const LESS_MOTION: &str = "(prefers-reduced-motion: reduce)";

/// Listeners of the window; released when dropped.
pub(super) struct Listeners {
    _all: Vec<EventListener>,
}

impl Listeners {
    /// Listens.
    pub(super) fn new(dispatch: &Callback<Msg>) -> Self {
        let active = EventListenerOptions::enable_prevent_default();
        let mut all = Vec::new();
        let keys = dispatch.clone();
        all.push(EventListener::new_with_options(
            &document(),
            "keydown",
            active,
            move |event| {
                if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                    keys.emit(Msg::Key(event.clone()));
                }
            },
        ));
        let sizes = dispatch.clone();
        all.push(EventListener::new(&window(), "resize", move |_| {
            sizes.emit(Msg::Width(width()));
        }));
        all.push(EventListener::new_with_options(
            &document(),
            "dragover",
            active,
            |event| {
                if carries_files(event) {
                    event.prevent_default();
                }
            },
        ));
        let files = dispatch.clone();
        all.push(EventListener::new_with_options(
            &document(),
            "drop",
            active,
            move |event| {
                if !carries_files(event) {
                    return;
                }
                event.prevent_default();
                let file = event
                    .dyn_ref::<DragEvent>()
                    .and_then(DragEvent::data_transfer)
                    .and_then(|data| data.files())
                    .and_then(|files| files.get(0));
                if let Some(file) = file {
                    read_file(file, &files);
                }
            },
        ));
        if let Ok(Some(query)) = window().match_media(LESS_MOTION) {
            let motion = dispatch.clone();
            all.push(EventListener::new(&query, "change", move |event| {
                if let Some(event) = event.dyn_ref::<MediaQueryListEvent>() {
                    motion.emit(Msg::ReducedMotion(event.matches()));
                }
            }));
        }
        Self { _all: all }
    }
}

fn carries_files(event: &web_sys::Event) -> bool {
    event
        .dyn_ref::<DragEvent>()
        .and_then(DragEvent::data_transfer)
        .is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// Whether the system asks for less motion.
pub(super) fn reduced_motion() -> bool {
    matches!(window().match_media(LESS_MOTION), Ok(Some(query)) if query.matches())
}

/// The window's width in pixels.
pub(super) fn width() -> f64 {
    let width = window().inner_width().ok();
    width.and_then(|width| width.as_f64()).unwrap_or(1440.0)
}
