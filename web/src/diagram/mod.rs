//! The diagram: what the pointer and the keys do to it. What it does to the document goes out as messages of the
//! application; how parts look is in the files beside this one.

mod broker;
mod furniture;
mod gesture;
mod ground;
mod keys;
mod menu;
mod minimap;
mod node;
mod pill;
mod pointer;
mod tokens;
mod view;
mod viewport;

use tidewire_session::document::{Command, Refusal};
use tidewire_session::sorted::SortedMap;
use tidewire_session::view::Frame;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, HtmlInputElement, ResizeObserver};
use yew::prelude::*;

use crate::app::Msg as AppMsg;
use crate::panels::lesson::LessonCardProps;
use crate::shared::{Drawing, Shared, Tape};
use crate::ticker::Ticker;
pub(crate) use gesture::Tool;
use gesture::{Connecting, Gesture};
pub(crate) use pointer::PART_FORMAT;
use viewport::{Insets, Viewport};

/// The zoom that is given up, at most, so that the lesson's card covers nothing.
const SMALLEST_SHARE: f32 = 0.8;

/// What the diagram is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct DiagramProps {
    /// The canvas.
    pub(crate) drawing: Drawing,
    /// Whether it is the design that runs, so that frame and tokens fit it.
    pub(crate) runs: bool,
    /// Everything that changes with the playhead.
    pub(crate) frame: Shared<Frame>,
    /// The run, for tokens.
    pub(crate) tape: Tape,
    /// The playhead, for tokens.
    pub(crate) ticker: Ticker,
    /// Names of selected nodes.
    pub(crate) selected: Shared<Vec<String>>,
    /// The selected message.
    pub(crate) record: Option<u32>,
    /// Wires on its way.
    pub(crate) traced_wires: Shared<Vec<u32>>,
    /// Nodes on its way.
    pub(crate) traced_nodes: Shared<Vec<u32>>,
    /// Nodes that the lesson points at.
    pub(crate) lit_nodes: Vec<u32>,
    /// The lesson's card.
    pub(crate) card: Option<LessonCardProps>,
    /// Changes when the view should fit everything again.
    pub(crate) fit: u32,
    /// Changes when colours change.
    pub(crate) theme: u32,
    /// Only looking: a narrow screen.
    pub(crate) read_only: bool,
    /// The application.
    pub(crate) dispatch: Callback<AppMsg>,
    /// Asks whether a wire may be drawn.
    pub(crate) can_connect: Callback<(String, String), Result<(), Refusal>>,
}

/// What happens on the diagram.
pub(crate) enum Msg {
    Resized,
    PointerDown(PointerEvent),
    PointerMove(PointerEvent),
    PointerUp(PointerEvent),
    PointerCancelled(PointerEvent),
    Wheel(WheelEvent),
    KeyDown(KeyboardEvent),
    KeyUp(KeyboardEvent),
    DoubleClick(MouseEvent),
    ContextMenu(MouseEvent),
    DragOver(DragEvent),
    Drop(DragEvent),
    Focused(usize),
    Tool(Tool),
    Zoom(bool),
    Fit,
    ActualSize,
    ToggleMinimap,
    Rename(usize),
    Renamed(Option<String>),
    Menu(menu::Choice),
    CloseMenu,
    CentreOn(f32, f32),
}

/// The diagram.
pub(crate) struct Diagram {
    host: NodeRef,
    rename_input: NodeRef,
    menu_list: NodeRef,
    size: (f32, f32),
    view: Viewport,
    fitted: Option<u32>,
    /// Where the last fit has put the view; it is fitted again with the size while the reader has left it there.
    fitted_view: Option<Viewport>,
    tool: Tool,
    gesture: Gesture,
    drags: u32,
    pointers: SortedMap<i32, (f32, f32)>,
    space: Option<bool>,
    focused: Option<usize>,
    renaming: Option<usize>,
    menu: Option<(usize, f32, f32)>,
    /// Open, closed, or open where it covers nothing.
    minimap: Option<bool>,
    /// Where the lesson's card stands since the view was fitted.
    corner: view::Corner,
    observer: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
}

impl Component for Diagram {
    type Message = Msg;
    type Properties = DiagramProps;

