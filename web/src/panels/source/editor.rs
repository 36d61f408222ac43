//! The text field with its coloured copy behind it.
//!
//! Both lie in one cell of a grid that scrolls, so they cannot drift apart. The letters of the field are
//! transparent; what is seen is the copy, drawn line by line.

use std::rc::Rc;

use tidewire_session::Span;
use tidewire_session::document::{DiagnosticView, Highlight};
use web_sys::{HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::difference::{byte_at, caret_after, difference, utf16_at};
use super::lines::{Line, LineBook, lines};
use super::typing::{Typed, indent, new_line, outdent};
use crate::panels::findings::class_name;

/// About how wide a letter of the editor is, in pixels: six tenths of the size of its type.
const LETTER_WIDTH: f64 = 7.2;

/// A place of the text to select and to scroll to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Bytes of the text.
    pub(crate) span: Span,
    /// Grows each time, so that the same place can be shown again.
    pub(crate) turn: u32,
}

#[derive(Clone, PartialEq, Properties)]
pub(super) struct EditorProps {
    pub(super) text: AttrValue,
    pub(super) highlights: Rc<[Highlight]>,
    pub(super) diagnostics: Rc<[DiagnosticView]>,
    /// A place that the application asks for.
    pub(super) asked: Option<Place>,
    /// A place that was chosen in the list of findings.
    pub(super) chosen: Option<Place>,
    pub(super) on_input: Callback<String>,
    pub(super) on_undo: Callback<()>,
    pub(super) on_redo: Callback<()>,
}

/// The editor.
#[component]
pub(super) fn Editor(props: &EditorProps) -> Html {
    let field = use_node_ref();
    let scroller = use_node_ref();
    let book = use_mut_ref(LineBook::default);
    let parts = (
        props.text.clone(),
        props.highlights.clone(),
        props.diagnostics.clone(),
    );
    let lines = use_memo(parts, |(text, highlights, diagnostics)| {
        book.borrow_mut()
            .update(lines(text, highlights, diagnostics))
    });
    use_effect_with((props.text.clone(), field.clone()), |(text, field)| {
        if let Some(field) = field.cast::<HtmlTextAreaElement>() {
            show_text(&field, text);
        }
    });
    use_shown_place(props.asked, &field, &scroller, &props.text);
    use_shown_place(props.chosen, &field, &scroller, &props.text);
    let keys = use_keys(props);
    let on_input = props.on_input.clone();
    let input = Callback::from(move |event: InputEvent| {
        if let Some(field) = event.target_dyn_into::<HtmlTextAreaElement>() {
            on_input.emit(field.value());
        }
    });
    html! {
        <div class="editor scroll" ref={scroller}>
            <pre class="editor-copy" aria-hidden="true">
                { for lines.iter().map(|line| html! { <LineView key={line.identity} line={line.line.clone()} /> }) }
            </pre>
            <textarea
                class="editor-field"
                ref={field}
                aria-label="Scenario"
                aria-describedby="source-keys"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                wrap="off"
                oninput={input}
                onkeydown={keys}
            />
            <p class="vh" id="source-keys">{ "Tab indents. Escape and then Tab leaves the text." }</p>
        </div>
    }
}

/// Shows a place whenever another one is asked for.
#[hook]
fn use_shown_place(place: Option<Place>, field: &NodeRef, scroller: &NodeRef, text: &AttrValue) {
    let (field, scroller, text) = (field.clone(), scroller.clone(), text.clone());
    use_effect_with(place, move |place| {
        let nodes = (
            field.cast::<HtmlTextAreaElement>(),
            scroller.cast::<HtmlElement>(),
        );
        if let (Some(place), (Some(field), Some(scroller))) = (place, nodes) {
            show_place(&field, &scroller, &text, place.span);
        }
    });
}

