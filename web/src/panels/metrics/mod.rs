//! The Metrics tab: what a run cost. Figures, a table of commands, and charts; behind each chart stands its table.

mod chart;
mod latency;
mod over_time;
mod summary;

use tidewire_session::protocol::{Metrics, SeriesKind};
use yew::prelude::*;

use crate::shared::Shared;
use latency::Latency;
use over_time::OverTime;

/// What the tab shows.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct MetricsProps {
    /// Of the run, once it is over.
    pub(crate) metrics: Option<Shared<Metrics>>,
    /// The playhead, in microseconds.
    pub(crate) at_us: u64,
}

/// The tab.
#[component]
pub(crate) fn MetricsPanel(props: &MetricsProps) -> Html {
    let Some(metrics) = &props.metrics else {
        return html! {
            <div class="empty"><b>{ "No figures yet." }</b>{ "They are known when the run is over." }</div>
        };
    };
    let over_time = |kind: SeriesKind| {
        html! { <OverTime metrics={metrics.clone()} {kind} at_us={props.at_us} /> }
    };
    html! {
        <section class="metrics scroll" aria-label="Metrics" tabindex="0">
            { summary::figures(metrics) }
            <div class="metrics-grid">
                <Latency metrics={metrics.clone()} />
                { over_time(SeriesKind::Staleness) }
                { over_time(SeriesKind::Depth) }
                { over_time(SeriesKind::LockWaits) }
                { summary::commands(metrics) }
            </div>
        </section>
    }
}
