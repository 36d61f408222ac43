//! The head of the inspector: what is selected, whose it is, and what can be done with it.

use std::rc::Rc;

use tidewire_session::document::Command;
use tidewire_session::view::{CanvasNode, NodeShape};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::actions::Actions;
use super::facts::Facts;
use crate::icons::{Icon, icon, kind_class, kind_icon};
use crate::shared::Drawing;

/// What the head shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct HeaderProps {
    pub(super) drawing: Drawing,
    /// Index of the node.
    pub(super) node: u32,
    /// Whether the document may be edited here.
    pub(super) editable: bool,
    pub(super) on_edit: Callback<Command>,
    /// A node's block shall be shown in the text.
    pub(super) on_source: Callback<String>,
}

/// The head.
#[component]
pub(super) fn Header(props: &HeaderProps) -> Html {
    // The name under which a node is being renamed, so that another node's head is not an open field.
    let renaming = use_state(|| None::<String>);
    // The field goes away with its focus; after a key the name takes it, so that it is not lost.
    let takes_focus = use_mut_ref(|| false);
    let heading = use_node_ref();
    use_effect_with((renaming.is_some(), heading.clone()), {
        let takes_focus = Rc::clone(&takes_focus);
        move |(is_renaming, heading)| {
            let heading = heading
                .cast::<HtmlElement>()
                .filter(|_| !is_renaming && takes_focus.replace(false));
            if let Some(heading) = heading {
                // A heading with a tab index takes the focus.
                let _ = heading.focus();
            }
        }
    });
    let Some(facts) = Facts::of(&props.drawing, props.node) else {
        return Html::default();
    };
    let name = facts.node.name.to_string();
    let (kind, picture) = look(facts.node);
    let is_renaming = renaming.as_ref() == Some(&name);
    let begin = {
        let (renaming, name) = (renaming.clone(), name.clone());
        Callback::from(move |()| renaming.set(Some(name.clone())))
    };
    let done = {
        let (on_edit, node) = (props.on_edit.clone(), name.clone());
        let takes_focus = Rc::clone(&takes_focus);
        Callback::from(move |end: NameEnd| {
            takes_focus.replace(end.by_key);
            renaming.set(None);
            if let Some(name) = end.name.filter(|new_name| *new_name != node) {
                let node = node.clone();
                on_edit.emit(Command::Rename { node, name });
            }
        })
    };
    html! {
        <header class={classes!("inspector-head", kind)}>
            <span class="kind-box">{ icon(picture) }</span>
            <div class="inspector-name">
                if is_renaming {
                    <NameField name={name.clone()} on_done={done} />
                } else {
                    <h2 ref={heading} tabindex="-1">{ &name }</h2>
                }
                <p>{ facts.introduction() }</p>
            </div>
            if props.editable {
                <Actions
                    node={name}
                    is_service={facts.node.shape == NodeShape::Service}
                    on_rename={begin}
                    on_edit={props.on_edit.clone()}
                    on_source={props.on_source.clone()}
                />
            }
        </header>
    }
}

/// Class of the colours, and picture.
fn look(node: &CanvasNode) -> (&'static str, Icon) {
    match node.shape {
        NodeShape::Client => ("k-plain", Icon::Client),
        NodeShape::Service | NodeShape::Relay => ("k-plain", Icon::Service),
        NodeShape::Store | NodeShape::Broker => (kind_class(node.glyph), kind_icon(node.glyph)),
    }
}

#[derive(Clone, PartialEq, Properties)]
struct NameFieldProps {
    name: String,
    on_done: Callback<NameEnd>,
}

/// How renaming ended.
struct NameEnd {
    /// The new name; `None` when it was given up.
    name: Option<String>,
    /// By Enter or Escape, and not by going elsewhere.
    by_key: bool,
}

/// A field in place of the name: Enter takes it, Escape gives up, leaving takes it.
#[component]
fn NameField(props: &NameFieldProps) -> Html {
    let field = use_node_ref();
    let is_over = use_mut_ref(|| false);
    use_effect_with(field.clone(), |field| {
        if let Some(field) = field.cast::<HtmlInputElement>() {
            // The field has just been put into the page, so it takes the focus.
            let _ = field.focus();
            field.select();
        }
    });
    let finish = {
        let on_done = props.on_done.clone();
        move |name: Option<String>, by_key: bool| {
            // Taking the field out of the page makes it lose the focus, which would be a second end.
            if !is_over.replace(true) {
                let name = name.filter(|name| !name.is_empty());
                on_done.emit(NameEnd { name, by_key });
            }
        }
    };
    let pressed = {
        let finish = finish.clone();
        Callback::from(move |event: KeyboardEvent| {
            event.stop_propagation();
            let field = event.target_dyn_into::<HtmlInputElement>();
            match event.key().as_str() {
                "Enter" if !event.is_composing() => {
                    finish(field.map(|field| field.value().trim().to_owned()), true)
                }
                "Escape" => finish(None, true),
                _ => {}
            }
        })
    };
    let left = Callback::from(move |event: FocusEvent| {
        let field = event.target_dyn_into::<HtmlInputElement>();
        finish(field.map(|field| field.value().trim().to_owned()), false);
    });
    html! {
        <input ref={field} class="name-field" type="text" aria-label="New name" value={props.name.clone()}
            autocomplete="off" spellcheck="false" maxlength="60" onkeydown={pressed} onblur={left} />
    }
}
