//! The worker: hosts the run and answers the page. Messages are JSON; records travel beside them as a buffer that
//! is transferred, not copied.

use js_sys::{Array, Uint8Array};
use tidewire_session::run::Outgoing;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::slices::Slices;

/// A slice of the worker takes about this long, so that it answers soon.
const SLICE_MS: f64 = 12.0;

/// Listens to the page for as long as the worker lives.
pub(crate) fn start() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let page = scope.clone();
    let slices = Slices::new(SLICE_MS, move |outgoing| post(&page, &outgoing));
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let message = event.data().as_string();
        // What is not ours is not answered.
        if let Some(message) = message.and_then(|text| serde_json::from_str(&text).ok()) {
            slices.handle(message);
        }
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
}

/// Sends a message. When it cannot be sent the page has gone, and nobody is left to tell.
fn post(page: &DedicatedWorkerGlobalScope, outgoing: &Outgoing) {
    let Ok(text) = serde_json::to_string(&outgoing.message) else {
        return;
    };
    let text = JsValue::from_str(&text);
    if outgoing.records.is_empty() {
        let _ = page.post_message(&text);
        return;
    }
    let buffer = Uint8Array::from(outgoing.records.as_slice()).buffer();
    let _ = page.post_message_with_transfer(&Array::of2(&text, &buffer), &Array::of1(&buffer));
}
