//! Bounds: figures of a run that prove a lesson's point, judged from its metrics.
//!
//! ```toml
//! [[design.bound]]
//! metric = "latency p50 of gateway.View"
//! at_most = "40ms"
//!
//! [[design.bound]]
//! metric = "each latency of gateway.View"          # for every single call of it
//! at_least = "sum of its calls"                    # or "longest of its calls"
//!
//! [[design.bound]]
//! metric = "messages"
//! at_least = { metric = "messages", design = "One call", times = 2 }
//! ```

use serde::Deserialize;
use tidewire_session::protocol::{CommandMetrics, Outcome, PartsMetrics};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bound {
    pub(crate) metric: String,
    pub(crate) at_least: Option<Limit>,
    pub(crate) at_most: Option<Limit>,
}

/// What a metric is compared with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Limit {
    Number(u64),
    /// A duration such as `40ms`, or `sum of its calls` and `longest of its calls`.
    Text(String),
    /// Another metric, of the same design unless another is named, on the same seed.
    Metric {
        metric: String,
        design: Option<String>,
        #[serde(default = "once")]
        times: u64,
    },
}

fn once() -> u64 {
    1
}

/// The runs of a lesson's designs on one seed.
pub(crate) struct Runs<'a> {
    pub(crate) own: &'a Outcome,
    pub(crate) of_design: &'a dyn Fn(&str) -> Option<&'a Outcome>,
}

impl Bound {
    /// What is not within the bound, in words; an error when the bound means nothing.
    pub(crate) fn complaint(&self, runs: &Runs<'_>) -> Result<Option<String>, String> {
        if self.at_least.is_none() && self.at_most.is_none() {
            return Err(format!("{}: write at_least or at_most", self.metric));
        }
        if let Some(command) = self.metric.strip_prefix("each latency of ") {
            return self.parts_complaint(command, runs.own);
        }
        let value = metric(&self.metric, runs.own)?;
        if let Some(limit) = &self.at_least {
            let least = limit.value(runs)?;
            if value < least {
                return Ok(Some(format!("{} is {value}, below {least}", self.metric)));
            }
        }
        if let Some(limit) = &self.at_most {
            let most = limit.value(runs)?;
            if value > most {
                return Ok(Some(format!("{} is {value}, above {most}", self.metric)));
            }
        }
        Ok(None)
    }

    fn parts_complaint(&self, name: &str, outcome: &Outcome) -> Result<Option<String>, String> {
        let parts = command(name, outcome)?.parts;
        let parts = parts.ok_or_else(|| format!("{name} calls nobody, so it has no parts"))?;
        let mut complaint = None;
        if let Some(limit) = &self.at_least {
            let (least, _) = limit.over(&parts)?;
            complaint = (least < 0).then(|| format!("one is {} us shorter than", -least));
        }
        if let Some(limit) = &self.at_most {
            let (_, most) = limit.over(&parts)?;
            complaint =
                complaint.or_else(|| (most > 0).then(|| format!("one is {most} us longer than")));
        }
        Ok(complaint.map(|words| {
            let limit = self.at_least.as_ref().or(self.at_most.as_ref());
            format!("{}: {words} {limit:?}", self.metric)
        }))
    }
}

impl Limit {
    fn value(&self, runs: &Runs<'_>) -> Result<u64, String> {
        match self {
            Limit::Number(number) => Ok(*number),
            Limit::Text(text) => duration_us(text)
                .ok_or_else(|| format!("`{text}` is no duration such as 300us, 40ms or 2s")),
            Limit::Metric {
                metric: name,
                design,
                times,
            } => {
                let outcome = match design {
                    Some(design) => (runs.of_design)(design)
                        .ok_or_else(|| format!("there is no design '{design}'"))?,
                    None => runs.own,
                };
                Ok(metric(name, outcome)? * times)
            }
        }
    }

