//! What can be done with a node: the menu that opens on it.

use tidewire_session::document::Command;
use tidewire_session::view::NodeShape;
use yew::prelude::*;

use super::keys::kind_word;
use super::{Diagram, Msg, focus_node, node_name};
use crate::app::Msg as AppMsg;

/// A line of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Splits the service's tables off.
    OwnDatabase,
    /// Edits the name in place.
    Rename,
    /// Begins a wire.
    Connect,
    /// Copies the node.
    Duplicate,
    /// Shows its block in the text.
    Source,
    /// Takes it out.
    Delete,
}

/// The choices for a kind of node, with their keys.
pub(crate) fn choices(shape: NodeShape) -> Vec<(Choice, &'static str, &'static str)> {
    let mut all = Vec::with_capacity(6);
    if shape == NodeShape::Service {
        all.push((
            Choice::OwnDatabase,
            "Give this service its own database",
            "",
        ));
    }
    all.extend([
        (Choice::Rename, "Rename", "F2"),
        (Choice::Connect, "Draw a wire from here", "C"),
        (Choice::Duplicate, "Duplicate", "Ctrl D"),
        (Choice::Source, "Show in source", ""),
        (Choice::Delete, "Delete", "Del"),
    ]);
    all
}

impl Diagram {
    pub(super) fn chosen(&mut self, context: &Context<Self>, choice: Choice) -> bool {
        let Some((index, _, _)) = self.menu.take() else {
            return false;
        };
        let Some(name) = node_name(context, index) else {
            return true;
        };
        let dispatch = &context.props().dispatch;
        match choice {
            Choice::OwnDatabase => {
                dispatch.emit(AppMsg::Edit(Command::GiveOwnDatabase { service: name }));
            }
            Choice::Rename => context.link().send_message(Msg::Rename(index)),
            Choice::Connect => {
                self.focused = Some(index);
                focus_node(index);
                let key = web_sys::KeyboardEventInit::new();
                key.set_key("c");
                if let Ok(event) = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &key)
                {
                    context.link().send_message(Msg::KeyDown(event));
                }
            }
            Choice::Duplicate => dispatch.emit(AppMsg::Edit(Command::Duplicate { node: name })),
            Choice::Source => dispatch.emit(AppMsg::ShowSource(name)),
            Choice::Delete => dispatch.emit(AppMsg::Edit(Command::Delete { nodes: vec![name] })),
        }
        true
    }

    pub(super) fn menu_view(&self, context: &Context<Self>) -> Html {
        let Some((index, x, y)) = self.menu else {
            return Html::default();
        };
        let Some(node) = context.props().drawing.nodes.get(index) else {
            return Html::default();
        };
        let all = choices(node.shape);
        let height = 12.0 + all.len() as f32 * 30.0;
        let left = x.min(self.size.0 - 268.0).max(4.0);
        let top = y.min(self.size.1 - height - 4.0).max(4.0);
        let link = context.link();
        let label = format!("{}, {}", node.name, kind_word(node.shape));
        let items = all.into_iter().map(|(choice, text, keys)| {
            let onclick = link.callback(move |_| Msg::Menu(choice));
            html! {
                <button class="node-menu-item" role="menuitem" {onclick}>
                    <span>{ text }</span>
                    if !keys.is_empty() { <kbd class="kbd">{ keys }</kbd> }
                </button>
            }
        });
        let onkeydown = link.batch_callback(|event: KeyboardEvent| {
            event.stop_propagation();
            menu_key(&event)
        });
        html! {
            <foreignObject x={left.to_string()} y={top.to_string()} width="264" height={height.to_string()} class="menu-place">
                <div xmlns="http://www.w3.org/1999/xhtml" class="node-menu" role="menu" ref={self.menu_list.clone()} aria-label={label} data-float="" {onkeydown}>{ for items }</div>
            </foreignObject>
        }
    }
}

/// Arrows move within the menu, Escape closes it.
fn menu_key(event: &KeyboardEvent) -> Option<Msg> {
    use wasm_bindgen::JsCast;
    let focused = event.target()?.dyn_into::<web_sys::HtmlElement>().ok()?;
    let next = match event.key().as_str() {
        "Escape" => return Some(Msg::CloseMenu),
        "ArrowDown" => focused.next_element_sibling(),
        "ArrowUp" => focused.previous_element_sibling(),
        _ => return None,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|next| next.dyn_into::<web_sys::HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = next.focus();
    }
    None
}
