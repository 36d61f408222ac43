//! Keys on the diagram. Keys of the whole application are in `app::keyboard`; those not used here bubble there.

use tidewire_session::document::Command;
use tidewire_session::sort;
use tidewire_session::view::NodeShape;
use yew::prelude::*;

use super::gesture::{Connecting, Gesture, Tool};
use super::{Diagram, Msg, focus_node, node_name};
use crate::app::Msg as AppMsg;

/// How far Alt with an arrow moves a node.
const NUDGE: f32 = 16.0;

impl Diagram {
    pub(super) fn key_down(&mut self, context: &Context<Self>, event: &KeyboardEvent) -> bool {
        if self.renaming.is_some() {
            return false;
        }
        let key = event.key();
        let control = event.ctrl_key() || event.meta_key();
        let used = if control {
            self.control_key(context, &key)
        } else if event.alt_key() {
            self.nudge(context, &key, event.shift_key())
        } else {
            self.plain_key(context, &key, event)
        };
        if used {
            event.prevent_default();
            event.stop_propagation();
        }
        used
    }

    pub(super) fn key_up(&mut self, context: &Context<Self>, event: &KeyboardEvent) -> bool {
        if event.key() != " " {
            return false;
        }
        // Space alone plays; held with a drag it pans.
        if self.space.take() == Some(false) {
            context.props().dispatch.emit(AppMsg::PlayPause);
        }
        true
    }

    fn control_key(&mut self, context: &Context<Self>, key: &str) -> bool {
        let props = context.props();
        match key.to_ascii_lowercase().as_str() {
            "a" => {
                let all = props.drawing.nodes.iter().map(|node| node.name.to_string());
                props.dispatch.emit(AppMsg::SelectNodes(all.collect()));
                true
            }
            "d" if !props.read_only => {
                if let Some(node) = self.focused.and_then(|node| node_name(context, node)) {
                    props
                        .dispatch
                        .emit(AppMsg::Edit(Command::Duplicate { node }));
                }
                true
            }
            _ => false,
        }
    }

    fn nudge(&mut self, context: &Context<Self>, key: &str, far: bool) -> bool {
        let props = context.props();
        let step = if far { NUDGE * 4.0 } else { NUDGE };
        let (dx, dy) = match key {
            "ArrowLeft" => (-step, 0.0),
            "ArrowRight" => (step, 0.0),
            "ArrowUp" => (0.0, -step),
            "ArrowDown" => (0.0, step),
            _ => return false,
        };
        if props.read_only || props.selected.is_empty() {
            return false;
        }
        self.drags = self.drags.wrapping_add(1);
        let moves = props.selected.iter().filter_map(|name| {
            let frame = props.drawing.nodes[props.drawing.index_of(name)?].frame;
            Some((name.clone(), (frame.x + dx) as i32, (frame.y + dy) as i32))
        });
        let command = Command::MoveNodes {
            moves: moves.collect(),
            gesture: self.drags,
        };
        props.dispatch.emit(AppMsg::Edit(command));
        true
    }

    fn plain_key(&mut self, context: &Context<Self>, key: &str, event: &KeyboardEvent) -> bool {
        let props = context.props();
        let link = context.link();
        match key {
            "Tab" => return self.tab(context, event.shift_key()),
            "Enter" => return self.enter(context),
            "Escape" => return self.escape(context),
            " " => self.space = self.space.or(Some(false)),
            "Delete" | "Backspace" if !props.read_only && !props.selected.is_empty() => {
                let nodes = props.selected.to_vec();
                props.dispatch.emit(AppMsg::Edit(Command::Delete { nodes }));
            }
            "F2" => {
                if let Some(node) = self.focused {
                    link.send_message(Msg::Rename(node));
                }
            }
            "ContextMenu" => self.open_menu(context),
            "F10" if event.shift_key() => self.open_menu(context),
            "v" | "V" => link.send_message(Msg::Tool(Tool::Select)),
            "h" | "H" => link.send_message(Msg::Tool(Tool::Pan)),
            "c" | "C" => self.begin_wire(context),
            "+" | "=" => link.send_message(Msg::Zoom(true)),
            "-" => link.send_message(Msg::Zoom(false)),
            "!" => link.send_message(Msg::Fit),
            ")" => link.send_message(Msg::ActualSize),
            _ => return false,
        }
        true
    }