    /// By how much the shortest and the longest exceed it.
    fn over(&self, parts: &PartsMetrics) -> Result<(i64, i64), String> {
        match self {
            Limit::Text(text) if text == "sum of its calls" => {
                Ok((parts.least_over_sum_us, parts.most_over_sum_us))
            }
            Limit::Text(text) if text == "longest of its calls" => {
                Ok((parts.least_over_longest_us, parts.most_over_longest_us))
            }
            _ => Err(
                "each latency is compared with `sum of its calls` or `longest of its calls`".into(),
            ),
        }
    }
}

fn duration_us(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn command<'a>(name: &str, outcome: &'a Outcome) -> Result<&'a CommandMetrics, String> {
    let commands = &outcome.metrics.commands;
    let found = commands.iter().find(|command| command.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = commands
            .iter()
            .map(|command| command.name.as_str())
            .collect();
        format!(
            "`{name}` was never answered; there are {}",
            names.join(", ")
        )
    })
}

/// `staleness p99 of inventory on OrderPlaced`, `depth max of order_events, group inventory`
fn of_copy_or_queue(what: &str, of: &str, outcome: &Outcome) -> Option<Result<u64, String>> {
    let metrics = &outcome.metrics;
    if what == "depth max" {
        let queue = metrics.queues.iter().find(|queue| queue.name == of);
        return Some(Ok(queue.map_or(0, |queue| queue.depth_max)));
    }
    let quantile = what.strip_prefix("staleness ")?;
    let Some(copy) = metrics.copies.iter().find(|copy| copy.name == of) else {
        let names: Vec<&str> = metrics.copies.iter().map(|copy| &*copy.name).collect();
        let names = names.join(", ");
        return Some(Err(format!("`{of}` wrote no copies; there are {names}")));
    };
    Some(match quantile {
        "p50" => Ok(copy.staleness_p50_us),
        "p99" => Ok(copy.staleness_p99_us),
        "max" => Ok(copy.staleness_max_us),
        _ => Err(format!("there is no metric `{what} of {of}`")),
    })
}

