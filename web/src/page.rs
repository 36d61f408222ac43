//! The page: starts the worker and shows that it answers.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::prelude::*;

/// Mounts the application into the document's body.
pub(crate) fn start() {
    yew::Renderer::<Page>::new().render();
}

/// The address of the worker's script, which `start.js` left for us.
fn worker_address() -> Option<String> {
    js_sys::Reflect::get(
        &js_sys::global(),
        &JsValue::from_str("tidewireWorkerAddress"),
    )
    .ok()?
    .as_string()
}

fn start_worker(address: &str, answered: Callback<String>) -> Result<Worker, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(address, &options)?;
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        answered.emit(event.data().as_string().unwrap_or_default());
    });
    worker.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
    worker.post_message(&JsValue::from_str("ready?"))?;
    Ok(worker)
}

#[component]
fn Page() -> Html {
    let answer = use_state(|| "…".to_owned());
    let set_answer = answer.setter();
    use_effect_with((), move |()| {
        let set_failure = set_answer.clone();
        let answered = Callback::from(move |text: String| set_answer.set(text));
        let worker = worker_address().map(|address| start_worker(&address, answered));
        if !matches!(worker, Some(Ok(_))) {
            set_failure.set("no worker".to_owned());
        }
    });
    html! {
        <main>
            <h1>{ "Tidewire" }</h1>
            <p role="status">{ (*answer).clone() }</p>
        </main>
    }
}
