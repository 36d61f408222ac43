//! A worker as a value: messages as bytes, records as bytes that are transferred, errors as callbacks.

use js_sys::{Array, Uint8Array};
use tidewire_session::protocol::{FromRun, ToRun};
use tidewire_session::wire;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::Callback;

/// Hears what the worker says.
type Said = Callback<(FromRun, Vec<u8>)>;

/// A worker that runs; ended when dropped.
pub(super) struct WorkerHandle {
    worker: Worker,
    _listener: Closure<dyn FnMut(MessageEvent)>,
    _errors: Closure<dyn FnMut(Event)>,
}

/// The address of the worker's script, which the start script left for us.
fn address() -> Option<String> {
    let name = JsValue::from_str("tidewireWorkerAddress");
    js_sys::Reflect::get(&js_sys::global(), &name)
        .ok()?
        .as_string()
}

impl WorkerHandle {
    /// Starts a worker. An error means that workers are refused here.
    pub(super) fn start(said: Said, failed: Callback<String>) -> Result<Self, JsValue> {
        let address = address().ok_or(JsValue::UNDEFINED)?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&address, &options)?;
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(message) = read(&event.data()) {
                said.emit(message);
            }
        });
        worker.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        let errors = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            event.prevent_default();
            failed.emit("The run stopped with an error".to_owned());
        });
        worker.set_onerror(Some(errors.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            _listener: listener,
            _errors: errors,
        })
    }

    /// Sends a message.
    pub(super) fn send(&self, message: &ToRun) {
        let bytes = Uint8Array::from(wire::to_bytes(message).as_slice());
        // A worker that has ended says so through its error handler or its silence.
        let _ = self.worker.post_message(&bytes);
    }

    /// Ends it now.
    pub(super) fn terminate(&self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.terminate();
    }
}

/// A message is an array of bytes, or a pair of that and the buffer of the records.
fn read(data: &JsValue) -> Option<(FromRun, Vec<u8>)> {
    let (message, records) = match data.dyn_ref::<Array>() {
        Some(pair) => (pair.get(0), Uint8Array::new(&pair.get(1)).to_vec()),
        None => (data.clone(), Vec::new()),
    };
    let message = message.dyn_into::<Uint8Array>().ok()?.to_vec();
    Some((wire::from_bytes(&message)?, records))
}
