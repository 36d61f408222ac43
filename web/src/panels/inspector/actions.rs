//! The menu of a node: a button that opens a list, with the keys of a menu.

use tidewire_session::document::Command;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};
use yew::prelude::*;

use crate::icons::{Icon, icon};

/// Whose menu it is and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct ActionsProps {
    /// The node's name.
    pub(super) node: String,
    /// Only a service can be given a database.
    pub(super) is_service: bool,
    pub(super) on_rename: Callback<()>,
    pub(super) on_edit: Callback<Command>,
    pub(super) on_source: Callback<String>,
}

/// What the menu offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    ShowSource,
    OwnDatabase,
    Rename,
    Duplicate,
    Delete,
}

impl Action {
    fn title(self) -> &'static str {
        match self {
            Self::ShowSource => "Show in the source",
            Self::OwnDatabase => "Give this service its own database",
            Self::Rename => "Rename",
            Self::Duplicate => "Duplicate",
            Self::Delete => "Delete",
        }
    }
}

/// The button and, while it is open, the menu.
#[component]
pub(super) fn Actions(props: &ActionsProps) -> Html {
    let is_open = use_state(|| false);
    let menu = use_node_ref();
    let button = use_node_ref();
    use_effect_with((*is_open, menu.clone()), |(is_open, menu)| {
        if *is_open {
            focus_item(menu, |_, _| 0);
        }
    });
    let set_open = is_open.setter();
    let toggle = {
        let is_open = is_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(!*is_open))
    };
    let close = {
        let (set_open, button) = (set_open.clone(), button.clone());
        Callback::from(move |()| {
            set_open.set(false);
            focus(&button);
        })
    };
    // The focus went elsewhere, as it does with a click beside the menu. The button closes by itself.
    let whole = use_node_ref();
    let left = {
        let whole = whole.clone();
        Callback::from(move |event: FocusEvent| {
            let parts = whole.cast::<Node>().zip(event.related_target());
            if !parts.is_some_and(|(whole, to)| whole.contains(to.dyn_ref::<Node>())) {
                set_open.set(false);
            }
        })
    };
    let actions = [
        Action::ShowSource,
        Action::OwnDatabase,
        Action::Rename,
        Action::Duplicate,
        Action::Delete,
    ];
    let offered = actions
        .into_iter()
        .filter(|action| props.is_service || *action != Action::OwnDatabase);
    let item = |action: Action| {
        let chosen = {
            let (props, close) = (props.clone(), close.clone());
            Callback::from(move |_: MouseEvent| {
                close.emit(());
                act(&props, action);
            })
        };
        html! { <button type="button" role="menuitem" tabindex="-1" class="menu-item" onclick={chosen}>{ action.title() }</button> }
    };
    html! {
        <div class="actions" ref={whole} onfocusout={left}>
            <button ref={button} type="button" class="btn ico" aria-label={format!("Actions for {}", props.node)}
                aria-haspopup="menu" aria-expanded={is_open.to_string()} onclick={toggle}>
                { icon(Icon::More) }
            </button>
            if *is_open {
                <div ref={menu.clone()} class="menu" role="menu" tabindex="-1" aria-label={format!("Actions for {}", props.node)}
                    onkeydown={keys(menu, close.clone())}>
                    { for offered.map(item) }
                </div>
            }
        </div>
    }
}

fn act(props: &ActionsProps, action: Action) {
    let node = props.node.clone();
    match action {
        Action::ShowSource => props.on_source.emit(node),
        Action::OwnDatabase => props
            .on_edit
            .emit(Command::GiveOwnDatabase { service: node }),
        Action::Rename => props.on_rename.emit(()),
        Action::Duplicate => props.on_edit.emit(Command::Duplicate { node }),
        Action::Delete => props.on_edit.emit(Command::Delete { nodes: vec![node] }),
    }
}

fn keys(menu: NodeRef, close: Callback<()>) -> Callback<KeyboardEvent> {
    Callback::from(move |event: KeyboardEvent| {
        match event.key().as_str() {
            "ArrowDown" => focus_item(&menu, |at, count| (at + 1) % count),
            "ArrowUp" => focus_item(&menu, |at, count| (at + count - 1) % count),
            "Home" => focus_item(&menu, |_, _| 0),
            "End" => focus_item(&menu, |_, count| count - 1),
            "Escape" | "Tab" => close.emit(()),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    })
}

/// Moves the focus within the menu: from the item that has it, to the one that `next` names.
fn focus_item(menu: &NodeRef, next: impl Fn(u32, u32) -> u32) {
    let Some(items) = menu.cast::<Element>().map(|menu| menu.children()) else {
        return;
    };
    let count = items.length();
    if count == 0 {
        return;
    }
    let focused = gloo_utils::document().active_element();
    let at = (0..count)
        .find(|index| items.item(*index) == focused)
        .unwrap_or(0);
    let item = items
        .item(next(at, count))
        .and_then(|item| item.dyn_into::<HtmlElement>().ok());
    if let Some(item) = item {
        // An item of an open menu takes the focus.
        let _ = item.focus();
    }
}

fn focus(node: &NodeRef) {
    if let Some(element) = node.cast::<HtmlElement>() {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}
