//! The whole canvas in small, with a frame around what is seen.

use tidewire_session::view::{NodeShape, Rectangle};
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::Msg;
use crate::format::px;
use crate::shared::Drawing;

/// Inner size in pixels.
const SIZE: (f32, f32) = (144.0, 92.0);

/// The card.
pub(super) fn minimap(drawing: &Drawing, seen: Rectangle, on: &Callback<Msg>) -> Html {
    let bounds = drawing.bounds;
    let scale =
        ((SIZE.0 - 12.0) / bounds.width.max(1.0)).min((SIZE.1 - 12.0) / bounds.height.max(1.0));
    let x = (SIZE.0 - bounds.width * scale) / 2.0 - bounds.x * scale;
    let y = (SIZE.1 - bounds.height * scale) / 2.0 - bounds.y * scale;
    let place = move |frame: Rectangle| Rectangle {
        x: frame.x * scale + x,
        y: frame.y * scale + y,
        width: frame.width * scale,
        height: frame.height * scale,
    };
    let onpointerdown = on.reform(move |event: PointerEvent| {
        event.stop_propagation();
        let origin = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .map(|element| element.get_bounding_client_rect());
        let (left, top) = origin.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
        let at = |client: i32, edge: f64| client as f32 - edge as f32;
        Msg::CentreOn(
            (at(event.client_x(), left) - x) / scale,
            (at(event.client_y(), top) - y) / scale,
        )
    });
    let nodes = drawing.nodes.iter().map(|node| {
        let class = match node.shape {
            NodeShape::Store => "mm-s",
            NodeShape::Broker => "mm-p",
            _ => "mm-n",
        };
        boxed(class, place(node.frame), "2.5")
    });
    html! {
        <div class="fl minimap" aria-hidden="true" data-float="">
            <svg width="144" height="92" viewBox="0 0 144 92" {onpointerdown}>
                { for drawing.regions.iter().map(|region| boxed("mm-b", place(region.frame), "2")) }
                { for nodes }
                { boxed("mm-v", clipped(place(seen)), "3") }
            </svg>
        </div>
    }
}

fn clipped(frame: Rectangle) -> Rectangle {
    let left = frame.x.clamp(1.0, SIZE.0 - 1.0);
    let top = frame.y.clamp(1.0, SIZE.1 - 1.0);
    let right = (frame.x + frame.width).clamp(1.0, SIZE.0 - 1.0);
    let bottom = (frame.y + frame.height).clamp(1.0, SIZE.1 - 1.0);
    Rectangle {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    }
}

fn boxed(class: &'static str, frame: Rectangle, radius: &'static str) -> Html {
    html! {
        <rect {class} x={px(frame.x)} y={px(frame.y)} width={px(frame.width)} height={px(frame.height)} rx={radius} />
    }
}
