//! A broker's body: a pipe with a lane per partition, the last records as cells, the next offset dashed.

use tidewire_session::view::{CanvasNode, LogCell, PartitionNow, Rectangle, TopicNow};
use yew::prelude::*;

use crate::format::{px, shortened};
use crate::icons::{kind_icon, strokes};
use crate::shapes::{pipe, pipe_end};
use crate::shared::{Drawing, Shared};

/// Height of a lane.
const LANE: f32 = 22.0;
/// Width of a cell and the distance to the next one.
const CELL: (f32, f32) = (79.0, 84.0);
/// Where lanes begin, from the left edge.
const LANES_LEFT: f32 = 136.0;
/// Room that the open end takes.
const END_ROOM: f32 = 30.0;

/// What the body is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct BrokerProps {
    /// The canvas.
    pub(crate) drawing: Drawing,
    /// Which node.
    pub(crate) index: usize,
    /// Topics at the playhead.
    pub(crate) topics: Shared<Vec<TopicNow>>,
    /// The selected record.
    pub(crate) record: Option<u32>,
    /// Told when a cell is chosen.
    pub(crate) on_record: Callback<u32>,
}

/// The pipe with its lanes.
#[component]
pub(crate) fn BrokerBody(props: &BrokerProps) -> Html {
    let Some(node) = props.drawing.nodes.get(props.index) else {
        return Html::default();
    };
    let frame = node.frame;
    let mut lane = 0;
    let empty = PartitionNow::default();
    let mut lanes = Vec::new();
    for topic in &node.topics {
        let now = props.topics.get(topic.topic as usize);
        for partition in 0..topic.partitions {
            let state = now
                .and_then(|now| now.partitions.get(partition as usize))
                .unwrap_or(&empty);
            let title = if node.topics.len() > 1 && partition == 0 {
                Some(&*topic.name)
            } else {
                None
            };
            lanes.push(lane_view(props, frame, lane, title, partition, state));
            lane += 1;
        }
    }
    html! {
        <>
            <path class="pp-b" d={pipe(frame)} />
            <path class="pp-c" d={pipe_end(frame)} />
            { header(node) }
            { for lanes }
        </>
    }
}

fn header(node: &CanvasNode) -> Html {
    let frame = node.frame;
    let partitions: u32 = node.topics.iter().map(|topic| topic.partitions).sum();
    let several = node.topics.len() > 1;
    let top = frame.y + (frame.height / 2.0 - 12.0).min(32.0);
    let lines = if several {
        [
            format!("{} topics", node.topics.len()),
            format!("{partitions} partitions"),
        ]
    } else {
        let topic = node.topics.first().map_or("no topic", |topic| &*topic.name);
        let plural = if partitions == 1 { "" } else { "s" };
        [
            shortened(topic, 17),
            format!("{partitions} partition{plural}"),
        ]
    };
    html! {
        <>
            <g class="ic kg" transform={format!("translate({} {})", px(frame.x + 14.0), px(top - 12.0))}>{ strokes(kind_icon(node.glyph)) }</g>
            <text class="t-name" x={px(frame.x + 35.0)} y={px(top)}>{ shortened(&node.name, 14) }</text>
            if frame.height >= 60.0 {
                <text class="t-xs t3" x={px(frame.x + 16.0)} y={px(top + 18.0)}>{ &lines[0] }</text>
                <text class="t-xs t3" x={px(frame.x + 16.0)} y={px(top + 33.0)}>{ &lines[1] }</text>
            }
        </>
    }
}

