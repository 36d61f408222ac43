//! A measured figure as the measuring programs print it: one line of JSON.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One measured figure.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// What was measured, as in docs/performance.md.
    pub(crate) name: String,
    /// Where: "native", "wasm" or "page".
    pub(crate) place: String,
    /// How much, in `unit`.
    pub(crate) value: f64,
    /// `events/s`, `ns`, `ms`, `bytes`; empty for a count.
    pub(crate) unit: String,
    /// What the project wants; absent where a figure is only watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) goal: Option<Goal>,
}

/// What the project wants of a figure, in the figure's unit.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
    /// Between the two, both included.
    Within(f64, f64),
}

impl Goal {
    /// Whether a value is what is wanted.
    pub(crate) fn met(self, value: f64) -> bool {
        match self {
            Goal::AtLeast(least) => value >= least,
            Goal::AtMost(most) => value <= most,
            Goal::Within(least, most) => (least..=most).contains(&value),
        }
    }
}

impl Figure {
    /// Whether more is better: a rate.
    pub(crate) fn is_rate(&self) -> bool {
        self.unit.ends_with("/s")
    }
}

/// The figures that a program has printed.
///
/// # Errors
/// When a line is not a figure; the message holds it.
pub(crate) fn read(lines: &str) -> Result<Vec<Figure>> {
    let figure =
        |line: &str| serde_json::from_str(line).with_context(|| format!("not a figure: {line}"));
    lines.lines().map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_figures_and_anything_else_is_named() {
        let line =
            r#"{"name":"fork","place":"native","value":500,"unit":"ns","goal":{"at_most":600}}"#;
        let figures = read(line).unwrap();
        assert_eq!(figures[0].goal, Some(Goal::AtMost(600.0)));
        assert!(read("hello").unwrap_err().to_string().contains("hello"));
    }

    #[test]
    fn goals_look_at_the_right_side() {
        assert!(Goal::AtLeast(2.0).met(3.0) && !Goal::AtLeast(2.0).met(1.0));
        assert!(Goal::AtMost(2.0).met(1.0) && !Goal::AtMost(2.0).met(3.0));
        assert!(Goal::Within(1.0, 2.0).met(1.5) && !Goal::Within(1.0, 2.0).met(0.5));
    }
}
