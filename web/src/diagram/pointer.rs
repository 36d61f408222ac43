//! Pointer, wheel and drops on the diagram.

use tidewire_session::document::{Command, Part};
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::gesture::{CLICK, Connecting, Gesture, Tool, snapped};
use super::{Diagram, ask, node_name, tokens};
use crate::app::Msg as AppMsg;

/// How near a press must be to a message to select it, in screen pixels.
const TOKEN_REACH: f32 = 12.0;
/// So near to a node counts as on it, in canvas pixels.
const NEAR: f32 = 6.0;
/// The type under which the Parts panel hands over a part.
pub(crate) const PART_FORMAT: &str = "application/x-tidewire-part";

/// The attribute of the nearest element around the event's target that has it.
fn nearest(event: &Event, attribute: &str) -> Option<String> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element
        .closest(&format!("[{attribute}]"))
        .ok()??
        .get_attribute(attribute)
}

fn node_under(event: &Event) -> Option<usize> {
    nearest(event, "data-node")?.parse().ok()
}

impl Diagram {
    /// The pointer's place on the diagram, in screen pixels.
    fn at(&self, event: &MouseEvent) -> (f32, f32) {
        let origin = self
            .host
            .cast::<Element>()
            .map(|host| host.get_bounding_client_rect());
        let (left, top) = origin.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
        (
            event.client_x() as f32 - left as f32,
            event.client_y() as f32 - top as f32,
        )
    }

    pub(super) fn pointer_down(&mut self, context: &Context<Self>, event: &PointerEvent) -> bool {
        let at = self.at(event);
        self.pointers.insert(event.pointer_id(), at);
        if self.pointers.len() == 2 {
            self.gesture = self.pinch();
            return true;
        }
        if nearest(event, "data-float").is_some() {
            return false;
        }
        let menu_closed = self.menu.take().is_some();
        if nearest(event, "data-record").is_some() {
            return menu_closed;
        }
        if event.button() > 1 {
            return menu_closed;
        }
        let panning = event.button() == 1 || self.tool == Tool::Pan || self.space.is_some();
        let node = node_under(event);
        self.gesture = match node {
            _ if panning => pan(at, false),
            Some(node) if self.draws_wire(context, event) => Gesture::Connect(Connecting {
                from: node,
                end: Some(self.view.to_canvas(at)),
                target: None,
            }),
            Some(node) => self.grab(context, node, at, event),
            None => {
                if self.select_token(context, at) {
                    return true;
                }
                pan(at, true)
            }
        };
        if self.space.is_some() {
            self.space = Some(true);
        }
        self.capture(event);
        true
    }

    fn draws_wire(&self, context: &Context<Self>, event: &PointerEvent) -> bool {
        let wanted = self.tool == Tool::Connect || nearest(event, "data-port").is_some();
        wanted && !context.props().read_only
    }

    fn capture(&self, event: &PointerEvent) {
        if let Some(host) = self.host.cast::<Element>() {
            // A pointer that has gone cannot be captured, and need not be.
            let _ = host.set_pointer_capture(event.pointer_id());
        }
    }

    /// Selects a node and takes hold of everything selected.
    fn grab(
        &mut self,
        context: &Context<Self>,
        node: usize,
        at: (f32, f32),
        event: &PointerEvent,
    ) -> Gesture {
        let props = context.props();
        let Some(name) = node_name(context, node) else {
            return Gesture::Idle;
        };
        self.focused = Some(node);
        let mut names = props.selected.to_vec();
        if event.shift_key() {
            match names.iter().position(|other| *other == name) {
                Some(index) => drop(names.remove(index)),
                None => names.push(name),
            }
        } else if !names.contains(&name) {
            names = vec![name];
        }
        if names != *props.selected {
            props.dispatch.emit(AppMsg::SelectNodes(names.clone()));
        }
        if props.read_only {
            return pan(at, false);
        }
        self.drags = self.drags.wrapping_add(1);
        let places = names.iter().filter_map(|name| {
            let node = &props.drawing.nodes[props.drawing.index_of(name)?];
            Some((name.clone(), node.frame.x, node.frame.y))
        });
        Gesture::Move {
            start: at,
            nodes: places.collect(),
            moved: false,
            number: self.drags,
        }
    }

