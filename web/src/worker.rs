//! The worker: hosts the run and answers the page. Messages are bytes; records travel beside them as a buffer that
//! is transferred, not copied.

use js_sys::{Array, Uint8Array};
use tidewire_session::run::Outgoing;
use tidewire_session::wire;
use wasm_bindgen::{JsCast, prelude::Closure};
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
        // What is not ours is not answered.
        let bytes = event.data().dyn_into::<Uint8Array>();
        if let Some(message) = bytes.ok().and_then(|it| wire::from_bytes(&it.to_vec())) {
            slices.handle(message);
        }
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
}

/// Sends a message. When it cannot be sent the page has gone, and nobody is left to tell.
fn post(page: &DedicatedWorkerGlobalScope, outgoing: &Outgoing) {
    let message = Uint8Array::from(wire::to_bytes(&outgoing.message).as_slice());
    if outgoing.records.is_empty() {
        let _ = page.post_message(&message);
        return;
    }
    let buffer = Uint8Array::from(outgoing.records.as_slice()).buffer();
    let _ = page.post_message_with_transfer(&Array::of2(&message, &buffer), &Array::of1(&buffer));
}
