//! One table as a table: the sign of a change in the gutter, old values struck through, the writer at the end;
//! below it the versions of the rows in use.

use tidewire_session::store_view::{Author, Cell, RowMark, TableContent, TableRow, Was};
use yew::prelude::*;

use super::versions::Versions;
use crate::format::{counted, grouped};
use crate::icons::{Icon, sized_icon};
use crate::shared::Shared;

/// Unchanged rows beyond this many are counted instead of shown, until all are asked for.
const FEW_ROWS: usize = 8;

/// What is drawn.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct TableProps {
    pub(super) content: Shared<TableContent>,
    /// The transaction that reads; `None` when everybody's rows are shown.
    pub(super) reader: Option<u32>,
}

/// A table with what changed in it.
#[component]
pub(super) fn DataTable(props: &TableProps) -> Html {
    let content = &*props.content;
    let all = use_state(|| false);
    let has_writers = content
        .rows
        .iter()
        .any(|row| row.writer != Author::Start || !row.locked_by.is_empty());
    let rows = shown(&content.rows, if *all { usize::MAX } else { FEW_ROWS });
    let hidden = (content.total as usize).saturating_sub(
        rows.iter()
            .filter(|row| row.change != RowMark::Removed)
            .count(),
    );
    let heads = content.columns.iter().map(|column| {
        let class = column.numeric.then_some("n");
        html! { <th scope="col" {class} title={column.data_type.clone()}>{ &column.name }</th> }
    });
    let summary = summary(content);
    let setter = all.setter();
    let show_all = Callback::from(move |_: MouseEvent| setter.set(true));
    html! {
        <section class="data-table">
            <h3 class="inspector-section"><code>{ &content.name }</code><span>{ &summary }</span></h3>
            <div class="data-scroll scroll" role="region" tabindex="0" aria-label={format!("Rows of {}", content.name)}>
                <table class="dt">
                    <caption class="vh">{ format!("{}, {summary}", content.name) }</caption>
                    <thead>
                        <tr>
                            <th class="g" scope="col"><span class="vh">{ "Change" }</span></th>
                            { for heads }
                            if has_writers { <th scope="col" title="Transaction that wrote the row; a padlock: it holds a lock on it">{ "tx" }</th> }
                        </tr>
                    </thead>
                    <tbody>
                        { for rows.into_iter().map(|row| row_of(content, row, has_writers)) }
                        if content.rows.is_empty() {
                            <tr class="none"><td class="g"></td><td colspan={content.columns.len().max(1).to_string()}>{ "No rows." }</td></tr>
                        }
                    </tbody>
                </table>
            </div>
            if hidden > 0 {
                <p class="inspector-text quiet">
                    { format!("and {} more that did not change ", grouped(hidden as u64)) }
                    if !*all { <button type="button" class="link" aria-label={format!("Show all rows of {}", content.name)} onclick={show_all}>{ "Show all" }</button> }
                </p>
            }
            if !content.versions.is_empty() {
                <Versions content={props.content.clone()} reader={props.reader} />
            }
        </section>
    }
}

/// The first rows that are as they were, and all that changed or are locked.
fn shown(rows: &[TableRow], most: usize) -> Vec<&TableRow> {
    let mut left = most;
    let kept = rows.iter().filter(|row| {
        let is_same = row.change == RowMark::Same && row.locked_by.is_empty();
        let shown = !is_same || left > 0;
        left -= usize::from(is_same && shown);
        shown
    });
    kept.collect()
}

/// `1 of 4 rows changed`, `1 row added`, `4 rows`
fn summary(content: &TableContent) -> String {
    let count = |mark| content.rows.iter().filter(|row| row.change == mark).count();
    let (added, changed, removed) = (
        count(RowMark::Added),
        count(RowMark::Changed),
        count(RowMark::Removed),
    );
    let total = content.total as usize;
    let mut parts = Vec::new();
    if changed > 0 {
        parts.push(format!("{changed} of {} changed", counted(total, "row")));
    }
    for (number, what) in [(added, "added"), (removed, "removed")] {
        match (number, parts.is_empty()) {
            (0, _) => {}
            (_, true) => parts.push(format!("{} {what}", counted(number, "row"))),
            (_, false) => parts.push(format!("{number} {what}")),
        }
    }
    match parts.is_empty() {
        true => counted(total, "row"),
        false => parts.join(", "),
    }
}