    /// Selects the message under the pointer.
    fn select_token(&self, context: &Context<Self>, at: (f32, f32)) -> bool {
        let props = context.props();
        if !props.runs {
            return false;
        }
        let pulse = props.ticker.now();
        let nearest = props.tape.read(|recording| {
            let tokens = recording.tokens(pulse.at_us, pulse.rest_us, &props.drawing);
            let near = tokens.iter().filter_map(|token| {
                let (x, y) = self.view.to_screen(tokens::place(token, &props.drawing)?);
                let distance = (x - at.0).hypot(y - at.1);
                (distance <= TOKEN_REACH).then_some((distance, token.record))
            });
            near.min_by(|a, b| a.0.total_cmp(&b.0))
        });
        if let Some((_, record)) = nearest {
            props.dispatch.emit(AppMsg::SelectRecord(Some(record)));
        }
        nearest.is_some()
    }

    pub(super) fn pointer_moved(&mut self, context: &Context<Self>, event: &PointerEvent) -> bool {
        let at = self.at(event);
        if let Some(known) = self.pointers.get_mut(&event.pointer_id()) {
            *known = at;
        }
        match &mut self.gesture {
            Gesture::Idle => false,
            Gesture::Pan { last, .. } => {
                self.view = self.view.panned(at.0 - last.0, at.1 - last.1);
                *last = at;
                true
            }
            Gesture::Move { .. } => self.drag(context, at),
            Gesture::Connect(_) => self.stretch(context, at),
            Gesture::Pinch { middle, spread } => {
                let (old_middle, old_spread) = (*middle, *spread);
                let Gesture::Pinch { middle, spread } = self.pinch() else {
                    return false;
                };
                self.view = self
                    .view
                    .panned(middle.0 - old_middle.0, middle.1 - old_middle.1)
                    .zoomed(spread / old_spread.max(1.0), middle);
                self.gesture = Gesture::Pinch { middle, spread };
                true
            }
        }
    }

    fn drag(&mut self, context: &Context<Self>, at: (f32, f32)) -> bool {
        let zoom = self.view.zoom;
        let Gesture::Move {
            start,
            nodes,
            moved,
            number,
        } = &mut self.gesture
        else {
            return false;
        };
        let (dx, dy) = (at.0 - start.0, at.1 - start.1);
        if !*moved && dx.hypot(dy) < CLICK {
            return false;
        }
        *moved = true;
        let moves = nodes
            .iter()
            .map(|(name, x, y)| {
                let (x, y) = snapped(x + dx / zoom, y + dy / zoom);
                (name.clone(), x, y)
            })
            .collect();
        let command = Command::MoveNodes {
            moves,
            gesture: *number,
        };
        context.props().dispatch.emit(AppMsg::Edit(command));
        false
    }

    fn stretch(&mut self, context: &Context<Self>, at: (f32, f32)) -> bool {
        let point = self.view.to_canvas(at);
        let Gesture::Connect(connecting) = &mut self.gesture else {
            return false;
        };
        connecting.end = Some(point);
        let from = connecting.from;
        let under = node_at(context, point);
        let known = connecting.target.as_ref().map(|(node, _)| *node);
        let under = under.filter(|node| *node != from);
        if under != known {
            connecting.target = under.map(|node| (node, ask(context, from, node)));
        }
        true
    }

    pub(super) fn pointer_up(&mut self, context: &Context<Self>, event: &PointerEvent) -> bool {
        self.pointers.remove(&event.pointer_id());
        match std::mem::take(&mut self.gesture) {
            Gesture::Pan {
                start,
                deselects: true,
                ..
            } => {
                let at = self.at(event);
                if (at.0 - start.0).hypot(at.1 - start.1) < CLICK {
                    context.props().dispatch.emit(AppMsg::Deselect);
                }
            }
            Gesture::Connect(connecting) => self.connect(context, &connecting),
            _ => {}
        }
        true
    }

