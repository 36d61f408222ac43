//! The Node tab: what a part is, what it holds, how it is at the playhead, what is wrong with its text.

use std::rc::Rc;

use tidewire_session::document::{Command, DiagnosticView};
use tidewire_session::view::{CanvasNode, Frame, Glyph, NodeNow, NodeShape};
use yew::prelude::*;

use super::facts::Facts;
use super::header::Header;
use crate::format::{counted, milliseconds};
use crate::icons::{Icon, icon, kind_icon, sized_icon, violation_mark};
use crate::panels::findings::Findings;
use crate::shared::{Drawing, Shared};

/// What the tab shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct NodeProps {
    /// What the canvas shows.
    pub(crate) drawing: Drawing,
    /// Names of all selected nodes; the first is described.
    pub(crate) selected: Shared<Vec<String>>,
    /// Everything at the playhead; `None` while the drawing is not what runs.
    pub(crate) frame: Option<Shared<Frame>>,
    /// All diagnostics of the text.
    pub(crate) diagnostics: Rc<[DiagnosticView]>,
    /// Whether the document may be edited here.
    #[prop_or(true)]
    pub(crate) editable: bool,
    /// An edit was asked for.
    pub(crate) on_edit: Callback<Command>,
    /// Another node was chosen, by its name.
    pub(crate) on_select: Callback<String>,
    /// A node's block shall be shown in the text.
    pub(crate) on_source: Callback<String>,
    /// The place of a diagnostic shall be shown: its index.
    pub(crate) on_finding: Callback<usize>,
    /// The fix of a diagnostic was chosen: its index.
    pub(crate) on_fix: Callback<usize>,
    /// A time was chosen, in microseconds.
    pub(crate) on_seek: Callback<u64>,
}

/// The tab.
#[component]
pub(crate) fn NodePanel(props: &NodeProps) -> Html {
    let first = props.selected.first();
    let index = first.and_then(|name| props.drawing.index_of(name));
    let Some((index, facts)) =
        index.and_then(|index| Some((index, Facts::of(&props.drawing, index as u32)?)))
    else {
        return nothing_selected();
    };
    let now = props
        .frame
        .as_ref()
        .and_then(|frame| frame.nodes.get(index));
    let name = facts.node.name.to_string();
    html! {
        <div class="inspector-node">
            <Header drawing={props.drawing.clone()} node={index as u32} editable={props.editable}
                on_edit={props.on_edit.clone()} on_source={props.on_source.clone()} />
            { others(props) }
            <section>
                <h3 class="inspector-section">{ "At the playhead" }</h3>
                { match (now, &props.frame) {
                    (Some(now), Some(frame)) => status(props, facts.node, now, frame.at_us),
                    _ => html! { <p class="inspector-text">{ "This design does not run as it stands." }</p> },
                } }
            </section>
            { contents(facts.node) }
            { neighbours(props, &facts) }
            if props.editable && facts.shares_a_store() { { offer(props, &name) } }
            if props.diagnostics.iter().any(|finding| finding.node.as_ref() == Some(&name)) {
                <section>
                    <h3 class="inspector-section">{ "Findings" }</h3>
                    <Findings diagnostics={props.diagnostics.clone()} node={name} on_open={props.on_finding.clone()} on_fix={props.on_fix.clone()} />
                </section>
            }
        </div>
    }
}

fn nothing_selected() -> Html {
    html! {
        <div class="empty">
            <b>{ "Nothing is selected." }</b>
            { "Choose a service, a store or a broker on the canvas." }
        </div>
    }
}

/// With several nodes selected: how many, and the way to take all of them out.
fn others(props: &NodeProps) -> Html {
    let count = props.selected.len();
    if count < 2 {
        return Html::default();
    }
    let nodes = (*props.selected).clone();
    let delete = props.on_edit.reform(move |_: MouseEvent| Command::Delete {
        nodes: nodes.clone(),
    });
    html! {
        <div class="inspector-row">
            <span class="lab">{ format!("and {} selected", counted(count - 1, "other")) }</span>
            if props.editable {
                <button type="button" class="btn line small" onclick={delete}>{ format!("Delete all {count}") }</button>
            }
        </div>
    }
}

