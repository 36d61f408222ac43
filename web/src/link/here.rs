//! The run on the page itself, slice by slice between frames: for places that refuse workers.

use tidewire_session::protocol::{FromRun, ToRun};
use yew::Callback;

pub(super) struct Here {
    _said: Callback<(FromRun, Vec<u8>)>,
}

impl Here {
    pub(super) fn new(said: Callback<(FromRun, Vec<u8>)>) -> Self {
        Self { _said: said }
    }
    pub(super) fn send(&self, _message: ToRun) {}
}
