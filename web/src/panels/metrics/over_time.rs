//! Quantities over virtual time: lines in steps, told apart by dashes as well as by colour.

use tidewire_session::protocol::{Metrics, Series, SeriesKind};
use yew::prelude::*;

use super::chart::{BOTTOM, Frame, LEFT, RIGHT, TOP, empty, height, short};
use crate::format::{grouped, milliseconds};
use crate::shared::Shared;

/// Lines that are drawn; the others stand in the table.
const LINES: usize = 5;

/// What the chart is drawn from.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct OverTimeProps {
    pub(super) metrics: Shared<Metrics>,
    pub(super) kind: SeriesKind,
    /// The playhead, in microseconds.
    pub(super) at_us: u64,
}

/// Id, title, and what is said when there is nothing.
fn words(kind: SeriesKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        SeriesKind::Staleness => (
            "metric-staleness",
            "Age of copies",
            "No handler of an event keeps a copy.",
        ),
        SeriesKind::Depth => (
            "metric-depth",
            "What waits for workers and readers",
            "Nothing had to wait.",
        ),
        SeriesKind::LockWaits => (
            "metric-locks",
            "Transactions that wait for locks",
            "No transaction had to wait for a lock.",
        ),
    }
}

fn figure(kind: SeriesKind, value: u64) -> String {
    match kind {
        SeriesKind::Staleness => milliseconds(value),
        SeriesKind::Depth | SeriesKind::LockWaits => grouped(value),
    }
}

/// The chart of all series of a kind.
#[component]
pub(super) fn OverTime(props: &OverTimeProps) -> Html {
    let (id, title, nothing) = words(props.kind);
    let mut series: Vec<&Series> = (props.metrics.series.iter())
        .filter(|series| series.kind == props.kind)
        .collect();
    if series.is_empty() {
        return empty(title, nothing);
    }
    series.sort_by_key(|series| std::cmp::Reverse(most(series)));
    let slot_us = props.metrics.slot_us;
    let slots = series.first().map_or(1, |series| series.values.len());
    let end_us = slot_us * slots as u64;
    let top = series.first().map_or(1, |series| most(series));
    let lines = series.iter().take(LINES).enumerate();
    let lines = lines.map(|(index, series)| {
        html! { <path class={format!("chart-line line-{index}")} d={steps(&series.values, top)} /> }
    });
    let at = LEFT + (RIGHT - LEFT) * (props.at_us.min(end_us) as f64 / end_us.max(1) as f64);
    let plot = html! {
        <>
            { for lines }
            <path class="chart-playhead" d={format!("M{} {TOP}V{BOTTOM}", short(at))} />
        </>
    };
    let described: Vec<String> = (series.iter())
        .map(|series| {
            format!(
                "{} at most {}",
                series.name,
                figure(props.kind, most(series))
            )
        })
        .collect();
    let frame = Frame {
        id,
        title,
        description: format!(
            "From 0 to {}: {}.",
            milliseconds(end_us),
            described.join("; ")
        ),
        top: figure(props.kind, top),
        ends: ("0 ms".into(), milliseconds(end_us)),
    };
    let names = legend(&series, props.kind);
    frame.draw(
        Html::default(),
        plot,
        names,
        table(&series, props.kind, slot_us),
    )
}

fn most(series: &Series) -> u64 {
    series.values.iter().copied().max().unwrap_or(0)
}

fn steps(values: &[u64], top: u64) -> String {
    let width = (RIGHT - LEFT) / values.len().max(1) as f64;
    let mut path = String::new();
    for (index, value) in values.iter().enumerate() {
        let (x, y) = (LEFT + width * index as f64, height(*value, top));
        match index {
            0 => path.push_str(&format!("M{} {}", short(x), short(y))),
            _ => path.push_str(&format!("V{}", short(y))),
        }
        path.push_str(&format!("H{}", short(x + width)));
    }
    path
}

/// A row for each slot in which something is not as in the one before.
fn table(series: &[&Series], kind: SeriesKind, slot_us: u64) -> Html {
    let slots = series.first().map_or(0, |series| series.values.len());
    let row = |slot: usize| -> Vec<u64> { series.iter().map(|it| it.values[slot]).collect() };
    let changed = (0..slots).filter(|slot| *slot == 0 || row(*slot) != row(*slot - 1));
    let rows = changed.map(|slot| {
        let cells = row(slot).into_iter().map(|value| {
            html! { <td class="n">{ figure(kind, value) }</td> }
        });
        html! { <tr><th scope="row">{ milliseconds(slot_us * slot as u64) }</th>{ for cells }</tr> }
    });
    let heads = series.iter().map(|series| {
        html! { <th scope="col" class="n">{ &series.name }</th> }
    });
    html! {
        <table class="dt">
            <thead><tr><th scope="col">{ "from" }</th>{ for heads }</tr></thead>
            <tbody>{ for rows }</tbody>
        </table>
    }
}

/// The names behind the lines.
fn legend(series: &[&Series], kind: SeriesKind) -> Html {
    let entries = series.iter().take(LINES).enumerate().map(|(index, series)| {
        html! {
            <li>
                <svg width="22" height="8" viewBox="0 0 22 8" aria-hidden="true"><path class={format!("chart-line line-{index}")} d="M0 4H22" /></svg>
                { &series.name }<span>{ figure(kind, most(series)) }</span>
            </li>
        }
    });
    let others = series.len().saturating_sub(LINES);
    html! {
        <ul class="chart-legend">
            { for entries }
            if others > 0 { <li>{ format!("and {others} more in the table") }</li> }
        </ul>
    }
}
