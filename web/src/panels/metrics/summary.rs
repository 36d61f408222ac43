//! Figures of the whole run, and the table of commands, which is shown at once.

use tidewire_session::protocol::{AnsweredCounts, Metrics};
use yew::prelude::*;

use crate::format::{grouped, milliseconds};

/// The figures in a line.
pub(super) fn figures(metrics: &Metrics) -> Html {
    let requests = metrics.requests;
    let mut entries = vec![
        (
            "Requests",
            format!(
                "{} of {} succeeded",
                grouped(u64::from(requests.succeeded)),
                grouped(u64::from(requests.started))
            ),
        ),
        ("Answered", percent(metrics.otherwise)),
        ("Answered during faults", percent(metrics.during_faults)),
        ("Messages", grouped(metrics.messages)),
        (
            "Round trips",
            match metrics.round_trips_p50 {
                Some(median) => format!("{}, {median} a request", grouped(metrics.round_trips)),
                None => grouped(metrics.round_trips),
            },
        ),
        ("Waiting for locks", milliseconds(metrics.lock_wait_us)),
        (
            "Stored twice",
            format!("{} bytes", grouped(metrics.copied_bytes)),
        ),
    ];
    if metrics.during_faults.ended == 0 {
        entries.retain(|(name, _)| *name != "Answered during faults");
    }
    let entries = entries.into_iter().map(|(name, value)| {
        html! { <div><dt>{ name }</dt><dd>{ value }</dd></div> }
    });
    html! { <dl class="metric-figures">{ for entries }</dl> }
}

/// `98 %`, of how many.
fn percent(counts: AnsweredCounts) -> String {
    let share = u64::from(counts.answered) * 100;
    match share.checked_div(u64::from(counts.ended)) {
        Some(share) => format!("{share} % of {}", grouped(u64::from(counts.ended))),
        None => "none ended".into(),
    }
}

/// Clients and commands with their latencies.
pub(super) fn commands(metrics: &Metrics) -> Html {
    let rows = metrics.commands.iter().map(|command| {
        let time = |time_us: u64| match command.succeeded {
            0 => "–".to_owned(),
            _ => milliseconds(time_us),
        };
        html! {
            <tr>
                <th scope="row">{ &command.name }</th>
                <td class="n">{ grouped(u64::from(command.succeeded)) }</td>
                <td class="n">{ grouped(u64::from(command.failed)) }</td>
                <td class="n">{ time(command.latency_p50_us) }</td>
                <td class="n">{ time(command.latency_p99_us) }</td>
                <td class="n">{ time(command.latency_max_us) }</td>
            </tr>
        }
    });
    let heads = ["good", "failed", "median", "p99", "longest"].map(|head| {
        html! { <th scope="col" class="n">{ head }</th> }
    });
    html! {
        <figure class="metric wide">
            <figcaption><h3>{ "Clients and commands" }</h3></figcaption>
            <div class="data-scroll" tabindex="0" role="region" aria-label="Clients and commands">
                <table class="dt">
                    <thead><tr><th scope="col">{ "name" }</th>{ for heads }</tr></thead>
                    <tbody>{ for rows }</tbody>
                </table>
            </div>
        </figure>
    }
}