    pub(super) fn pointer_cancelled(&mut self, event: &PointerEvent) -> bool {
        self.pointers.remove(&event.pointer_id());
        self.gesture = Gesture::Idle;
        true
    }

    fn pinch(&self) -> Gesture {
        match self.pointers.entries() {
            [(_, a), (_, b), ..] => Gesture::Pinch {
                middle: ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0),
                spread: (a.0 - b.0).hypot(a.1 - b.1),
            },
            _ => Gesture::Idle,
        }
    }

    pub(super) fn wheel(&mut self, event: &WheelEvent) -> bool {
        event.prevent_default();
        let (dx, dy) = (event.delta_x() as f32, event.delta_y() as f32);
        // Lines and pages come in other units than pixels.
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => 16.0,
            WheelEvent::DOM_DELTA_PAGE => 400.0,
            _ => 1.0,
        };
        if event.ctrl_key() || event.meta_key() {
            let factor = (-dy * unit * 0.01).clamp(-0.5, 0.5).exp();
            self.view = self.view.zoomed(factor, self.at(event));
        } else if event.shift_key() {
            self.view = self.view.panned(-(dx + dy) * unit, 0.0);
        } else {
            self.view = self.view.panned(-dx * unit, -dy * unit);
        }
        true
    }

    pub(super) fn double_click(&mut self, context: &Context<Self>, event: &MouseEvent) -> bool {
        // The pointer is captured by the diagram, so that the event itself names no node.
        if let Some(node) = node_at(context, self.view.to_canvas(self.at(event))) {
            self.renaming = (!context.props().read_only).then_some(node);
        }
        true
    }

    pub(super) fn context_menu(&mut self, context: &Context<Self>, event: &MouseEvent) -> bool {
        let Some(node) = node_under(event).filter(|_| !context.props().read_only) else {
            return false;
        };
        event.prevent_default();
        if let Some(name) = node_name(context, node) {
            context
                .props()
                .dispatch
                .emit(AppMsg::SelectNodes(vec![name]));
        }
        let (x, y) = self.at(event);
        self.menu = Some((node, x, y));
        true
    }

    pub(super) fn drag_over(&self, context: &Context<Self>, event: &DragEvent) {
        let types = event.data_transfer().map(|data| data.types());
        let is_part = types.is_some_and(|types| types.includes(&PART_FORMAT.into(), 0));
        if is_part && !context.props().read_only {
            event.prevent_default();
        }
    }

    pub(super) fn drop(&self, context: &Context<Self>, event: &DragEvent) {
        let title = event
            .data_transfer()
            .and_then(|data| data.get_data(PART_FORMAT).ok())
            .unwrap_or_default();
        let Some(part) = Part::ALL.into_iter().find(|part| part.title() == title) else {
            return;
        };
        event.prevent_default();
        event.stop_propagation();
        let (x, y) = self.view.to_canvas(self.at(event));
        let (x, y) = snapped(x - 50.0, y - 30.0);
        let command = Command::AddNode { part, x, y };
        context.props().dispatch.emit(AppMsg::Edit(command));
    }
}

/// The node at a point of the canvas, or next to it.
fn node_at(context: &Context<Diagram>, point: (f32, f32)) -> Option<usize> {
    let inside = |value: f32, start: f32, length: f32| {
        value >= start - NEAR && value <= start + length + NEAR
    };
    context.props().drawing.nodes.iter().position(|node| {
        let frame = node.frame;
        inside(point.0, frame.x, frame.width) && inside(point.1, frame.y, frame.height)
    })
}

fn pan(at: (f32, f32), deselects: bool) -> Gesture {
    Gesture::Pan {
        last: at,
        start: at,
        deselects,
    }
}
