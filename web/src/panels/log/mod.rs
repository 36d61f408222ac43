//! The Log tab: every record as a sentence, the full text equivalent of the canvas.
//!
//! A run has tens of thousands of records, so only the rows near the place that is looked at are in the page.

mod filter;
mod marks;
mod window;

use std::cell::RefCell;
use std::rc::Rc;

use tidewire_session::view::LogLine;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::format::{counted, milliseconds};
use crate::shared::Tape;
use filter::Filter;
use marks::Look;
use window::Window;

/// What the log shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct LogProps {
    /// The run.
    pub(crate) tape: Tape,
    /// The playhead, in microseconds.
    pub(crate) at_us: u64,
    /// The selected record.
    #[prop_or_default]
    pub(crate) record: Option<u32>,
    /// The selected node, by index and name: the log can show its lines alone.
    #[prop_or_default]
    pub(crate) node: Option<(u32, AttrValue)>,
    /// A line was chosen: its record and time.
    pub(crate) on_choose: Callback<(u32, u64)>,
}

/// A row as it is drawn.
struct Row {
    number: u32,
    look: Look,
    line: LogLine,
}

/// The log.
#[component]
pub(crate) fn LogPanel(props: &LogProps) -> Html {
    let list = use_node_ref();
    let follows = use_state_eq(|| true);
    let filters = use_state_eq(|| false);
    let filter = use_mut_ref(Filter::default);
    let node = props
        .node
        .as_ref()
        .filter(|_| *filters)
        .map(|(index, _)| *index);
    let (rows, current) = props.tape.read(|recording| {
        let mut filter = filter.borrow_mut();
        filter.update(&props.tape, recording, node);
        let until = recording.records_until(props.at_us);
        (filter.len(), filter.before(until).checked_sub(1))
    });
    let (window, scrolled) = use_window(&list, current, rows, &follows);
    let drawn = drawn_rows(props, &filter, window, rows);
    let active = active_row(props, &filter, current);
    let pressed = use_keys(props, &filter, active, rows, &follows);
    let (first, last) = (
        drawn.first().map_or(0, |row| row.number),
        drawn.last().map_or(0, |row| row.number + 1),
    );
    let active_id = active
        .filter(|row| (first..last).contains(row))
        .map(|row| format!("log-row-{row}"));
    html! {
        <section class="log-panel" aria-label="Log">
            { bar(props, rows, &follows, &filters) }
            <div class="log-rows scroll" ref={list} role="listbox" tabindex="0" aria-label="What happened, in order"
                aria-activedescendant={active_id} data-run-keys="" onscroll={scrolled} onkeydown={pressed}>
                { spacer(first, window) }
                { for drawn.iter().map(|row| row_of(props, row, rows, current, &follows)) }
                { spacer(rows.saturating_sub(last), window) }
                if rows == 0 {
                    <div class="empty"><b>{ "Nothing has happened yet." }</b>{ "Press play, or step to the next event." }</div>
                }
            </div>
        </section>
    }
}

/// Room for rows that are not drawn. The height is an attribute: the policy of the page refuses inline styles.
fn spacer(rows: u32, window: Window) -> Html {
    let height = (i64::from(rows) * i64::from(window.row)).to_string();
    html! { <svg class="log-spacer" width="1" {height} aria-hidden="true"></svg> }
}

/// How many lines there are, the choice between all and those of a node, and the switch that follows the playhead.
fn bar(
    props: &LogProps,
    rows: u32,
    follows: &UseStateHandle<bool>,
    filters: &UseStateHandle<bool>,
) -> Html {
    let filter = |on: bool| {
        let filters = filters.clone();
        Callback::from(move |_: MouseEvent| filters.set(on))
    };
    let follow = {
        let follows = follows.clone();
        Callback::from(move |_: MouseEvent| follows.set(!*follows))
    };
    let option = |on: bool, title: String| {
        let is_chosen = **filters == on;
        html! {
            <button type="button" class="seg-option" aria-pressed={is_chosen.to_string()} onclick={filter(on)}>{ title }</button>
        }
    };
    html! {
        <div class="log-bar">
            if let Some((_, name)) = &props.node {
                <div class="seg" role="group" aria-label="Lines">
                    { option(false, "All lines".to_owned()) }
                    { option(true, format!("Only {name}")) }
                </div>
            }
            <span>{ counted(rows as usize, "line") }</span>
            <span class="grow"></span>
            <button type="button" class={classes!("btn", "small", follows.then_some("on"))} aria-pressed={follows.to_string()} onclick={follow}>
                { "Follow the playhead" }
            </button>
        </div>
    }
}

