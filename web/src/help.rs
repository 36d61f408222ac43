//! Help: the keys, and what is true about what one sees.

use yew::prelude::*;

use crate::app::Msg;
use crate::icons::{Icon, icon};

const KEYS: [(&str, &str); 15] = [
    ("K", "Play or pause"),
    ("Space", "The same, on the diagram or the timeline"),
    ("← →", "Event before, event after"),
    (
        "Shift ← →",
        "Previous cause, next effect of the selected message",
    ),
    ("Home, End", "To the start, to the end"),
    ("[ ]", "Slower, faster"),
    ("Tab", "Next node on the diagram"),
    ("Enter, F2, Del", "Inspect, rename, delete a node"),
    ("V, H, C", "Select, move the view, draw a wire"),
    ("Alt arrows", "Move a node; with Shift four times as far"),
    ("Ctrl Z, Ctrl Shift Z", "Undo, redo"),
    ("Shift 1, Shift 0", "Show everything, full size"),
    ("Ctrl K", "Find a lesson"),
    ("F6", "Next region of the page"),
    ("Esc", "Deselect, then leave the diagram"),
];

/// What the help is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct HelpProps {
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// A dialog with the keys.
#[component]
pub(crate) fn Help(props: &HelpProps) -> Html {
    let close = props.dispatch.reform(|_: MouseEvent| Msg::Help(false));
    let button = use_node_ref();
    {
        let button = button.clone();
        use_effect_with((), move |()| {
            if let Some(button) = button.cast::<web_sys::HtmlElement>() {
                // Without the focus, Escape still closes the dialog.
                let _ = button.focus();
            }
        });
    }
    let keys = KEYS.iter().map(|(keys, action)| html! { <><dt><kbd class="kbd">{ *keys }</kbd></dt><dd>{ *action }</dd></> });
    html! {
        <>
            <div class="scrim" onclick={close.clone()}></div>
            <div class="dialog" role="dialog" aria-modal="true" aria-labelledby="help-title">
                <div class="dialog-h">
                    <h2 id="help-title">{ "Help" }</h2>
                    <button class="btn ico" aria-label="Close" ref={button} onclick={close}>{ icon(Icon::Close) }</button>
                </div>
                <div class="dialog-b scroll" tabindex="0">
                    <p>{ "Everything here is the outcome of a deterministic run: same text, same design, same seed, same events. Nothing is scripted. Relational stores behave as PostgreSQL 15 does, within the SQL that Tidewire knows." }</p>
                    <h3>{ "Keys" }</h3>
                    <dl class="keys">{ for keys }</dl>
                    <p>{ "Drop a .tide file anywhere to open it. Your work is kept in this browser until you go back to the lesson." }</p>
                </div>
            </div>
        </>
    }
}