    fn create(_context: &Context<Self>) -> Self {
        Self {
            host: NodeRef::default(),
            rename_input: NodeRef::default(),
            menu_list: NodeRef::default(),
            size: (0.0, 0.0),
            view: Viewport::default(),
            fitted: None,
            fitted_view: None,
            tool: Tool::default(),
            gesture: Gesture::default(),
            drags: 0,
            pointers: SortedMap::new(),
            space: None,
            focused: None,
            renaming: None,
            menu: None,
            minimap: None,
            corner: view::Corner::default(),
            observer: None,
        }
    }

    fn update(&mut self, context: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Resized => self.measure(context),
            Msg::PointerDown(event) => self.pointer_down(context, &event),
            Msg::PointerMove(event) => self.pointer_moved(context, &event),
            Msg::PointerUp(event) => self.pointer_up(context, &event),
            Msg::PointerCancelled(event) => self.pointer_cancelled(&event),
            Msg::Wheel(event) => self.wheel(&event),
            Msg::KeyDown(event) => self.key_down(context, &event),
            Msg::KeyUp(event) => self.key_up(context, &event),
            Msg::DoubleClick(event) => self.double_click(context, &event),
            Msg::ContextMenu(event) => self.context_menu(context, &event),
            Msg::DragOver(event) => {
                self.drag_over(context, &event);
                false
            }
            Msg::Drop(event) => {
                self.drop(context, &event);
                false
            }
            Msg::Focused(node) => self.focus_moved(context, node),
            Msg::Tool(tool) => {
                self.tool = tool;
                self.gesture = Gesture::Idle;
                true
            }
            Msg::Zoom(inwards) => {
                self.view = self.view.stepped(inwards, self.size);
                true
            }
            Msg::Fit => self.fit(context),
            Msg::ActualSize => {
                let middle = (self.size.0 / 2.0, self.size.1 / 2.0);
                self.view = self.view.zoomed(1.0 / self.view.zoom, middle);
                true
            }
            Msg::ToggleMinimap => {
                self.minimap = Some(!self.shows_minimap(context));
                true
            }
            Msg::Rename(node) => {
                self.menu = None;
                self.renaming = (!context.props().read_only).then_some(node);
                true
            }
            Msg::Renamed(name) => self.renamed(context, name),
            Msg::Menu(choice) => self.chosen(context, choice),
            Msg::CloseMenu => self.menu.take().is_some(),
            Msg::CentreOn(x, y) => {
                self.view.x = self.size.0 / 2.0 - x * self.view.zoom;
                self.view.y = self.size.1 / 2.0 - y * self.view.zoom;
                true
            }
        }
    }

    fn changed(&mut self, context: &Context<Self>, _old: &DiagramProps) -> bool {
        let count = context.props().drawing.nodes.len();
        self.focused = self.focused.filter(|node| *node < count);
        self.renaming = self.renaming.filter(|node| *node < count);
        self.menu = self.menu.filter(|(node, _, _)| *node < count);
        if self.fitted != Some(context.props().fit) {
            self.fit(context);
        }
        true
    }

    fn view(&self, context: &Context<Self>) -> Html {
        self.draw(context)
    }

    fn rendered(&mut self, context: &Context<Self>, first: bool) {
        if first {
            self.observe(context);
            context.link().send_message(Msg::Resized);
        }
        if self.renaming.is_some() {
            let input = self.rename_input.cast::<HtmlInputElement>();
            if let Some(input) = input.filter(|input| !has_focus(input)) {
                // Set once: what is typed must outlast what the run changes.
                let name = self.renaming.and_then(|node| node_name(context, node));
                input.set_value(&name.unwrap_or_default());
                // Without the focus the reader clicks into the field.
                let _ = input.focus();
                input.select();
            }
        }
        if self.menu.is_some() {
            let list = self
                .menu_list
                .cast::<Element>()
                .filter(|list| !has_focus(list));
            let first = list.and_then(|list| list.first_element_child());
            if let Some(first) = first {
                // Without the focus the menu is still there for the pointer.
                let _ = first.unchecked_into::<HtmlElement>().focus();
            }
        }
    }

    fn destroy(&mut self, _context: &Context<Self>) {
        if let Some((observer, _)) = self.observer.take() {
            observer.disconnect();
        }
    }
}

