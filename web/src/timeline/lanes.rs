//! The lanes: names at the left, spans and arrows of the part that is seen, drawn twice: solid where it has
//! happened, dashed where the playhead has not yet come.

use tidewire_session::sort;
use tidewire_session::view::{
    Arrow, CanvasNode, Lane, LaneSpan, NodeShape, SpanKind, Timeline as Model, TokenKind,
};
use yew::prelude::*;

use super::scale::Scale;
use super::{MARGIN, Trace, select};
use crate::app::Msg as AppMsg;
use crate::format::{milliseconds, shortened};
use crate::shared::{Drawing, Shared, Tape};

/// Height of a row, and of a span in it.
const ROW: f64 = 17.0;
const SPAN: f64 = 13.0;
/// A lane shows at most so many rows; what needs more shares the last.
const MOST_ROWS: u32 = 6;
/// So many spans are drawn at once; zooming in shows the rest.
const MOST_SPANS: usize = 1500;
/// With more arrows in sight than these, none are drawn but those of the traced message.
const MOST_ARROWS: usize = 500;
/// Spans narrower than this carry no text.
const TEXT_FROM: f64 = 26.0;

/// What the lanes are drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct LanesProps {
    /// What is seen.
    pub(crate) scale: Scale,
    /// Names and shapes.
    pub(crate) drawing: Drawing,
    /// The run.
    pub(crate) tape: Tape,
    /// The way of the selected message.
    pub(crate) trace: Shared<Trace>,
    /// Elements that the timeline moves.
    pub(crate) head: NodeRef,
    /// The clip of what is to come.
    pub(crate) future: NodeRef,
    /// The clip of what has happened.
    pub(crate) past: NodeRef,
    /// The application.
    pub(crate) dispatch: Callback<AppMsg>,
}

/// The lanes.
#[component]
pub(crate) fn Lanes(props: &LanesProps) -> Html {
    props
        .tape
        .read(|recording| draw(props, recording.timeline()))
}

/// Lanes as they stand from top to bottom: clients, each service with the stores that it owns, stores of several
/// services, relays, brokers.
fn order(drawing: &Drawing, model: &Model) -> Vec<usize> {
    let rank = |lane: usize| {
        let index = model.lanes[lane].node;
        let Some(node) = drawing.nodes.get(index as usize) else {
            return (5, 0, 0, index);
        };
        let group = |node: &CanvasNode| (node.frame.y as i32, node.frame.x as i32);
        let owner = node
            .owner
            .and_then(|owner| drawing.nodes.get(owner as usize));
        let (y, x) = group(owner.unwrap_or(node));
        match node.shape {
            NodeShape::Client => (0, y, x, 0),
            NodeShape::Service => (1, y, x, 0),
            NodeShape::Store if owner.is_some() => (1, y, x, 1),
            NodeShape::Store => (2, y, x, 0),
            NodeShape::Relay => (3, y, x, 0),
            NodeShape::Broker => (4, y, x, 0),
        }
    };
    let mut order: Vec<usize> = (0..model.lanes.len()).collect();
    sort::sort_by_key(&mut order, |lane| rank(*lane));
    order
}

/// Whether a span is in the part of the run that is shown.
fn is_seen(scale: Scale, span: &LaneSpan, end: u64) -> bool {
    span.end_us.unwrap_or(end) as f64 >= scale.start_us && (span.start_us as f64) <= scale.end_us()
}

/// Rows that a lane needs for what is seen of it.
fn rows_seen(scale: Scale, lane: &Lane, end: u64) -> u32 {
    let seen = lane.spans.iter().filter(|span| is_seen(scale, span, end));
    let rows = seen.map(|span| span.row + 1).max();
    rows.unwrap_or(1).clamp(1, MOST_ROWS)
}

/// Where a lane is: top edge and rows.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    top: f64,
    rows: u32,
}

/// The place of every lane, and the height of all.
fn places(drawing: &Drawing, model: &Model, scale: Scale) -> (Vec<Place>, f64) {
    let mut places = vec![Place::default(); model.lanes.len()];
    let mut y = 0.0;
    for lane in order(drawing, model) {
        let rows = rows_seen(scale, &model.lanes[lane], model.end_us);
        places[lane] = Place { top: y, rows };
        y += ROW * f64::from(rows);
    }
    (places, y)
}

