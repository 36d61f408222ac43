//! Tabs of the panels, with the keys of a tab list.

use yew::prelude::*;

/// Tabs at the left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LibraryTab {
    /// Lessons.
    #[default]
    Gallery,
    /// What can be put on the canvas.
    Parts,
    /// The text.
    Source,
}

/// Tabs at the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum InspectorTab {
    /// The selected node.
    Node,
    /// Its tables.
    Data,
    /// All invariants.
    #[default]
    Invariants,
}

/// Tabs at the bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DockTab {
    /// Lanes.
    #[default]
    Timeline,
    /// Sentences.
    Log,
    /// Figures.
    Metrics,
}

/// What a tab list is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct TabsProps<T: PartialEq + Copy + 'static> {
    /// What the list is for.
    pub(crate) label: &'static str,
    /// Begin of the elements' ids.
    pub(crate) prefix: &'static str,
    /// Value, title and what follows it.
    pub(crate) tabs: Vec<(T, &'static str, Html)>,
    /// Which one is shown.
    pub(crate) selected: T,
    /// Told when another one is chosen.
    pub(crate) choose: Callback<T>,
    /// What stands at the right of the tabs.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// A tab list: one tab stop, arrows move and choose.
#[component]
pub(crate) fn Tabs<T: PartialEq + Copy + 'static>(props: &TabsProps<T>) -> Html {
    let values: Vec<T> = props.tabs.iter().map(|(value, ..)| *value).collect();
    let place = values
        .iter()
        .position(|value| *value == props.selected)
        .unwrap_or(0);
    let choose = props.choose.clone();
    let prefix = props.prefix;
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        let next = match event.key().as_str() {
            "ArrowRight" => (place + 1) % values.len(),
            "ArrowLeft" => (place + values.len() - 1) % values.len(),
            "Home" => 0,
            "End" => values.len() - 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        choose.emit(values[next]);
        focus(&format!("{prefix}-tab-{next}"));
    });
    let tabs = props.tabs.iter().enumerate().map(|(index, (value, title, more))| {
        let value = *value;
        let on = index == place;
        let onclick = props.choose.reform(move |_: MouseEvent| value);
        html! {
            <button class="tab" role="tab" id={format!("{prefix}-tab-{index}")} aria-selected={on.to_string()}
                aria-controls={format!("{prefix}-panel")} tabindex={if on { "0" } else { "-1" }} {onclick}>
                { *title }{ more.clone() }
            </button>
        }
    });
    html! {
        <div class="tabs">
            <div class="tab-list" role="tablist" aria-label={props.label} {onkeydown}>{ for tabs }</div>
            { props.children.clone() }
        </div>
    }
}

/// Gives the focus to an element by its id.
pub(crate) fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    let element = gloo_utils::document().get_element_by_id(id);
    if let Some(element) =
        element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// Gives the focus to an element that is drawn by what happens now.
pub(crate) fn focus_soon(id: &'static str) {
    gloo_timers::callback::Timeout::new(0, move || focus(id)).forget();
}
