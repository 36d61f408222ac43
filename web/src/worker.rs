//! The worker: answers what the page asks.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// Listens to the page for as long as the worker lives.
pub(crate) fn start() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let answer_scope = scope.clone();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |_event: MessageEvent| {
        // Nobody is left to tell when the page has gone.
        let _ = answer_scope.post_message(&JsValue::from_str("worker is ready"));
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
}
