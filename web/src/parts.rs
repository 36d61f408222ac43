//! The Parts panel: what can be put on the canvas, by dragging or with Enter.

use tidewire_session::document::Part;
use yew::prelude::*;

use crate::app::Msg;
use crate::diagram::PART_FORMAT;
use crate::icons::{Icon, icon};

/// What the panel is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct PartsProps {
    /// The application.
    pub(crate) dispatch: Callback<Msg>,
}

/// The panel.
#[component]
pub(crate) fn Parts(props: &PartsProps) -> Html {
    let parts = Part::ALL.into_iter().map(|part| {
        let (sign, kind) = match part {
            Part::Client => (Icon::Client, "k-plain"),
            Part::Service | Part::Gateway | Part::External => (Icon::Service, "k-plain"),
            Part::EventStore => (Icon::Events, "k-eventstore"),
            Part::RelationalStore => (Icon::Relational, "k-relational"),
            Part::LogBroker => (Icon::Log, "k-log"),
        };
        let onclick = props.dispatch.reform(move |_: MouseEvent| Msg::AddPart(part));
        let ondragstart = Callback::from(move |event: DragEvent| {
            if let Some(data) = event.data_transfer() {
                // Without it the drop finds nothing, and nothing is added.
                let _ = data.set_data(PART_FORMAT, part.title());
                data.set_effect_allowed("copy");
            }
        });
        html! {
            <li>
                <button class={classes!("part", kind)} draggable="true" {onclick} {ondragstart}>
                    <span class="kindbox">{ icon(sign) }</span>
                    <span class="part-text"><b>{ part.title() }</b><span>{ part.purpose() }</span></span>
                </button>
            </li>
        }
    });
    html! {
        <div class="parts scroll">
            <p class="lab">{ "Drag a part onto the canvas, or press Enter on it. Then drag between the ports of two nodes to connect them." }</p>
            <ul>{ for parts }</ul>
            <p class="lab">{ "Relational means PostgreSQL 15: its isolation levels, locks and error codes." }</p>
        </div>
    }
}