fn row_of(content: &TableContent, row: &TableRow, has_writers: bool) -> Html {
    let (class, sign, word) = match row.change {
        RowMark::Same => ("", "", ""),
        RowMark::Added => ("add", "+", "added"),
        RowMark::Changed => ("chg", "~", "changed"),
        RowMark::Removed => ("rem", "−", "removed"),
    };
    let cells = row.cells.iter().enumerate().map(|(index, cell)| {
        let numeric = content
            .columns
            .get(index)
            .is_some_and(|column| column.numeric);
        html! { <td class={numeric.then_some("n")}>{ cell_of(cell) }</td> }
    });
    html! {
        <tr class={class}>
            <td class="g"><span aria-hidden="true">{ sign }</span><span class="vh">{ word }</span></td>
            { for cells }
            if has_writers { <td>{ writer(row) }</td> }
        </tr>
    }
}

fn cell_of(cell: &Cell) -> Html {
    let value = value(cell.value.as_deref());
    let before = match &cell.was {
        Was::Same => return value,
        Was::Null => "null",
        Was::Value(before) => before.as_str(),
    };
    html! { <><del><span class="vh">{ "was " }</span>{ before }</del>{ " " }<b>{ value }</b></> }
}

/// A value, or the word for none.
pub(super) fn value(value: Option<&str>) -> Html {
    match value {
        Some(value) => html! { { value } },
        None => html! { <i class="null">{ "null" }</i> },
    }
}

/// Who made the version, and who holds a lock on the row.
fn writer(row: &TableRow) -> Html {
    let mut holders: Vec<u32> = row.locked_by.clone();
    let made = match row.writer {
        Author::Start => Html::default(),
        Author::Committed(number) => html! { <span class="dim">{ format!("T-{number}") }</span> },
        Author::InFlight(number) => {
            if !holders.contains(&number) {
                holders.insert(0, number);
            }
            Html::default()
        }
    };
    let holder = |number: &u32| {
        html! {
            <span class="tx" title={format!("T-{number} holds a lock on the row until it ends")}>
                <span class="lk">{ sized_icon(Icon::Lock, "12") }</span><span class="vh">{ "locked by " }</span><b>{ format!("T-{number}") }</b>
            </span>
        }
    };
    html! { <span class="writers">{ made }{ for holders.iter().map(holder) }</span> }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(marks: &[RowMark], total: u32) -> TableContent {
        let row = |mark: &RowMark| TableRow {
            cells: Vec::new(),
            change: *mark,
            writer: Author::Start,
            locked_by: Vec::new(),
        };
        TableContent {
            name: "items".to_owned(),
            columns: Vec::new(),
            rows: marks.iter().map(row).collect(),
            total,
            versions: Vec::new(),
        }
    }

    #[test]
    fn what_changed_is_summed_up() {
        use RowMark::{Added, Changed, Removed, Same};
        assert_eq!(summary(&content(&[Same, Same], 2)), "2 rows");
        assert_eq!(
            summary(&content(&[Changed, Same], 4)),
            "1 of 4 rows changed"
        );
        assert_eq!(summary(&content(&[Added], 1)), "1 row added");
        assert_eq!(
            summary(&content(&[Changed, Added, Removed], 2)),
            "1 of 2 rows changed, 1 added, 1 removed"
        );
    }

    #[test]
    fn rows_that_changed_are_shown_wherever_they_stand() {
        let mut marks = vec![RowMark::Same; 300];
        marks[290] = RowMark::Changed;
        let content = content(&marks, 300);
        let few = shown(&content.rows, FEW_ROWS);
        assert_eq!(few.len(), FEW_ROWS + 1);
        assert_eq!(few[FEW_ROWS].change, RowMark::Changed);
        assert_eq!(shown(&content.rows, usize::MAX).len(), 300);
    }
}
