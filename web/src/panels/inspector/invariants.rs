//! The Invariants tab: every rule with its state at the playhead, when it breaks, and the rows that show it.

use tidewire_session::view::{Frame, InvariantNow};
use yew::prelude::*;

use crate::format::milliseconds;
use crate::icons::state_mark;
use crate::shared::Shared;

/// State of an invariant: it holds.
const HOLDS: u8 = 0;
/// It may yet hold.
const PENDING: u8 = 1;
/// It is broken.
const VIOLATED: u8 = 2;

/// What the tab shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct InvariantsProps {
    /// Everything at the playhead.
    pub(crate) frame: Shared<Frame>,
    /// A time was chosen, in microseconds.
    pub(crate) on_seek: Callback<u64>,
}

/// The tab.
#[component]
pub(crate) fn InvariantsPanel(props: &InvariantsProps) -> Html {
    let invariants = &props.frame.invariants;
    if invariants.is_empty() {
        return html! {
            <div class="empty">
                <b>{ "No invariants." }</b>
                { "Write one in the source to see when it breaks: " }
                <code>{ "invariant 'Stock is never negative' always no rows select …;" }</code>
            </div>
        };
    }
    html! {
        <div class="inspector-invariants">
            <h2 class="inspector-section">{ "Invariants" }<span>{ summary(invariants) }</span></h2>
            <ul class="invariants">{ for invariants.iter().map(|invariant| item(props, invariant)) }</ul>
        </div>
    }
}

/// `all 4 hold`, `1 of 4 broken`
fn summary(invariants: &[InvariantNow]) -> String {
    let count = |state| {
        invariants
            .iter()
            .filter(|invariant| invariant.state == state)
            .count()
    };
    let total = invariants.len();
    match (count(VIOLATED), count(HOLDS)) {
        (0, holding) if holding == total => format!("all {total} hold"),
        (0, holding) => format!("{holding} of {total} hold"),
        (broken, _) => format!("{broken} of {total} broken"),
    }
}

fn item(props: &InvariantsProps, invariant: &InvariantNow) -> Html {
    let class = match invariant.state {
        VIOLATED => "is-broken",
        _ => "",
    };
    let (words, time) = state_in_words(invariant);
    html! {
        <li key={invariant.sentence.to_string()} class={classes!("invariant", class)}>
            { state_mark(invariant.state) }
            <div>
                <p class="invariant-sentence">{ &*invariant.sentence }</p>
                <p class="invariant-state">
                    <span class="mode" title={mode_in_words(&invariant.mode)}>{ &invariant.mode }</span>
                    <span>{ words }</span>
                    if let Some((verb, at_us)) = time {
                        <button type="button" class="link" onclick={props.on_seek.reform(move |_: MouseEvent| at_us)}>
                            <span class="vh">{ "Go to where it " }</span>{ format!("{verb} at {}", milliseconds(at_us)) }
                        </button>
                    }
                </p>
                if invariant.state == VIOLATED || invariant.state == PENDING { { evidence(&invariant.evidence) } }
            </div>
        </li>
    }
}

/// The state, and the time that says most about it: when it broke, or when it will.
fn state_in_words(invariant: &InvariantNow) -> (&'static str, Option<(&'static str, u64)>) {
    let past = invariant.violated_at_us.map(|at_us| ("broke", at_us));
    let future = invariant.breaks_at_us.map(|at_us| ("breaks", at_us));
    match (invariant.state, past) {
        (VIOLATED, _) => ("broken", past),
        (HOLDS, Some(_)) => ("holds again", past),
        (HOLDS, None) => ("holds", future),
        (PENDING, _) => ("not decided yet", past.or(future)),
        _ => ("cannot be judged", past.or(future)),
    }
}

/// What a mode means, for those who meet it here first.
fn mode_in_words(mode: &str) -> &'static str {
    match mode.split(' ').next() {
        Some("always") => "Judged after every change",
        Some("finally") => "Judged when the run is quiet",
        _ => "May be broken for this long, not longer",
    }
}

