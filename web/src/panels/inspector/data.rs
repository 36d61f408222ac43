//! The Data tab: the tables of a store as somebody sees them, and who waits for whose locks.

use tidewire_session::document::Command;
use tidewire_session::protocol::ReadAs;
use tidewire_session::store_view::{
    Author, LastStatement, LockGroup, StoreView, StreamView, TableContent,
};
use tidewire_session::view::Glyph;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::anomalies::AnomalyList;
use super::header::Header;
use super::locks::locks;
use super::statement::statement;
use super::streams::Streams;
use super::table::DataTable;
use crate::app::Anomalies;
use crate::icons::{Icon, icon};
use crate::shared::{Drawing, Shared};

/// Open transactions beyond this many are left out of the choice; the newest stay.
const MOST_READERS: usize = 4;

/// A store at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StoreContent {
    /// Its tables.
    pub(crate) tables: Vec<Shared<TableContent>>,
    /// Locks that are held or waited for.
    pub(crate) locks: Vec<LockGroup>,
    /// The last statement that read or wrote rows.
    pub(crate) statement: Option<LastStatement>,
    /// Streams of an event store.
    pub(crate) streams: Shared<Vec<StreamView>>,
}

impl StoreContent {
    /// What was read after `before`. A table that is as it was stays the same value, so that it is not drawn again.
    pub(crate) fn after(before: Option<&Self>, store: StoreView) -> Self {
        let known = before.map_or(&[][..], |before| &before.tables);
        let table = |(index, table): (usize, TableContent)| match known.get(index) {
            Some(known) if **known == table => known.clone(),
            _ => Shared::new(table),
        };
        Self {
            tables: store.tables.into_iter().enumerate().map(table).collect(),
            locks: store.locks,
            statement: store.statement,
            streams: match before {
                Some(before) if *before.streams == store.streams => before.streams.clone(),
                _ => Shared::new(store.streams),
            },
        }
    }
}

/// What the tab shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct DataProps {
    /// What the canvas shows.
    pub(crate) drawing: Drawing,
    /// Index of the store; `None` when nothing with tables is selected.
    pub(crate) store: Option<u32>,
    /// Whether the drawing is what runs; otherwise there are no tables to read.
    pub(crate) runs: bool,
    /// The playhead.
    pub(crate) at_us: u64,
    /// What the store holds; `None` until it has been read.
    pub(crate) content: Option<Shared<StoreContent>>,
    /// Transactions open at the store, by number.
    pub(crate) transactions: Vec<u32>,
    /// As whom the content was asked for.
    pub(crate) read: ReadAs,
    /// Whether the document may be edited here.
    #[prop_or(true)]
    pub(crate) editable: bool,
    /// What is known of the anomalies of the run.
    pub(crate) anomalies: Anomalies,
    /// Read as somebody else.
    pub(crate) on_read: Callback<ReadAs>,
    /// Go to a record at its time.
    pub(crate) on_line: Callback<(u32, u64)>,
    /// An edit was asked for.
    pub(crate) on_edit: Callback<Command>,
    /// A node's block shall be shown in the text.
    pub(crate) on_source: Callback<String>,
}

/// The tab.
#[component]
pub(crate) fn DataPanel(props: &DataProps) -> Html {
    let Some(store) = props.store else {
        return html! {
            <div class="empty">
                <b>{ "No tables to show." }</b>
                { "Choose a store, or a service that uses one." }
            </div>
        };
    };
    let reader = match props.read {
        ReadAs::Committed => None,
        ReadAs::Transaction(number) => Some(number),
    };
    let node = props.drawing.nodes.get(store as usize);
    let name = node.map_or_else(AttrValue::default, |node| {
        AttrValue::from(node.name.to_string())
    });
    html! {
        <div class="inspector-data">
            <Header drawing={props.drawing.clone()} node={store} editable={props.editable}
                on_edit={props.on_edit.clone()} on_source={props.on_source.clone()} />
            { match (&props.content, props.runs) {
                (_, false) => html! { <p class="inspector-text">{ "This design does not run as it stands, so its tables hold nothing." }</p> },
                (None, true) => reading(),
                (Some(content), true) if node.is_some_and(|node| node.glyph == Glyph::Events) => html! {
                    <Streams streams={content.streams.clone()} />
                },
                (Some(content), true) => html! {
                    <>
                        <Readers transactions={props.transactions.clone()} read={props.read} on_read={props.on_read.clone()} />
                        { for content.tables.iter().map(|table| html! { <DataTable key={table.name.clone()} content={table.clone()} {reader} /> }) }
                        if content.tables.is_empty() { <p class="inspector-text">{ "It has no tables." }</p> }
                        { uncommitted(content, reader) }
                        { locks(&content.locks, props.at_us) }
                        { statement(content.statement.as_ref(), reader, &props.on_line) }
                        <AnomalyList store={name} anomalies={props.anomalies.clone()} on_line={props.on_line.clone()} />
                    </>
                },
            } }
        </div>
    }
}