    /// Nodes in reading order: by rows, then from the left.
    fn reading_order(&self, context: &Context<Self>) -> Vec<usize> {
        let nodes = &context.props().drawing.nodes;
        let mut order: Vec<usize> = (0..nodes.len()).collect();
        sort::sort_by_key(&mut order, |index| {
            let frame = nodes[*index].frame;
            let (x, y) = crate::shapes::centre(frame);
            ((y / 56.0) as i32, x as i32)
        });
        order
    }

    /// The next node, or out of the diagram behind the last one.
    fn tab(&mut self, context: &Context<Self>, backwards: bool) -> bool {
        let order = self.reading_order(context);
        let here = self
            .focused
            .and_then(|node| order.iter().position(|other| *other == node));
        let next = match (here, backwards) {
            (None, false) => Some(0),
            (None, true) => None,
            (Some(place), false) => Some(place + 1),
            (Some(place), true) => place.checked_sub(1),
        };
        match next.and_then(|place| order.get(place)) {
            Some(node) => {
                focus_node(*node);
                true
            }
            None => {
                self.focused = None;
                false
            }
        }
    }

    fn enter(&mut self, context: &Context<Self>) -> bool {
        if let Gesture::Connect(connecting) = std::mem::take(&mut self.gesture) {
            self.connect(context, &connecting);
            return true;
        }
        let Some(name) = self.focused.and_then(|node| node_name(context, node)) else {
            return false;
        };
        let dispatch = &context.props().dispatch;
        dispatch.emit(AppMsg::SelectNodes(vec![name]));
        dispatch.emit(AppMsg::OpenInspector);
        true
    }

    fn escape(&mut self, context: &Context<Self>) -> bool {
        let props = context.props();
        let gesturing = self.gesture != Gesture::Idle || self.tool != Tool::Select;
        self.gesture = Gesture::Idle;
        self.tool = Tool::Select;
        if self.menu.take().is_some() || gesturing {
            return true;
        }
        if props.selected.is_empty() && props.record.is_none() {
            self.focused = None;
            props.dispatch.emit(AppMsg::LeaveCanvas);
        } else {
            props.dispatch.emit(AppMsg::Deselect);
        }
        true
    }

    fn open_menu(&mut self, context: &Context<Self>) {
        let Some(node) = self.focused.filter(|_| !context.props().read_only) else {
            return;
        };
        if let Some(name) = node_name(context, node) {
            context
                .props()
                .dispatch
                .emit(AppMsg::SelectNodes(vec![name]));
        }
        let frame = context.props().drawing.nodes[node].frame;
        let (x, y) = self
            .view
            .to_screen((frame.x + frame.width, frame.y + frame.height / 2.0));
        self.menu = Some((node, x + 8.0, y - 16.0));
    }

    /// Begins a wire at the focused node; without one, takes the tool.
    fn begin_wire(&mut self, context: &Context<Self>) {
        let props = context.props();
        if props.read_only {
            return;
        }
        let Some(node) = self.focused else {
            self.tool = Tool::Connect;
            return;
        };
        self.gesture = Gesture::Connect(Connecting {
            from: node,
            end: None,
            target: None,
        });
        let name = node_name(context, node).unwrap_or_default();
        props.dispatch.emit(AppMsg::Say(format!(
            "Wire from {name}. Tab to the receiver and press Enter, or Escape to stop."
        )));
    }
}

/// What a node is called in sentences.
pub(super) fn kind_word(shape: NodeShape) -> &'static str {
    match shape {
        NodeShape::Client => "client",
        NodeShape::Service => "service",
        NodeShape::Relay => "relay",
        NodeShape::Store => "store",
        NodeShape::Broker => "broker",
    }
}