/// A metric by its name; durations in microseconds, availability in percent.
fn metric(name: &str, outcome: &Outcome) -> Result<u64, String> {
    let metrics = &outcome.metrics;
    let none = || format!("the run has no `{name}`");
    if let Some((what, of)) = name.split_once(" of ") {
        if what == "failures" {
            let mut failures = metrics.failures.iter();
            let found = failures.find(|(failure, _)| failure == of);
            return Ok(found.map_or(0, |(_, count)| u64::from(*count)));
        }
        if let Some(value) = of_copy_or_queue(what, of, outcome) {
            return value;
        }
        let command = command(of, outcome)?;
        return match what {
            "latency p50" => Ok(command.latency_p50_us),
            "latency p99" => Ok(command.latency_p99_us),
            "latency max" => Ok(command.latency_max_us),
            "answers" => Ok(u64::from(command.succeeded)),
            "refusals" => Ok(u64::from(command.failed)),
            _ => Err(format!("there is no metric `{name}`")),
        };
    }
    match name {
        "events" => Ok(outcome.events),
        "virtual time" => Ok(outcome.virtual_time_us),
        "requests" => Ok(u64::from(metrics.requests.started)),
        "requests succeeded" => Ok(u64::from(metrics.requests.succeeded)),
        "requests failed" => Ok(u64::from(metrics.requests.failed)),
        "latency p50" => metrics.latency_p50_us.ok_or_else(none),
        "latency p99" => metrics.latency_p99_us.ok_or_else(none),
        "messages" => Ok(metrics.messages),
        "commits" => Ok(metrics.commits),
        "rollbacks" => Ok(metrics.rollbacks),
        "rows read" => Ok(metrics.rows_read),
        "lock wait" => Ok(metrics.lock_wait_us),
        "staleness max" => metrics.staleness_max_us.ok_or_else(none),
        "round trips" => Ok(metrics.round_trips),
        "round trips p50" => metrics.round_trips_p50.ok_or_else(none),
        "round trips max" => metrics.round_trips_max.ok_or_else(none),
        "bytes stored twice" => Ok(metrics.copied_bytes),
        "availability" | "availability during faults" | "availability otherwise" => {
            let (during, otherwise) = (metrics.during_faults, metrics.otherwise);
            let (ended, answered) = match name {
                "availability during faults" => (during.ended, during.answered),
                "availability otherwise" => (otherwise.ended, otherwise.answered),
                _ => (
                    during.ended + otherwise.ended,
                    during.answered + otherwise.answered,
                ),
            };
            let percent = u64::from(answered) * 100;
            percent.checked_div(u64::from(ended)).ok_or_else(none)
        }
        _ => Err(format!("there is no metric `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidewire_engine::Choices;
    use tidewire_session::simulation::Simulation;
    use tidewire_session::source;

    use super::*;

    /// A page that asks two services one after the other.
    const PAGE: &str = "
        service catalog { query Product() { wait 4ms; reply (); } }
        service stock { query Level() { wait 3ms; reply (); } }
        service page { query View() { call catalog.Product(); call stock.Level(); reply (); } }
        client visitors users 1 requests 10 { call page.View(); }";

    fn judged(bound: &str) -> Result<Option<String>, String> {
        let loaded = source::load(PAGE, None).expect("it is valid");
        let mut simulation = Simulation::new(Arc::clone(&loaded.program), 1, Choices::Canonical);
        while simulation.advance(u32::MAX) {}
        let own = simulation.outcome();
        let bound: Bound = toml::from_str(bound).expect("it reads");
        bound.complaint(&Runs {
            own: &own,
            of_design: &|_| None,
        })
    }

    #[test]
    fn numbers_durations_and_other_metrics_are_limits() {
        let kept = [
            "metric = 'requests'\nat_least = 10\nat_most = 10",
            "metric = 'latency p50 of page.View'\nat_least = '7ms'\nat_most = '20ms'",
            "metric = 'latency max of visitors'\nat_least = { metric = 'latency max of page.View' }",
            "metric = 'failures of Timeout'\nat_most = 0",
            "metric = 'availability'\nat_least = 100",
            "metric = 'round trips p50'\nat_least = 3\nat_most = 3",
            "metric = 'depth max of bus'\nat_most = 0",
        ];
        for bound in kept {
            assert_eq!(judged(bound), Ok(None), "{bound}");
        }
        let complaint = judged("metric = 'answers of page.View'\nat_least = 11");
        assert_eq!(
            complaint,
            Ok(Some("answers of page.View is 10, below 11".into()))
        );
        let twice = "metric = 'requests'\nat_least = { metric = 'requests', times = 2 }";
        assert_eq!(judged(twice), Ok(Some("requests is 10, below 20".into())));
    }

    #[test]
    fn a_serial_handler_takes_its_parts_one_after_the_other() {
        let each = |limit: &str| judged(&format!("metric = 'each latency of page.View'\n{limit}"));
        assert_eq!(each("at_least = 'sum of its calls'"), Ok(None));
        assert_eq!(each("at_least = 'longest of its calls'"), Ok(None));
        let longer = each("at_most = 'longest of its calls'").expect("it means something");
        assert!(longer.is_some_and(|words| words.contains("longer than")));
    }

    #[test]
    fn what_means_nothing_is_an_error() {
        for (bound, expected) in [
            ("metric = 'requests'", "write at_least or at_most"),
            ("metric = 'mess'\nat_most = 1", "there is no metric `mess`"),
            (
                "metric = 'staleness max of x'\nat_most = 1",
                "wrote no copies",
            ),
            (
                "metric = 'latency p50 of a.B'\nat_most = 1",
                "page.View, visitors",
            ),
            ("metric = 'requests'\nat_most = 'soon'", "no duration"),
            (
                "metric = 'each latency of stock.Level'\nat_least = 'sum of its calls'",
                "calls nobody",
            ),
            (
                "metric = 'events'\nat_most = { metric = 'events', design = 'X' }",
                "no design 'X'",
            ),
        ] {
            let error = judged(bound).expect_err(bound);
            assert!(error.contains(expected), "{bound}: {error}");
        }
    }
}