fn draw(props: &LanesProps, model: &Model) -> Html {
    let scale = props.scale;
    let (places, height) = places(&props.drawing, model, scale);
    let width = scale.left + scale.width + MARGIN;
    let content = html! {
        <>
            { arrows(props, model, &places) }
            { spans(props, model, &places) }
        </>
    };
    let tops = places.iter().map(|place| place.top);
    let lines = tops.filter(|top| *top > 0.0).chain([height]).map(|y| {
        html! { <path class="lane" d={format!("M0 {}H{width}", y + 0.5)} /> }
    });
    let grid = scale.ticks().into_iter().map(|at| {
        html! { <path class="gridv" d={format!("M{:.1} 0V{height}", scale.x(at))} /> }
    });
    html! {
        <div class="tl-lanes" tabindex="0" role="group" aria-label="Lanes" data-run-keys="">
            <svg class="tl" width={width.to_string()} height={height.to_string()} role="img"
                aria-label="Space–time diagram. The log tab holds the same as text.">
                <defs>
                    <clipPath id="tl-past"><rect ref={props.past.clone()} x="0" y="0" width="0" height={height.to_string()} /></clipPath>
                    <clipPath id="tl-future"><rect ref={props.future.clone()} x="0" y="0" width={(width * 2.0).to_string()} height={height.to_string()} /></clipPath>
                    <clipPath id="tl-area"><rect x={scale.left.to_string()} y="0" width={(scale.width + MARGIN).to_string()} height={height.to_string()} /></clipPath>
                </defs>
                <g clip-path="url(#tl-area)">
                    <rect class="future" clip-path="url(#tl-future)" width={width.to_string()} height={height.to_string()} />
                    { for grid }
                </g>
                { for lines }
                <g clip-path="url(#tl-area)">
                    { flag_lines(scale, model, height) }
                    <g class="future-part" clip-path="url(#tl-future)">{ content.clone() }</g>
                    <g clip-path="url(#tl-past)">{ content }</g>
                    <g ref={props.head.clone()}><path class="ph" d={format!("M0 0V{height}")} /></g>
                </g>
                { for model.lanes.iter().zip(&places).map(|(lane, place)| name(&props.drawing, lane, place.top)) }
            </svg>
        </div>
    }
}

fn flag_lines(scale: Scale, model: &Model, height: f64) -> Html {
    let lines = model.flags.iter().map(|flag| {
        let class = if flag.violation { "vv" } else { "fv" };
        html! { <path {class} d={format!("M{:.1} 0V{height}", scale.x(flag.at_us))} /> }
    });
    lines.collect()
}

fn name(drawing: &Drawing, lane: &Lane, top: f64) -> Html {
    let Some(node) = drawing.nodes.get(lane.node as usize) else {
        return Html::default();
    };
    let d = match node.shape {
        NodeShape::Client => "M4 0H10A4 4 0 0 1 10 8H4A4 4 0 0 1 4 0Z",
        NodeShape::Service | NodeShape::Relay => "M3 -1H11L14 4L11 9H3L0 4Z",
        NodeShape::Store => "M2 1c0-3 10-3 10 0v6c0 3-10 3-10 0zM2 1c0 3 10 3 10 0",
        NodeShape::Broker => "M2 .5h10c2.5 0 2.5 7 0 7H2c-2.5 0-2.500-7 0-7z",
    };
    html! {
        <>
            <path class="lg" transform={format!("translate(15 {})", top + 4.5)} {d} />
            <text x="36" y={(top + 12.5).to_string()} class="t1">{ shortened(&node.name, 15) }</text>
        </>
    }
}

fn row_y(top: f64, row: u32) -> f64 {
    top + 2.0 + ROW * f64::from(row.min(MOST_ROWS - 1))
}

fn spans(props: &LanesProps, model: &Model, places: &[Place]) -> Html {
    let scale = props.scale;
    let end = model.end_us;
    let seen = model.lanes.iter().zip(places).flat_map(|(lane, place)| {
        let spans = lane
            .spans
            .iter()
            .filter(move |span| is_seen(scale, span, end));
        spans.map(|span| (span, place.top))
    });
    seen.take(MOST_SPANS)
        .map(|(span, top)| span_view(props, span, top, end))
        .collect()
}

