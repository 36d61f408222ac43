//! How long the requests of a client, or the calls of a command, took: a bar for each bucket.

use tidewire_session::protocol::{CommandMetrics, Metrics};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::chart::{BOTTOM, Frame, LEFT, RIGHT, empty, height, short};
use crate::format::{counted, grouped, milliseconds};
use crate::shared::Shared;

const TITLE: &str = "Latency";

/// What the chart is drawn from.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct LatencyProps {
    pub(super) metrics: Shared<Metrics>,
}

/// The chart, of a command that can be chosen.
#[component]
pub(super) fn Latency(props: &LatencyProps) -> Html {
    let chosen = use_state_eq(|| None::<String>);
    let commands: Vec<&CommandMetrics> = (props.metrics.commands.iter())
        .filter(|command| command.succeeded > 0)
        .collect();
    let named = commands
        .iter()
        .position(|command| chosen.as_deref() == Some(command.name.as_str()));
    // Without a choice, what a client feels: a name without a point.
    let clients = commands.iter().position(|it| !it.name.contains('.'));
    let place = named.or(clients).unwrap_or(0);
    let Some(command) = commands.get(place) else {
        return empty(TITLE, "No request was answered.");
    };
    let onchange = {
        let chosen = chosen.clone();
        Callback::from(move |event: Event| {
            let select = event.target_dyn_into::<HtmlSelectElement>();
            chosen.set(select.map(|select| select.value()));
        })
    };
    let options = commands.iter().enumerate().map(|(index, command)| {
        html! { <option value={command.name.clone()} selected={index == place}>{ &command.name }</option> }
    });
    let above = html! {
        <select class="metric-choice" aria-label="Latency of" {onchange}>{ for options }</select>
    };
    chart(command, above)
}

fn chart(command: &CommandMetrics, above: Html) -> Html {
    let buckets = &command.distribution;
    let top = buckets.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let begin_us = buckets.first().map_or(0, |(end, _)| *end);
    let end_us = buckets.last().map_or(0, |(end, _)| *end);
    let width = (RIGHT - LEFT) / buckets.len().max(1) as f64;
    let bars = buckets.iter().enumerate().map(|(index, (end, count))| {
        let y = height(u64::from(*count), u64::from(top));
        let x = LEFT + width * index as f64 + 1.0;
        let label = format!("up to {}: {count}", milliseconds(*end));
        html! {
            <rect class="chart-bar" x={short(x)} y={short(y)} width={short((width - 2.0).max(1.0))} height={short(BOTTOM - y)}>
                <title>{ label }</title>
            </rect>
        }
    });
    let quantile = |time_us: u64, words: &str| {
        // Inside its bucket, in proportion; buckets are as wide as one another.
        let index = buckets.iter().position(|(end, _)| time_us <= *end)?;
        let begin = index.checked_sub(1).map_or(0, |before| buckets[before].0);
        let span = (buckets[index].0 - begin).max(1);
        let x = LEFT + width * (index as f64 + (time_us - begin) as f64 / span as f64);
        Some(html! {
            <g class="chart-quantile">
                <path d={format!("M{} {BOTTOM}V{}", short(x), super::chart::TOP)} />
                <text class="chart-figure" x={short(x + 3.0)} y={(super::chart::TOP + 4.0).to_string()}>{ words.to_owned() }</text>
            </g>
        })
    };
    let plot = html! {
        <>
            { for bars }
            { quantile(command.latency_p50_us, "p50") }
            { quantile(command.latency_p99_us, "p99") }
        </>
    };
    let rows = buckets.iter().map(|(end, count)| {
        html! { <tr><th scope="row">{ milliseconds(*end) }</th><td class="n">{ grouped(u64::from(*count)) }</td></tr> }
    });
    let table = html! {
        <table class="dt">
            <thead><tr><th scope="col">{ "up to" }</th><th scope="col" class="n">{ "answers" }</th></tr></thead>
            <tbody>{ for rows }</tbody>
        </table>
    };
    let frame = Frame {
        id: "metric-latency",
        title: TITLE,
        description: format!(
            "{} of {}: {} in the median, {} at the 99th percentile, {} at most.",
            counted(command.succeeded as usize, "good answer"),
            command.name,
            milliseconds(command.latency_p50_us),
            milliseconds(command.latency_p99_us),
            milliseconds(command.latency_max_us)
        ),
        top: grouped(u64::from(top)),
        ends: (
            format!("up to {}", milliseconds(begin_us)),
            format!("up to {}", milliseconds(end_us)),
        ),
    };
    frame.draw(above, plot, Html::default(), table)
}