/// Static bars; they appear only when reading takes a while.
fn reading() -> Html {
    html! {
        <div class="late" role="status">
            <div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>
            <p class="inspector-text quiet">{ "Reading the tables…" }</p>
        </div>
    }
}

/// Says who alone sees what is shown.
fn uncommitted(content: &StoreContent, reader: Option<u32>) -> Html {
    let Some(number) = reader else {
        return Html::default();
    };
    let mut rows = content.tables.iter().flat_map(|table| &table.rows);
    if !rows.any(|row| row.writer == Author::InFlight(number)) {
        return Html::default();
    }
    html! { <p class="note">{ icon(Icon::Lock) }<span>{ format!("Not committed. Only T-{number} sees these rows.") }</span></p> }
}

#[derive(Clone, PartialEq, Properties)]
struct ReadersProps {
    transactions: Vec<u32>,
    read: ReadAs,
    on_read: Callback<ReadAs>,
}

/// As whom: open transactions and everybody. One tab stop; arrows move and choose.
#[component]
fn Readers(props: &ReadersProps) -> Html {
    let group = use_node_ref();
    let options = readers(&props.transactions, props.read);
    let place = options
        .iter()
        .position(|option| *option == props.read)
        .unwrap_or(0);
    let pressed = {
        let (options, on_read, group) = (options.clone(), props.on_read.clone(), group.clone());
        Callback::from(move |event: KeyboardEvent| {
            let next = match event.key().as_str() {
                "ArrowRight" | "ArrowDown" => (place + 1) % options.len(),
                "ArrowLeft" | "ArrowUp" => (place + options.len() - 1) % options.len(),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            on_read.emit(options[next]);
            let radios = group
                .cast::<web_sys::Element>()
                .map(|group| group.children());
            let radio = radios.and_then(|radios| radios.item(next as u32));
            if let Some(radio) = radio.and_then(|radio| radio.dyn_into::<HtmlElement>().ok()) {
                // A radio button takes the focus.
                let _ = radio.focus();
            }
        })
    };
    let option = |(index, option): (usize, &ReadAs)| {
        let option = *option;
        let is_chosen = option == props.read;
        html! {
            <button type="button" class="seg-option" role="radio" aria-checked={is_chosen.to_string()}
                tabindex={if index == place { "0" } else { "-1" }} onclick={props.on_read.reform(move |_: MouseEvent| option)}>
                { match option {
                    ReadAs::Committed => "Committed".to_owned(),
                    ReadAs::Transaction(number) => format!("T-{number}"),
                } }
            </button>
        }
    };
    html! {
        <div class="inspector-row">
            <span class="lab" aria-hidden="true">{ "Read as" }</span>
            <div class="seg" role="radiogroup" aria-label="Read as" ref={group} onkeydown={pressed}>
                { for options.iter().enumerate().map(option) }
            </div>
        </div>
    }
}

/// The newest open transactions, the one that is read as, and everybody.
fn readers(transactions: &[u32], read: ReadAs) -> Vec<ReadAs> {
    let newest = transactions.len().saturating_sub(MOST_READERS);
    let mut options: Vec<ReadAs> = transactions[newest..]
        .iter()
        .map(|number| ReadAs::Transaction(*number))
        .collect();
    if read != ReadAs::Committed && !options.contains(&read) {
        options.insert(0, read);
    }
    options.push(ReadAs::Committed);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_read_as_is_among_the_choices() {
        use ReadAs::{Committed, Transaction};
        assert_eq!(readers(&[], Committed), [Committed]);
        assert_eq!(
            readers(&[3, 7], Transaction(7)),
            [Transaction(3), Transaction(7), Committed]
        );
        let many = readers(&[1, 2, 3, 4, 5, 6], Transaction(1));
        assert_eq!(many.len(), MOST_READERS + 2);
        assert_eq!(many[0], Transaction(1));
    }
}