fn status(props: &NodeProps, node: &CanvasNode, now: &NodeNow, at_us: u64) -> Html {
    // At rest a node's caption is its kind, which stands above already.
    let state = if now.caption == node.caption {
        "idle"
    } else {
        &*now.caption
    };
    let waiting = now.waiting.iter().map(|number| html! {
        <span class="chip caution">{ sized_icon(Icon::Lock, "12") }{ format!("T-{number} waits") }</span>
    });
    html! {
        <dl class="status-list">
            <dt>{ "State" }</dt>
            <dd>{ state }</dd>
            if let Some(since_us) = now.crashed_since_us {
                <dt>{ "Down since" }</dt>
                <dd>
                    <button type="button" class="link" onclick={props.on_seek.reform(move |_: MouseEvent| since_us)}>
                        { milliseconds(since_us) }
                    </button>
                    <span class="chip fault">{ sized_icon(Icon::Bolt, "12") }{ milliseconds(at_us.saturating_sub(since_us)) }</span>
                </dd>
            }
            if now.queued > 0 {
                <dt>{ "Waiting here" }</dt>
                <dd>{ counted(now.queued as usize, "message") }</dd>
            }
            if !now.waiting.is_empty() {
                <dt>{ "Locks" }</dt>
                <dd class="chips">{ for waiting }</dd>
            }
            if now.violated {
                <dt>{ "Invariants" }</dt>
                <dd class="bad">{ violation_mark() }{ "one that reads it is broken" }</dd>
            }
        </dl>
    }
}

/// Tables, commands or topics.
fn contents(node: &CanvasNode) -> Html {
    let (title, items): (_, Vec<(String, String)>) = match node.shape {
        NodeShape::Broker => {
            let topics = node.topics.iter();
            let topic = |topic: &tidewire_session::view::CanvasTopic| {
                (
                    topic.name.to_string(),
                    counted(topic.partitions as usize, "partition"),
                )
            };
            ("Topics", topics.map(topic).collect())
        }
        shape => {
            let title = if shape == NodeShape::Store {
                "Tables"
            } else {
                "Commands"
            };
            (
                title,
                node.contents
                    .iter()
                    .map(|name| (name.clone(), String::new()))
                    .collect(),
            )
        }
    };
    if items.is_empty() {
        return Html::default();
    }
    html! {
        <section>
            <h3 class="inspector-section">{ title }<span>{ items.len() }</span></h3>
            <ul class="contents-list">
                { for items.into_iter().map(|(name, detail)| html! { <li><code>{ name }</code><span>{ detail }</span></li> }) }
            </ul>
            if node.glyph == Glyph::Relational {
                <p class="inspector-text quiet">{ "Relational means PostgreSQL 15." }</p>
            }
        </section>
    }
}

/// Who uses a store, what a service uses: each leads there.
fn neighbours(props: &NodeProps, facts: &Facts<'_>) -> Html {
    let (title, nodes) = match facts.node.shape {
        NodeShape::Store => ("Used by", facts.services()),
        NodeShape::Service | NodeShape::Relay => ("Stores", facts.stores()),
        NodeShape::Client | NodeShape::Broker => return Html::default(),
    };
    if nodes.is_empty() {
        return Html::default();
    }
    let item = |node: &CanvasNode| {
        let name = node.name.to_string();
        let chosen = props.on_select.reform({
            let name = name.clone();
            move |_: MouseEvent| name.clone()
        });
        let picture = if node.shape == NodeShape::Store {
            kind_icon(node.glyph)
        } else {
            Icon::Service
        };
        html! { <li><button type="button" class="neighbour" onclick={chosen}>{ icon(picture) }{ name }</button></li> }
    };
    html! {
        <section>
            <h3 class="inspector-section">{ title }</h3>
            <ul class="neighbours">{ for nodes.into_iter().map(item) }</ul>
        </section>
    }
}

/// The step that the lesson is about, with its price.
fn offer(props: &NodeProps, name: &str) -> Html {
    let service = name.to_owned();
    let give = props
        .on_edit
        .reform(move |_: MouseEvent| Command::GiveOwnDatabase {
            service: service.clone(),
        });
    html! {
        <section class="offer">
            <p>{ "Its tables stand beside those of other services: one lock, one outage, one schema for all." }</p>
            <button type="button" class="btn line" onclick={give}>{ "Give this service its own database" }</button>
            <p class="quiet">{ "Writes a new design. Statements that then reach across are marked." }</p>
        </section>
    }
}
