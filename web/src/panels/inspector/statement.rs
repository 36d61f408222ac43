//! The last statement at a store: its text, how it found its rows, which ones, and what became of it.

use tidewire_session::store_view::{LastStatement, StatementOutcome};
use yew::prelude::*;

use crate::format::{counted, milliseconds};

/// Words of SQL that are set apart. Sorted.
const WORDS: [&str; 46] = [
    "and",
    "as",
    "asc",
    "by",
    "case",
    "conflict",
    "create",
    "cross",
    "default",
    "delete",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "exists",
    "for",
    "from",
    "group",
    "having",
    "in",
    "insert",
    "into",
    "is",
    "join",
    "left",
    "limit",
    "not",
    "nothing",
    "null",
    "on",
    "or",
    "order",
    "returning",
    "select",
    "set",
    "share",
    "table",
    "then",
    "union",
    "update",
    "values",
    "when",
    "where",
    "with",
    "without",
];

/// The last statement; `of` is the transaction that reads, if one does.
pub(super) fn statement(
    last: Option<&LastStatement>,
    of: Option<u32>,
    on_line: &Callback<(u32, u64)>,
) -> Html {
    let Some(last) = last else {
        let words = match of {
            Some(number) => format!("T-{number} has read and written nothing yet."),
            None => "Nobody has read or written anything yet.".to_owned(),
        };
        return html! {
            <section>
                <h3 class="inspector-section">{ "Last statement" }</h3>
                <p class="inspector-text quiet">{ words }</p>
            </section>
        };
    };
    let place = (last.record, last.at_us);
    let go = on_line.reform(move |_: MouseEvent| place);
    html! {
        <section>
            <h3 class="inspector-section">{ "Last statement" }<span>{ head(last) }</span></h3>
            <pre class="sql" tabindex="0" aria-label="Text of the last statement">{ for marked(&dedented(&last.text)) }</pre>
            <dl class="status-list statement-facts">
                if !last.plan.is_empty() {
                    <dt>{ "Plan" }</dt>
                    <dd>{ for last.plan.iter().map(|line| html! { <code>{ line }</code> }) }</dd>
                }
                { rows("Read", &last.read, last.read_count) }
                { rows("Wrote", &last.written, last.written_count) }
                <dt>{ "Outcome" }</dt>
                <dd>
                    { outcome(&last.outcome) }
                    <button type="button" class="link" onclick={go}>{ "Go to it" }</button>
                </dd>
            </dl>
        </section>
    }
}

/// `T-72 of inventory, waited 3 ms`
fn head(last: &LastStatement) -> String {
    let mut words = format!("T-{}", last.transaction);
    if !last.service.is_empty() {
        words = format!("{words} of {}", last.service);
    }
    if last.waited_us > 0 {
        words = format!("{words}, waited {}", milliseconds(last.waited_us));
    }
    words
}

fn rows(label: &'static str, names: &[String], count: u32) -> Html {
    if names.is_empty() {
        return Html::default();
    }
    let more = (count as usize).saturating_sub(names.len());
    html! {
        <>
            <dt>{ label }</dt>
            <dd>
                { for names.iter().map(|name| html! { <code>{ name }</code> }) }
                if more > 0 { <span>{ format!("and {} more", counted(more, "row")) }</span> }
            </dd>
        </>
    }
}

fn outcome(outcome: &StatementOutcome) -> Html {
    match outcome {
        StatementOutcome::Done(tag) => html! { <code>{ tag }</code> },
        StatementOutcome::Waits => {
            html! { <span class="chip caution">{ "waits for a lock" }</span> }
        }
        StatementOutcome::Failed(message) => html! { <span class="failed">{ message }</span> },
    }
}

/// A text whose lines after the first have lost the indentation that they share.
fn dedented(text: &str) -> String {
    let rest = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let shared = rest.map(|line| line.len() - line.trim_start().len()).min();
    let cut = shared.unwrap_or(0).saturating_sub(2);
    let lines = text.lines().enumerate();
    let lines: Vec<&str> = lines
        .map(|(index, line)| {
            if index == 0 {
                line
            } else {
                line.get(cut..).unwrap_or("")
            }
        })
        .collect();
    lines.join("\n")
}

/// The text in pieces: words of SQL, values and texts are set apart.
fn marked(text: &str) -> Vec<Html> {
    let pieces = pieces(text).into_iter();
    pieces
        .map(|(piece, class)| match class {
            "" => html! { { piece } },
            class => html! { <span {class}>{ piece }</span> },
        })
        .collect()
}

fn pieces(text: &str) -> Vec<(&str, &'static str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            ':' => 1 + rest[1..].find(|c| !is_name(c)).unwrap_or(rest.len() - 1),
            first if is_name(first) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            _ => {
                let starts = |c: char| is_name(c) || c == '\'' || c == ':';
                rest.find(starts).unwrap_or(rest.len())
            }
        };
        let (piece, after) = rest.split_at(length);
        let class = match first {
            '\'' => "sql-text",
            ':' if length > 1 => "sql-value",
            _ if WORDS
                .binary_search(&piece.to_ascii_lowercase().as_str())
                .is_ok() =>
            {
                "sql-word"
            }
            _ => "",
        };
        pieces.push((piece, class));
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_cut_into_its_pieces() {
        assert!(WORDS.is_sorted());
        let text = "update t set a = :b_1 where c = 'x y'";
        let found = pieces(text);
        let whole: String = found.iter().map(|(piece, _)| *piece).collect();
        assert_eq!(whole, text);
        let marked: Vec<_> = found
            .into_iter()
            .filter(|(_, class)| !class.is_empty())
            .collect();
        let expected = [
            ("update", "sql-word"),
            ("set", "sql-word"),
            (":b_1", "sql-value"),
            ("where", "sql-word"),
            ("'x y'", "sql-text"),
        ];
        assert_eq!(marked, expected);
        for odd in ["'open", ":", "a::b", "", "é'ü'"] {
            let whole: String = pieces(odd).iter().map(|(piece, _)| *piece).collect();
            assert_eq!(whole, odd);
        }
    }

    #[test]
    fn lines_lose_the_indentation_that_they_share() {
        let text = "select a\n      from t\n        where b";
        assert_eq!(dedented(text), "select a\n  from t\n    where b");
        assert_eq!(dedented("one\ntwo"), "one\ntwo");
    }
}
