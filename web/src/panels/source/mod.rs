//! The Source panel: the scenario as text, with colours, findings and the way out to a file.

mod difference;
mod editor;
mod lines;
mod typing;

use std::rc::Rc;

use tidewire_session::Severity;
use tidewire_session::document::{DiagnosticView, Highlight};
use yew::prelude::*;

pub(crate) use difference::difference;
use editor::Editor;
pub(crate) use editor::Place;

use crate::format::counted;
use crate::icons::{Icon, icon};
use crate::panels::findings::Findings;

/// What the panel shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct SourceProps {
    /// The whole text.
    pub(crate) text: AttrValue,
    /// Its colours, ascending.
    pub(crate) highlights: Rc<[Highlight]>,
    /// What is wrong with it.
    pub(crate) diagnostics: Rc<[DiagnosticView]>,
    /// Whether this very text runs; otherwise the last valid one does.
    pub(crate) valid: bool,
    /// A place to show, asked for from elsewhere: a node's block, a statement.
    #[prop_or_default]
    pub(crate) place: Option<Place>,
    /// The whole text after typing. [`difference`] finds what changed.
    pub(crate) on_input: Callback<String>,
    /// Undo was asked for with the keyboard.
    pub(crate) on_undo: Callback<()>,
    /// Redo was asked for with the keyboard.
    pub(crate) on_redo: Callback<()>,
    /// The fix of the diagnostic with this index.
    pub(crate) on_fix: Callback<usize>,
    /// Format the text.
    pub(crate) on_format: Callback<()>,
    /// A file was chosen.
    pub(crate) on_open: Callback<web_sys::File>,
    /// Save the text as a file.
    pub(crate) on_download: Callback<()>,
}

/// The panel.
#[component]
pub(crate) fn SourcePanel(props: &SourceProps) -> Html {
    let chosen = use_state(|| None::<Place>);
    let reveal = use_callback(
        (props.diagnostics.clone(), chosen.clone()),
        |index: usize, (diagnostics, chosen)| {
            if let Some(finding) = diagnostics.get(index) {
                let turn = chosen.map_or(0, |place| place.turn) + 1;
                chosen.set(Some(Place {
                    span: finding.span,
                    turn,
                }));
            }
        },
    );
    html! {
        <section class="source" aria-label="Source">
            { toolbar(props) }
            <Editor
                text={props.text.clone()}
                highlights={props.highlights.clone()}
                diagnostics={props.diagnostics.clone()}
                asked={props.place}
                chosen={*chosen}
                on_input={props.on_input.clone()}
                on_undo={props.on_undo.clone()}
                on_redo={props.on_redo.clone()}
            />
            { banner(props) }
            if !props.diagnostics.is_empty() {
                <div class="source-findings scroll" role="region" aria-label="Findings" tabindex="0">
                    <Findings diagnostics={props.diagnostics.clone()} on_open={reveal} on_fix={props.on_fix.clone()} />
                </div>
            }
        </section>
    }
}

fn toolbar(props: &SourceProps) -> Html {
    html! {
        <div class="source-tools" role="group" aria-label="Text">
            <button type="button" class="btn small" onclick={props.on_format.reform(|_| ())}>
                { icon(Icon::Format) }{ "Format" }
            </button>
            <OpenFile on_open={props.on_open.clone()} />
            <button type="button" class="btn small" onclick={props.on_download.reform(|_| ())}>
                { icon(Icon::Download) }{ "Download" }
            </button>
        </div>
    }
}

/// Says calmly that nothing is lost. It is always in the page, so that a screen reader hears it appear.
fn banner(props: &SourceProps) -> Html {
    let errors = props
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    html! {
        <div role="status">
            if !props.valid {
                <p class="source-banner">
                    { icon(Icon::Warning) }
                    <span>
                        <b>{ counted(errors.count(), "error") }</b>
                        { ". The last valid design keeps running." }
                    </span>
                </p>
            }
        </div>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct OpenFileProps {
    on_open: Callback<web_sys::File>,
}

/// A button that opens the browser's choice of files.
#[component]
fn OpenFile(props: &OpenFileProps) -> Html {
    let field = use_node_ref();
    let ask = {
        let field = field.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(field) = field.cast::<web_sys::HtmlInputElement>() {
                field.click();
            }
        })
    };
    let on_open = props.on_open.clone();
    let chosen = Callback::from(move |event: Event| {
        let Some(field) = event.target_dyn_into::<web_sys::HtmlInputElement>() else {
            return;
        };
        if let Some(file) = field.files().and_then(|files| files.get(0)) {
            on_open.emit(file);
        }
        // Choosing the same file again is a change again.
        field.set_value("");
    });
    html! {
        <>
            <button type="button" class="btn small" onclick={ask}>{ icon(Icon::Open) }{ "Open" }<span class="vh">{ " a file" }</span></button>
            <input ref={field} type="file" accept=".tide,text/plain" hidden=true onchange={chosen} />
        </>
    }
}