fn lane_view(
    props: &BrokerProps,
    frame: Rectangle,
    lane: u32,
    title: Option<&str>,
    partition: u32,
    now: &PartitionNow,
) -> Html {
    let several = props.drawing.nodes[props.index].topics.len() > 1;
    let left = frame.x + LANES_LEFT;
    let label_room = if several { 126.0 } else { 22.0 };
    let top =
        frame.y + (frame.height - lane_count(props) as f32 * LANE) / 2.0 + 3.0 + lane as f32 * LANE;
    let first_cell = left + label_room;
    let room = frame.x + frame.width - END_ROOM - first_cell;
    // The last place is for the next offset, and one for what was read before if there is room.
    let places = ((room + CELL.1 - CELL.0) / CELL.1).floor().max(1.0) as usize;
    let shown = now.cells.len().min(places.saturating_sub(1));
    let cells = &now.cells[now.cells.len() - shown..];
    let right = frame.x + frame.width - END_ROOM + 8.0;
    html! {
        <g>
            if lane > 0 { <path class="pp-ln" d={format!("M{} {y}H{}", px(left), px(right), y = px(top - 3.0))} /> }
            if let Some(title) = title {
                <text class="t-xs t2" x={px(left)} y={px(top + 12.0)}>{ shortened(title, 15) }</text>
            }
            <text class="t-xs mono t3" x={px(first_cell - 22.0)} y={px(top + 12.0)}>{ format!("p{partition}") }</text>
            { for cells.iter().enumerate().map(|(place, cell)| cell_view(props, cell, first_cell + place as f32 * CELL.1, top, read(now, cell))) }
            { next_view(now.next, first_cell + shown as f32 * CELL.1, top) }
        </g>
    }
}

fn lane_count(props: &BrokerProps) -> u32 {
    let topics = &props.drawing.nodes[props.index].topics;
    topics.iter().map(|topic| topic.partitions).sum()
}

/// Whether every group has committed an offset behind this record.
fn read(now: &PartitionNow, cell: &LogCell) -> bool {
    !now.committed.is_empty() && now.committed.iter().all(|next| *next > cell.offset)
}

fn cell_view(props: &BrokerProps, cell: &LogCell, x: f32, y: f32, read: bool) -> Html {
    let selected = props.record == Some(cell.record);
    let record = cell.record;
    let onclick = props.on_record.reform(move |event: MouseEvent| {
        event.stop_propagation();
        record
    });
    let offset = cell.offset.to_string();
    let label_x = x + 21.0 + offset.len() as f32 * 6.7 + 4.0;
    let room = (x + CELL.0 - label_x - 3.0).max(0.0);
    // The key is what tells records apart, so the end of the label is kept.
    let key = cell.label.rsplit(' ').next().unwrap_or("");
    let key = if cell.again {
        format!("{key} again")
    } else {
        key.to_owned()
    };
    html! {
        <g class={classes!("cell", selected.then_some("cur"), read.then_some("read"))} data-record={record.to_string()} {onclick}>
            <title>{ format!("offset {offset}: {}{}", cell.label, if cell.again { ", again" } else { "" }) }</title>
            if cell.again { <rect class="cell-dup" x={px(x + 4.5)} y={px(y - 3.5)} width={px(CELL.0)} height="16" rx="4" /> }
            <rect class="cell-r" x={px(x)} y={px(y)} width={px(CELL.0)} height="16" rx="4" />
            <circle class="cell-d" cx={px(x + 11.0)} cy={px(y + 8.0)} r="4" />
            <text class="t-xs mono cell-t" x={px(x + 20.0)} y={px(y + 12.0)}>{ offset.clone() }</text>
            <text class="t-xs cell-n" x={px(label_x)} y={px(y + 12.0)}>{ shortened(&key, (room / 6.2) as usize) }</text>
        </g>
    }
}

fn next_view(next: u32, x: f32, y: f32) -> Html {
    html! {
        <g class="cell next">
            <rect class="cell-r" x={px(x + 0.5)} y={px(y + 0.5)} width={px(CELL.0 - 1.0)} height="15" rx="4" />
            <text class="t-xs mono t3" x={px(x + 8.0)} y={px(y + 12.0)}>{ format!("next {next}") }</text>
        </g>
    }
}