/// Keys with a meaning of their own. After Escape the next Tab moves the focus, so that nobody is held.
#[hook]
fn use_keys(props: &EditorProps) -> Callback<KeyboardEvent> {
    let leaving = use_mut_ref(|| false);
    let (on_input, on_undo, on_redo) = (
        props.on_input.clone(),
        props.on_undo.clone(),
        props.on_redo.clone(),
    );
    Callback::from(move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        let was_leaving = leaving.replace(false);
        let command = event.ctrl_key() || event.meta_key();
        let key = event.key();
        let edit = match key.as_str() {
            "Escape" => {
                leaving.replace(true);
                return;
            }
            "z" | "Z" if command && !event.alt_key() => {
                event.prevent_default();
                let asked = if event.shift_key() {
                    &on_redo
                } else {
                    &on_undo
                };
                return asked.emit(());
            }
            "y" if command => {
                event.prevent_default();
                return on_redo.emit(());
            }
            // Shift comes before Tab when one leaves backwards.
            "Shift" => {
                leaving.replace(was_leaving);
                return;
            }
            "Tab" if was_leaving || command || event.alt_key() => return,
            "Tab" if event.shift_key() => outdent,
            "Tab" => indent,
            "Enter" if !command && !event.alt_key() => new_line,
            _ => return,
        };
        if let Some(field) = event.target_dyn_into::<HtmlTextAreaElement>() {
            event.prevent_default();
            type_into(&field, edit);
            on_input.emit(field.value());
        }
    })
}

fn type_into(field: &HtmlTextAreaElement, edit: impl Fn(&str, std::ops::Range<usize>) -> Typed) {
    let text = field.value();
    let (start, end) = selection(field);
    let typed = edit(&text, byte_at(&text, start)..byte_at(&text, end));
    let range = (
        utf16_at(&text, typed.range.start),
        utf16_at(&text, typed.range.end),
    );
    let replaced = field.set_range_text_with_start_and_end(&typed.text, range.0, range.1);
    if replaced.is_ok() {
        let text = field.value();
        let (start, end) = (
            utf16_at(&text, typed.selection.start),
            utf16_at(&text, typed.selection.end),
        );
        // A field that is in the page always takes a selection.
        let _ = field.set_selection_range(start, end);
    }
}

fn selection(field: &HtmlTextAreaElement) -> (u32, u32) {
    let start = field.selection_start().ok().flatten().unwrap_or(0);
    let end = field.selection_end().ok().flatten().unwrap_or(start);
    (start, end.max(start))
}

/// Brings the field up to date, but only when the text was changed elsewhere: setting it moves the caret, which
/// is then put back to where it belongs.
fn show_text(field: &HtmlTextAreaElement, text: &str) {
    let before = field.value();
    let Some(change) = difference(&before, text) else {
        return;
    };
    let (start, end) = selection(field);
    let start = caret_after(change, byte_at(&before, start));
    let end = caret_after(change, byte_at(&before, end));
    field.set_value(text);
    let _ = field.set_selection_range(utf16_at(text, start), utf16_at(text, end));
}

/// Selects a place and scrolls it to the middle.
fn show_place(field: &HtmlTextAreaElement, scroller: &HtmlElement, text: &str, span: Span) {
    let (start, end) = (span.start as usize, span.end as usize);
    let _ = field.focus();
    let _ = field.set_selection_range(utf16_at(text, start), utf16_at(text, end));
    let line = text.get(..start).unwrap_or(text).matches('\n').count();
    let count = text.matches('\n').count() + 1;
    let middle = f64::from(field.offset_height()) * (line as f64 + 0.5) / count as f64;
    scroller.set_scroll_top((middle - f64::from(scroller.client_height()) / 2.0) as i32);
    let column = text
        .get(..start)
        .unwrap_or("")
        .chars()
        .rev()
        .take_while(|letter| *letter != '\n')
        .count();
    let reach = column as f64 * LETTER_WIDTH - f64::from(scroller.client_width()) / 2.0;
    scroller.set_scroll_left(reach.max(0.0) as i32);
}

#[derive(Clone, PartialEq, Properties)]
struct LineProps {
    line: Rc<Line>,
}

/// One line of the copy.
#[component]
fn LineView(props: &LineProps) -> Html {
    let line = &props.line;
    let mut from = 0;
    let pieces = line.pieces.iter().map(|piece| {
        let text = AttrValue::from(line.text[from..piece.end as usize].to_owned());
        from = piece.end as usize;
        match (piece.class, piece.mark) {
            ("plain", None) => html! { { text } },
            (class, mark) => html! {
                <span class={classes!(format!("tok-{class}"), mark.map(|mark| ["squiggle", class_name(mark)]))}>{ text }</span>
            },
        }
    });
    let worst = line.worst.map(class_name);
    html! { <span class={classes!("editor-line", worst)}>{ for pieces }{ "\n" }</span> }
}
