//! Keys of the whole application. Those of the diagram and of a single control are where those are.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::tabs::DockTab;
use super::{App, Msg};

/// Where the focus is, as far as keys care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a field: only keys with Control.
    Text,
    /// On the diagram, the timeline or the log: keys of a single letter act.
    Run,
    /// On a button, tab or slider, or nowhere.
    Elsewhere,
}

fn place(event: &KeyboardEvent) -> Place {
    let Some(element) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return Place::Elsewhere;
    };
    let inside = |selector: &str| matches!(element.closest(selector), Ok(Some(_)));
    if inside("input, textarea, select, [contenteditable]") {
        Place::Text
    } else if inside("[data-run-keys]") {
        Place::Run
    } else {
        Place::Elsewhere
    }
}

impl App {
    pub(super) fn key(&mut self, event: &KeyboardEvent) -> bool {
        if event.default_prevented() {
            return false;
        }
        let place = place(event);
        let message = if event.ctrl_key() || event.meta_key() {
            control(event, place)
        } else if event.alt_key() {
            alt(event)
        } else {
            plain(event, place, self.help)
        };
        if let Some(message) = message {
            event.prevent_default();
            self.dispatch.emit(message);
        }
        false
    }
}

fn control(event: &KeyboardEvent, place: Place) -> Option<Msg> {
    if event.key().eq_ignore_ascii_case("k") && !event.shift_key() {
        return Some(Msg::FindLesson);
    }
    // A field has its own undo; the source panel's goes through the document.
    if place == Place::Text {
        return None;
    }
    match (event.key().to_ascii_lowercase().as_str(), event.shift_key()) {
        ("z", false) => Some(Msg::Undo),
        ("z", true) | ("y", false) => Some(Msg::Redo),
        _ => None,
    }
}

fn alt(event: &KeyboardEvent) -> Option<Msg> {
    match event.code().as_str() {
        "Digit1" => Some(Msg::Dock(DockTab::Timeline)),
        "Digit2" => Some(Msg::Dock(DockTab::Log)),
        "Digit3" => Some(Msg::Dock(DockTab::Metrics)),
        _ => None,
    }
}

fn plain(event: &KeyboardEvent, place: Place, help: bool) -> Option<Msg> {
    let key = event.key();
    match (key.as_str(), place) {
        ("Escape", _) if help => return Some(Msg::Help(false)),
        (_, Place::Text) => return None,
        ("k" | "K", _) => return Some(Msg::PlayPause),
        ("?", _) => return Some(Msg::Help(!help)),
        ("F6", _) => {
            next_region(event.shift_key());
            return None;
        }
        (_, Place::Elsewhere) => return None,
        _ => {}
    }
    match (key.as_str(), event.shift_key()) {
        (" ", _) => Some(Msg::PlayPause),
        ("ArrowLeft", false) => Some(Msg::Step(false)),
        ("ArrowRight", false) => Some(Msg::Step(true)),
        ("ArrowLeft", true) => Some(Msg::Along(false)),
        ("ArrowRight", true) => Some(Msg::Along(true)),
        ("Home", _) => Some(Msg::ToStart),
        ("End", _) => Some(Msg::ToEnd),
        ("[", _) => Some(Msg::Faster(false)),
        ("]", _) => Some(Msg::Faster(true)),
        _ => None,
    }
}

/// Moves the focus to the next region of the page.
fn next_region(backwards: bool) {
    const REGIONS: [&str; 6] = [
        "top",
        "library-panel",
        "diagram",
        "lesson",
        "inspector-panel",
        "dock-panel",
    ];
    let document = gloo_utils::document();
    let active = document.active_element();
    let here = REGIONS.iter().position(|id| {
        let region = document.get_element_by_id(id);
        region.is_some_and(|region| region.contains(active.as_ref().map(AsRef::as_ref)))
    });
    let count = REGIONS.len();
    for distance in 1..=count {
        let next = match (here, backwards) {
            (Some(here), false) => (here + distance) % count,
            (Some(here), true) => (here + count - distance) % count,
            (None, _) => distance - 1,
        };
        if let Some(region) = document.get_element_by_id(REGIONS[next]) {
            // HTML and SVG elements both have `focus`.
            let _ = region.unchecked_into::<web_sys::HtmlElement>().focus();
            return;
        }
    }
}
