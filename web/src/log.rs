//! The log: every record as a sentence. It is the full text equivalent of the canvas.

use yew::prelude::*;

use crate::app::Msg;
use crate::format::milliseconds;
use crate::shared::Tape;

/// Lines that are shown around the playhead.
const LINES: u32 = 120;

/// What the log is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct LogProps {
    /// The run.
    pub(crate) tape: Tape,
    /// The playhead.
    pub(crate) at_us: u64,
    /// The selected record.
    pub(crate) record: Option<u32>,
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// The lines around the playhead, the newest that has happened marked.
#[component]
pub(crate) fn Log(props: &LogProps) -> Html {
    let (lines, count) = props.tape.read(|recording| {
        let here = recording.records_until(props.at_us);
        let from = here.saturating_sub(LINES);
        (recording.log_lines(from..here + LINES / 4), recording.len())
    });
    let current = lines.iter().rposition(|line| line.at_us <= props.at_us);
    let list = use_node_ref();
    {
        let list = list.clone();
        use_effect_with((props.at_us, count), move |_| {
            let Some(element) = list.cast::<web_sys::Element>() else {
                return;
            };
            if let Some(line) = element.query_selector("[aria-current]").ok().flatten() {
                let (line, list) = (
                    line.get_bounding_client_rect(),
                    element.get_bounding_client_rect(),
                );
                let beyond = line.bottom() - list.bottom() + 48.0;
                let before = line.top() - list.top();
                if beyond > 0.0 || before < 0.0 {
                    element.set_scroll_top(element.scroll_top() + beyond as i32);
                }
            }
        });
    }
    let rows = lines.iter().enumerate().map(|(index, line)| {
        let record = line.record;
        let at_us = line.at_us;
        let dispatch = props.dispatch.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            dispatch.emit(Msg::Seek(at_us));
            dispatch.emit(Msg::SelectRecord(Some(record)));
        });
        let now = current == Some(index);
        let later = current.is_none_or(|current| index > current);
        let selected = props.record == Some(record);
        html! {
            <li key={record} aria-current={now.then_some("step")} class={classes!(later.then_some("later"), selected.then_some("on"))}>
                <button class="log-line" {onclick}>
                    <time>{ milliseconds(line.at_us) }</time>
                    <span>{ &line.sentence }</span>
                </button>
            </li>
        }
    });
    html! {
        <ol class="log" ref={list} aria-label="What happened" data-run-keys="">
            { for rows }
            if lines.is_empty() { <li class="quiet">{ "Nothing has happened yet." }</li> }
        </ol>
    }
}
