//! One measured figure, and how it is written down.

use serde::Serialize;

/// A figure, printed as one line of JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured, as in `docs/performance.md`.
    pub name: String,
    /// Where: "native" or "wasm".
    pub place: &'static str,
    /// How much.
    pub value: f64,
    /// Of what: "events/s", "ns", "s".
    pub unit: &'static str,
    /// What the project wants; `None` where a figure is only watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
}

/// What the project wants of a figure, in the figure's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
    /// Between the two, both included.
    Within(f64, f64),
}

impl Figure {
    /// The figure as one line of JSON.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_one_line() {
        let mut figure = Figure {
            name: "fork".into(),
            place: "native",
            value: 1.5,
            unit: "ns",
            goal: Some(Goal::AtMost(600.0)),
        };
        let line =
            r#"{"name":"fork","place":"native","value":1.5,"unit":"ns","goal":{"at_most":600.0}}"#;
        assert_eq!(figure.line().unwrap(), line);
        figure.goal = None;
        assert!(!figure.line().unwrap().contains("goal"));
    }
}
