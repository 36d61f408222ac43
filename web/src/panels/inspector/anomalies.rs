//! Anomalies of the whole run at a store: names, what they mean, the statements to jump to. They explain; only
//! invariants judge.

use tidewire_session::anomalies::report::{AnomalyEntry, AnomalyReport, AnomalyStatement};
use yew::prelude::*;

use crate::app::Anomalies;
use crate::format::{counted, milliseconds};
use crate::shared::Shared;

/// More are counted instead of shown.
const MOST: usize = 12;

/// What is shown and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct AnomaliesProps {
    /// The store's name.
    pub(super) store: AttrValue,
    /// What is known.
    pub(super) anomalies: Anomalies,
    /// Go to a record at its time.
    pub(super) on_line: Callback<(u32, u64)>,
}

/// The section.
#[component]
pub(super) fn AnomalyList(props: &AnomaliesProps) -> Html {
    let (count, content) = match &props.anomalies {
        Anomalies::Unknown => (None, words("They are looked for when the run is over.")),
        Anomalies::Asked => (None, words("Looking for anomalies…")),
        Anomalies::Found(report) => found(props, report),
    };
    html! {
        <section class="anomalies">
            <h3 class="inspector-section">{ "Anomalies" }<span>{ count.unwrap_or_else(|| "in the whole run".to_owned()) }</span></h3>
            { content }
        </section>
    }
}

fn words(text: &'static str) -> Html {
    html! { <p class="inspector-text quiet">{ text }</p> }
}

fn found(props: &AnomaliesProps, report: &Shared<AnomalyReport>) -> (Option<String>, Html) {
    let here = report.anomalies.iter();
    let here: Vec<&AnomalyEntry> = here
        .filter(|anomaly| anomaly.database == *props.store)
        .collect();
    if here.is_empty() {
        let text = match report.cut {
            false => {
                "None. Its transactions, one after the other in some order, would have given the same."
            }
            true => "None in the part of the run that was looked at; the run is larger than that.",
        };
        return (None, words(text));
    }
    let more = here.len().saturating_sub(MOST);
    let count = format!("{} in the whole run", here.len());
    let content = html! {
        <>
            <ul class="anomaly-list">
                { for here.iter().take(MOST).map(|anomaly| entry(anomaly, &props.on_line)) }
            </ul>
            if more > 0 { <p class="inspector-text quiet">{ format!("and {more} more") }</p> }
            if report.cut { { words("The run is larger than what is looked at: there may be others.") } }
        </>
    };
    (Some(count), content)
}

fn entry(anomaly: &AnomalyEntry, on_line: &Callback<(u32, u64)>) -> Html {
    let numbers = anomaly.transactions.iter();
    let numbers: Vec<String> = numbers.map(|it| format!("T-{}", it.number)).collect();
    let allowed = match anomaly.permitted {
        true => format!("{} permits it", sentence(&anomaly.levels.join(" with "))),
        false => format!(
            "{} forbids it: the store is at fault",
            anomaly.levels.join(" with ")
        ),
    };
    let name = (anomaly.name != anomaly.common_name)
        .then(|| html! { <code title="Its name in papers">{ &anomaly.name }</code> });
    html! {
        <li>
            <details>
                <summary>
                    <span class="anomaly-name">{ sentence(&anomaly.common_name) }</span>
                    <span class="anomaly-who">{ numbers.join(", ") }</span>
                </summary>
                <p class="inspector-text">{ &anomaly.meaning }{ " " }{ allowed }{ ". " }{ name }</p>
                <ul class="anomaly-reasons">
                    { for anomaly.dependencies.iter().map(|it| html! { <li>{ &it.sentence }</li> }) }
                </ul>
                <ol class="anomaly-steps" aria-label={format!("Statements of {}", counted(numbers.len(), "transaction"))}>
                    { for anomaly.statements.iter().map(|statement| step(statement, on_line)) }
                </ol>
            </details>
        </li>
    }
}

/// A statement; one that is in the recording leads there.
fn step(statement: &AnomalyStatement, on_line: &Callback<(u32, u64)>) -> Html {
    let at = statement.at_us.map(milliseconds).unwrap_or_default();
    let content = html! {
        <>
            <span class="anomaly-when">{ at }</span>
            <b>{ format!("T-{}", statement.transaction) }</b>
            <code>{ &statement.text }</code>
        </>
    };
    let Some(place) = statement.record.zip(statement.at_us) else {
        return html! { <li><span class="anomaly-step">{ content }</span></li> };
    };
    let go = on_line.reform(move |_: MouseEvent| place);
    html! { <li><button type="button" class="anomaly-step" title="Go to it" onclick={go}>{ content }</button></li> }
}

/// With a capital.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