impl Diagram {
    fn observe(&mut self, context: &Context<Self>) {
        let Some(host) = self.host.cast::<Element>() else {
            return;
        };
        let link = context.link().clone();
        let callback = Closure::<dyn FnMut()>::new(move || link.send_message(Msg::Resized));
        if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
            observer.observe(&host);
            self.observer = Some((observer, callback));
        }
    }

    fn measure(&mut self, context: &Context<Self>) -> bool {
        let Some(host) = self.host.cast::<HtmlElement>() else {
            return false;
        };
        let size = (host.client_width() as f32, host.client_height() as f32);
        if size == self.size {
            return false;
        }
        self.size = size;
        if self.fitted_view.is_none_or(|view| view == self.view) {
            self.fit(context);
        }
        true
    }

    /// Shows everything. Waits while there is no size or nothing to show.
    fn fit(&mut self, context: &Context<Self>) -> bool {
        let props = context.props();
        if self.size.0 == 0.0 || props.drawing.nodes.is_empty() {
            return false;
        }
        let insets = if props.read_only {
            Insets {
                top: 14.0,
                bottom: 10.0,
                side: 10.0,
            }
        } else {
            Insets {
                top: 20.0,
                bottom: 60.0,
                side: 24.0,
            }
        };
        let fitted = |size| Viewport::fit(props.drawing.bounds, size, insets, 1.0);
        self.view = fitted(self.size);
        self.corner = self.best_corner(context);
        if !props.read_only && props.card.is_some() && self.card_covers(context) {
            // Beside the card, if that does not make everything much smaller.
            let beside = fitted((self.size.0 - view::CARD.0, self.size.1));
            if beside.zoom >= SMALLEST_SHARE * self.view.zoom {
                self.view = beside;
                self.corner = view::Corner::BottomRight;
            }
        }
        self.fitted = Some(props.fit);
        self.fitted_view = Some(self.view);
        true
    }

    fn focus_moved(&mut self, context: &Context<Self>, node: usize) -> bool {
        self.focused = Some(node);
        if let Gesture::Connect(connecting) = &mut self.gesture
            && connecting.end.is_none()
            && connecting.from != node
        {
            let verdict = ask(context, connecting.from, node);
            connecting.target = Some((node, verdict));
        }
        true
    }

    fn renamed(&mut self, context: &Context<Self>, name: Option<String>) -> bool {
        let Some(index) = self.renaming.take() else {
            return false;
        };
        let old = node_name(context, index);
        if let (Some(old), Some(name)) = (old, name)
            && old != name.trim()
        {
            let name = name.trim().to_owned();
            context
                .props()
                .dispatch
                .emit(AppMsg::Edit(Command::Rename { node: old, name }));
        }
        focus_node(index);
        true
    }

    fn connect(&mut self, context: &Context<Self>, connecting: &Connecting) {
        let dispatch = &context.props().dispatch;
        match &connecting.target {
            Some((node, Ok(()))) => {
                let ends = (
                    node_name(context, connecting.from),
                    node_name(context, *node),
                );
                if let (Some(from), Some(to)) = ends {
                    dispatch.emit(AppMsg::Edit(Command::Connect { from, to }));
                }
            }
            Some((_, Err(refusal))) => dispatch.emit(AppMsg::Refused(refusal.clone())),
            None => {}
        }
    }
}

/// Whether the keyboard is on the element or inside it.
fn has_focus(element: &Element) -> bool {
    let active = gloo_utils::document().active_element();
    active.is_some_and(|active| element.contains(Some(&active)))
}

/// The name of a node.
fn node_name(context: &Context<Diagram>, index: usize) -> Option<String> {
    let node = context.props().drawing.nodes.get(index)?;
    Some(node.name.to_string())
}

/// Asks whether a wire may be drawn.
fn ask(context: &Context<Diagram>, from: usize, to: usize) -> Result<(), Refusal> {
    match (node_name(context, from), node_name(context, to)) {
        (Some(from), Some(to)) => context.props().can_connect.emit((from, to)),
        _ => Err(Refusal::new("There is nothing here to connect")),
    }
}

/// Gives a node the keyboard's focus.
fn focus_node(index: usize) {
    let element = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id(&format!("node-{index}")));
    if let Some(element) = element {
        // SVG elements have `focus` too, which web-sys knows under another type.
        let _ = element.unchecked_into::<web_sys::SvgElement>().focus();
    }
}