/// The rows that are looked at, with their sentences.
fn drawn_rows(props: &LogProps, filter: &RefCell<Filter>, window: Window, rows: u32) -> Vec<Row> {
    let filter = filter.borrow();
    props.tape.read(|recording| {
        let row = |number: u32| {
            let index = filter.record(number)?;
            let line = recording.log_lines(index..index + 1).pop()?;
            let record = recording.record(index)?;
            let look = Look::of(record, recording.message_kind(index));
            Some(Row { number, look, line })
        };
        window.range(rows).filter_map(row).collect()
    })
}

/// The row that keys start from: the selected record's, or the playhead's.
fn active_row(props: &LogProps, filter: &RefCell<Filter>, current: Option<u32>) -> Option<u32> {
    let filter = filter.borrow();
    let selected = props.record.and_then(|record| {
        let row = filter.before(record);
        (filter.record(row) == Some(record)).then_some(row)
    });
    selected.or(current)
}

fn row_of(
    props: &LogProps,
    row: &Row,
    rows: u32,
    current: Option<u32>,
    follows: &UseStateHandle<bool>,
) -> Html {
    let (record, at_us) = (row.line.record, row.line.at_us);
    let (on_choose, follows) = (props.on_choose.clone(), follows.clone());
    let chosen = Callback::from(move |_: MouseEvent| {
        // The line is under the pointer already; it should not jump away.
        follows.set(false);
        on_choose.emit((record, at_us));
    });
    let state = match current {
        Some(current) if current == row.number => Some("is-now"),
        Some(current) if current > row.number => None,
        _ => Some("is-later"),
    };
    html! {
        <div key={record} id={format!("log-row-{}", row.number)} class={classes!("log-row", state, row.look.class())} role="option"
            aria-selected={(props.record == Some(record)).to_string()}
            aria-current={(current == Some(row.number)).then_some("step")}
            aria-setsize={rows.to_string()} aria-posinset={(row.number + 1).to_string()}
            onclick={chosen}>
            <time>{ milliseconds(at_us) }</time>
            <span class="log-mark">{ row.look.mark() }</span>
            <span class="log-sentence">{ &row.line.sentence }</span>
        </div>
    }
}

/// What is looked at, and the callback for scrolling. While the list follows, it moves with the current row;
/// scrolling by hand ends that.
#[hook]
fn use_window(
    list: &NodeRef,
    current: Option<u32>,
    rows: u32,
    follows: &UseStateHandle<bool>,
) -> (Window, Callback<Event>) {
    let window = use_state_eq(Window::default);
    let placed = use_mut_ref(|| 0);
    {
        let (list, window, placed) = (list.clone(), window.clone(), Rc::clone(&placed));
        use_effect_with((current, rows, **follows), move |(current, _, follows)| {
            let Some(list) = list.cast::<HtmlElement>() else {
                return;
            };
            let mut seen = Window::of(&list);
            if *follows {
                list.set_scroll_top(seen.holding(current.unwrap_or(0)));
                // The browser keeps it within the list.
                seen.top = list.scroll_top();
                placed.replace(seen.top);
            }
            window.set(seen);
        });
    }
    let scrolled = {
        let (window, follows) = (window.clone(), follows.clone());
        Callback::from(move |event: Event| {
            let Some(list) = event.target_dyn_into::<HtmlElement>() else {
                return;
            };
            let seen = Window::of(&list);
            // More than rounding: somebody scrolls by hand.
            if *follows && (seen.top - *placed.borrow()).abs() > seen.row {
                follows.set(false);
            }
            window.set(seen);
        })
    };
    (*window, scrolled)
}

/// Up and down choose the line before and after; page keys jump.
#[hook]
fn use_keys(
    props: &LogProps,
    filter: &Rc<RefCell<Filter>>,
    active: Option<u32>,
    rows: u32,
    follows: &UseStateHandle<bool>,
) -> Callback<KeyboardEvent> {
    let (tape, on_choose) = (props.tape.clone(), props.on_choose.clone());
    let (filter, follows) = (Rc::clone(filter), follows.clone());
    Callback::from(move |event: KeyboardEvent| {
        if rows == 0 || event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key()
        {
            return;
        }
        let last = rows - 1;
        let row = match (event.key().as_str(), active) {
            ("ArrowDown", Some(row)) => (row + 1).min(last),
            ("ArrowUp", Some(row)) => row.saturating_sub(1),
            ("PageDown", Some(row)) => (row + 10).min(last),
            ("PageUp", Some(row)) => row.saturating_sub(10),
            ("ArrowDown" | "PageDown", None) => 0,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let record = filter.borrow().record(row);
        let chosen = record.and_then(|record| {
            tape.read(|recording| Some((record, recording.record(record)?.at_us)))
        });
        if let Some(chosen) = chosen {
            follows.set(true);
            on_choose.emit(chosen);
        }
    })
}