/// The rows that show it: as a table when all have the same columns, else line by line.
fn evidence(rows: &[String]) -> Html {
    if rows.is_empty() {
        return Html::default();
    }
    match columns(rows) {
        Some((heads, rows)) => html! {
            <div class="data-scroll scroll" role="region" tabindex="0" aria-label="Rows that show it">
                <table class="dt evidence">
                    <thead><tr>
                        <th class="g" scope="col"><span class="vh">{ "Sign" }</span></th>
                        { for heads.into_iter().map(|head| html! { <th scope="col">{ head }</th> }) }
                    </tr></thead>
                    <tbody>
                        { for rows.into_iter().map(|cells| html! {
                            <tr class="bad">
                                <td class="g"><span aria-hidden="true">{ "!" }</span><span class="vh">{ "violates" }</span></td>
                                { for cells.into_iter().map(|cell| html! { <td>{ cell }</td> }) }
                            </tr>
                        }) }
                    </tbody>
                </table>
            </div>
        },
        None => {
            html! { <ul class="evidence-lines">{ for rows.iter().map(|row| html! { <li>{ row }</li> }) }</ul> }
        }
    }
}

/// Rows come as `sku mug, on_hand -1`. They make a table only when every row has the same names in the same order,
/// which a value with a comma in it breaks up.
fn columns(rows: &[String]) -> Option<(Vec<&str>, Vec<Vec<&str>>)> {
    let mut heads = Vec::new();
    let mut table = Vec::new();
    for row in rows {
        let pairs: Option<Vec<(&str, &str)>> =
            row.split(", ").map(|pair| pair.split_once(' ')).collect();
        let (names, values): (Vec<&str>, Vec<&str>) = pairs?.into_iter().unzip();
        if table.is_empty() {
            heads = names;
        } else if heads != names {
            return None;
        }
        table.push(values);
    }
    Some((heads, table))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn invariant(
        state: u8,
        violated_at_us: Option<u64>,
        breaks_at_us: Option<u64>,
    ) -> InvariantNow {
        InvariantNow {
            sentence: Arc::from("Stock is never negative"),
            mode: "always".to_owned(),
            state,
            violated_at_us,
            breaks_at_us,
            evidence: Vec::new(),
        }
    }

    fn rows(rows: &[&str]) -> Vec<String> {
        rows.iter().map(|row| (*row).to_owned()).collect()
    }

    #[test]
    fn a_state_names_the_time_that_says_most() {
        assert_eq!(
            state_in_words(&invariant(HOLDS, None, None)),
            ("holds", None)
        );
        assert_eq!(
            state_in_words(&invariant(HOLDS, None, Some(9))),
            ("holds", Some(("breaks", 9)))
        );
        assert_eq!(
            state_in_words(&invariant(VIOLATED, Some(9), Some(9))),
            ("broken", Some(("broke", 9)))
        );
        assert_eq!(
            state_in_words(&invariant(HOLDS, Some(9), Some(9))),
            ("holds again", Some(("broke", 9)))
        );
    }

    #[test]
    fn states_are_summed_up() {
        let (good, bad, open) = (
            invariant(0, None, None),
            invariant(2, Some(1), Some(1)),
            invariant(1, None, None),
        );
        assert_eq!(summary(&[good.clone(), good.clone()]), "all 2 hold");
        assert_eq!(summary(&[good.clone(), open.clone()]), "1 of 2 hold");
        assert_eq!(summary(&[good, open, bad]), "1 of 3 broken");
    }

    #[test]
    fn rows_with_the_same_names_make_a_table() {
        let alike = rows(&["sku mug, on_hand -1", "sku storm lamp, on_hand 0"]);
        let (heads, cells) = columns(&alike).expect("a table");
        assert_eq!(heads, ["sku", "on_hand"]);
        assert_eq!(cells, [["mug", "-1"], ["storm lamp", "0"]]);
        assert_eq!(columns(&rows(&["sku mug, large", "sku lamp"])), None);
        assert_eq!(columns(&rows(&["a 1", "b 1"])), None);
    }
}