fn span_view(props: &LanesProps, span: &LaneSpan, top: f64, end: u64) -> Html {
    let scale = props.scale;
    let until = span.end_us.unwrap_or(end).max(span.start_us);
    let left = scale.x(span.start_us).max(scale.left - 20.0);
    let right = scale.x(until).min(scale.left + scale.width + MARGIN + 20.0);
    let width = (right - left).max(2.0);
    let kind = match span.kind {
        SpanKind::Work => "",
        SpanKind::Transaction => "tx",
        SpanKind::Waiting => "wait",
        SpanKind::Down => "down",
        SpanKind::Failed => "bad",
    };
    let causal = props.trace.holds(span.record).then_some("causal");
    let y = row_y(top, span.row);
    let letters = ((width - 9.0) / 6.2).max(0.0) as usize;
    let text_x = left.max(scale.left) + 5.0;
    html! {
        <g class={classes!("sp", kind, causal)} data-record={span.record.to_string()} onclick={select(&props.dispatch, span.record)}>
            <title>{ format!("{}, {}", span.label, milliseconds(until - span.start_us)) }</title>
            <rect class="sp-r" x={format!("{left:.1}")} y={y.to_string()} width={format!("{width:.1}")} height={SPAN.to_string()} rx="3" />
            if matches!(span.kind, SpanKind::Down) {
                <rect class="sp-h" x={format!("{left:.1}")} y={y.to_string()} width={format!("{width:.1}")} height={SPAN.to_string()} rx="3" />
            }
            if width >= TEXT_FROM {
                <text x={format!("{text_x:.1}")} y={(y + 10.5).to_string()}>{ shortened(&span.label, letters) }</text>
            }
        </g>
    }
}

fn arrows(props: &LanesProps, model: &Model, places: &[Place]) -> Html {
    let scale = props.scale;
    let lane_of = |node: u32| {
        let index = model.lanes.iter().position(|lane| lane.node == node)?;
        places.get(index).copied()
    };
    let seen: Vec<&Arrow> = model
        .arrows
        .iter()
        .filter(|arrow| {
            arrow.end_us as f64 >= scale.start_us && (arrow.start_us as f64) <= scale.end_us()
        })
        .collect();
    // A crowd of arrows says nothing: only those of the traced message are drawn until one zooms in.
    let crowd = seen.len() > MOST_ARROWS;
    let drawn = seen
        .into_iter()
        .filter(|arrow| !crowd || props.trace.holds(arrow.record));
    drawn
        .take(MOST_ARROWS)
        .filter_map(|arrow| {
            Some(arrow_view(
                props,
                arrow,
                lane_of(arrow.from)?,
                lane_of(arrow.to)?,
            ))
        })
        .collect()
}

fn arrow_view(props: &LanesProps, arrow: &Arrow, from: Place, to: Place) -> Html {
    let scale = props.scale;
    let down = to.top >= from.top;
    // Arrows leave and arrive at the edge of the lane that faces the other one.
    let edge = |lane: Place, lower: bool| {
        if lower {
            lane.top + ROW * f64::from(lane.rows) - 2.0
        } else {
            lane.top + 2.0
        }
    };
    let (x1, x2) = (scale.x(arrow.start_us), scale.x(arrow.end_us));
    let (y1, y2) = (edge(from, down), edge(to, !down));
    let length = (x2 - x1).hypot(y2 - y1).max(0.1);
    let (ux, uy) = ((x2 - x1) / length, (y2 - y1) / length);
    let (bx, by) = (x2 - ux * 5.5, y2 - uy * 5.5);
    let causal = props.trace.holds(arrow.record);
    let class = classes!("ms", causal.then_some("causal"), kind_class(arrow.kind));
    html! {
        <g {class} data-record={arrow.record.to_string()} onclick={select(&props.dispatch, arrow.record)}>
            <path class="ms-l" d={format!("M{x1:.1} {y1:.1}L{bx:.1} {by:.1}")} />
            <path class="ms-h" d={format!("M{x2:.1} {y2:.1}L{:.1} {:.1}L{:.1} {:.1}Z", bx - uy * 2.6, by + ux * 2.6, bx + uy * 2.6, by - ux * 2.6)} />
        </g>
    }
}

fn kind_class(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Failure => "bad",
        TokenKind::Event => "ev",
        _ => "",
    }
}
