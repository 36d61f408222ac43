//! The frame that all charts share: axes, a title and a description for those who do not see it, the table behind it.

use yew::prelude::*;

/// Width of a chart in its own units, which are pixels where it is as wide as it likes to be.
pub(super) const WIDTH: f64 = 360.0;
/// Height.
pub(super) const HEIGHT: f64 = 132.0;
/// Where the plot begins at the left; figures stand before it.
pub(super) const LEFT: f64 = 52.0;
/// Where it ends at the right.
pub(super) const RIGHT: f64 = WIDTH - 8.0;
/// Its upper edge.
pub(super) const TOP: f64 = 8.0;
/// Its lower edge; figures stand below it.
pub(super) const BOTTOM: f64 = HEIGHT - 20.0;

/// A chart without its plot.
pub(super) struct Frame<'a> {
    /// Begin of the elements' ids.
    pub(super) id: &'static str,
    /// What it shows.
    pub(super) title: &'a str,
    /// The same with figures, for those who do not see it.
    pub(super) description: String,
    /// The figure at the upper end of the vertical axis.
    pub(super) top: String,
    /// Figures at the ends of the horizontal axis.
    pub(super) ends: (String, String),
}

impl Frame<'_> {
    /// The chart with its plot, what stands beside the title and below the chart, and the table behind it.
    pub(super) fn draw(&self, beside: Html, plot: Html, below_it: Html, table: Html) -> Html {
        let (title, about) = (format!("{}-title", self.id), format!("{}-about", self.id));
        let view = format!("0 0 {WIDTH} {HEIGHT}");
        let grid = format!("M{LEFT} {TOP}H{RIGHT}");
        let axis = format!("M{LEFT} {BOTTOM}H{RIGHT}");
        let below = HEIGHT - 5.0;
        html! {
            <figure class="metric">
                <figcaption><h3 id={title.clone()}>{ self.title }</h3>{ beside }</figcaption>
                <svg class="chart" viewBox={view} role="img" aria-labelledby={title} aria-describedby={about.clone()}>
                    <desc id={about}>{ self.description.clone() }</desc>
                    <path class="chart-grid" d={grid} />
                    <path class="chart-axis" d={axis} />
                    <text class="chart-figure end" x={(LEFT - 6.0).to_string()} y={(TOP + 4.0).to_string()}>{ self.top.clone() }</text>
                    <text class="chart-figure end" x={(LEFT - 6.0).to_string()} y={(BOTTOM + 1.0).to_string()}>{ "0" }</text>
                    <text class="chart-figure" x={LEFT.to_string()} y={below.to_string()}>{ self.ends.0.clone() }</text>
                    <text class="chart-figure end" x={RIGHT.to_string()} y={below.to_string()}>{ self.ends.1.clone() }</text>
                    { plot }
                </svg>
                { below_it }
                <details class="metric-table">
                    <summary>{ "As a table" }</summary>
                    <div class="data-scroll" tabindex="0" role="region" aria-label={format!("{}, as a table", self.title)}>{ table }</div>
                </details>
            </figure>
        }
    }
}

/// A figure that says there is nothing to draw.
pub(super) fn empty(title: &str, words: &str) -> Html {
    html! {
        <figure class="metric">
            <figcaption><h3>{ title.to_owned() }</h3></figcaption>
            <p class="metric-empty">{ words.to_owned() }</p>
        </figure>
    }
}

/// A place on the vertical axis.
pub(super) fn height(value: u64, top: u64) -> f64 {
    let share = value as f64 / top.max(1) as f64;
    BOTTOM - share * (BOTTOM - TOP)
}

/// A coordinate with one digit behind the point.
pub(super) fn short(coordinate: f64) -> String {
    format!("{}", (coordinate * 10.0).round() / 10.0)
}
