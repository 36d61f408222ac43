//! The run on the page itself, in short slices between frames: for places that refuse workers.

use tidewire_session::protocol::{FromRun, ToRun};
use yew::Callback;

use crate::slices::Slices;

/// A slice on the page leaves most of a frame to the screen.
const SLICE_MS: f64 = 5.0;

/// A run on the page.
pub(super) struct Here(Slices);

impl Here {
    /// A place for runs; what they say comes back through the callback.
    pub(super) fn new(said: Callback<(FromRun, Vec<u8>)>) -> Self {
        Self(Slices::new(SLICE_MS, move |outgoing| {
            let said = said.clone();
            // Later, so that nobody hears an answer while still asking.
            gloo_timers::callback::Timeout::new(0, move || {
                said.emit((outgoing.message, outgoing.records));
            })
            .forget();
        }))
    }

    /// Sends a message.
    pub(super) fn send(&self, message: ToRun) {
        self.0.handle(message);
    }
}
