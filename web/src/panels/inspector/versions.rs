//! Versions of the rows in use: who made each, who ended it, and which one the reader sees.

use tidewire_session::store_view::{Author, TableContent, VersionLine};
use yew::prelude::*;

use super::table::value;
use crate::format::counted;
use crate::icons::{Icon, sized_icon};
use crate::shared::Shared;

/// What is drawn.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct VersionsProps {
    pub(super) content: Shared<TableContent>,
    /// The transaction that reads; `None` when everybody's rows are shown.
    pub(super) reader: Option<u32>,
}

/// The versions of a table, folded away or not.
#[component]
pub(super) fn Versions(props: &VersionsProps) -> Html {
    let content = &*props.content;
    let rows = content.versions.iter().filter(|line| !line.same_row);
    let summary = format!(
        "{} of {}",
        counted(content.versions.len(), "version"),
        counted(rows.count(), "row")
    );
    let heads = content.columns.iter().map(|column| {
        let class = column.numeric.then_some("n");
        html! { <th scope="col" {class}>{ &column.name }</th> }
    });
    let seen_by = match props.reader {
        Some(number) => format!("seen by T-{number}"),
        None => "committed".to_owned(),
    };
    html! {
        <details class="versions" open=true>
            <summary>{ &summary }</summary>
            <div class="data-scroll scroll" role="region" tabindex="0" aria-label={format!("Versions of rows of {}", content.name)}>
                <table class="dt">
                    <caption class="vh">{ format!("{}, {summary}, newest first", content.name) }</caption>
                    <thead>
                        <tr>
                            <th class="g" scope="col"><span class="vh">{ "Seen" }</span></th>
                            { for heads }
                            <th scope="col" title="Transaction that made the version">{ "made" }</th>
                            <th scope="col" title="Transaction that put another in its place, or deleted the row">{ "ended" }</th>
                        </tr>
                    </thead>
                    <tbody>{ for content.versions.iter().map(|line| version(content, line, &seen_by)) }</tbody>
                </table>
            </div>
            <p class="inspector-text quiet"><span class="seen-mark" aria-hidden="true"></span>{ &seen_by }</p>
        </details>
    }
}

fn version(content: &TableContent, line: &VersionLine, seen_by: &str) -> Html {
    let values = line.values.iter().zip(&content.columns);
    let cells = values.map(|(text, column)| {
        html! { <td class={column.numeric.then_some("n")}>{ value(text.as_deref()) }</td> }
    });
    html! {
        <tr class={classes!(line.seen.then_some("seen"), line.same_row.then_some("same"))}>
            <td class="g">
                if line.seen { <span class="seen-mark" aria-hidden="true"></span><span class="vh">{ seen_by }</span> }
            </td>
            { for cells }
            <td>{ author(line.created, false) }</td>
            <td>{ line.ended.map(|ended| author(ended, line.deleted)).unwrap_or_default() }</td>
        </tr>
    }
}

/// `T-72`, with a padlock while it is in flight.
fn author(author: Author, deleted: bool) -> Html {
    let word = if deleted { "deleted by " } else { "" };
    let sign = if deleted { "− " } else { "" };
    match author {
        Author::Start => {
            html! { <span class="dim" title="There from the start">{ "start" }</span> }
        }
        Author::Committed(number) => html! {
            <span class="dim" title={format!("{word}T-{number}, committed")}>
                <span aria-hidden="true">{ sign }</span><span class="vh">{ word }</span>{ format!("T-{number}") }
            </span>
        },
        Author::InFlight(number) => html! {
            <span class="tx" title={format!("{word}T-{number}, not committed")}>
                <span class="lk">{ sized_icon(Icon::Lock, "12") }</span>
                <span><span aria-hidden="true">{ sign }</span><span class="vh">{ word }</span><b>{ format!("T-{number}") }</b><span class="vh">{ ", not committed" }</span></span>
            </span>
        },
    }
}
