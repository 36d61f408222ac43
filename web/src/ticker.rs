//! The playhead's pulse: what moves with every animation frame listens here and changes its own element, so that
//! no component is rendered sixty times a second. What changes only with events is in the frame instead.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Where the playhead is, as a moving element needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pulse {
    /// The playhead.
    pub(crate) at_us: u64,
    /// Crossings shorter than this are drawn at rest on the receiver.
    pub(crate) rest_us: u64,
}

type Listener = Rc<dyn Fn(Pulse)>;

/// Tells its listeners where the playhead is.
#[derive(Clone, Default)]
pub(crate) struct Ticker(Rc<Listeners>);

#[derive(Default)]
struct Listeners {
    now: Cell<Pulse>,
    next: Cell<u32>,
    all: RefCell<Vec<(u32, Listener)>>,
}

impl Ticker {
    /// Calls the listener with every move of the playhead, and once now, until the subscription is dropped.
    pub(crate) fn subscribe(&self, listener: impl Fn(Pulse) + 'static) -> Subscription {
        listener(self.0.now.get());
        let id = self.0.next.get();
        self.0.next.set(id.wrapping_add(1));
        self.0.all.borrow_mut().push((id, Rc::new(listener)));
        Subscription {
            ticker: self.clone(),
            id,
        }
    }

    /// Tells everybody where the playhead is.
    pub(crate) fn tell(&self, pulse: Pulse) {
        self.0.now.set(pulse);
        let listeners = self.0.all.borrow().clone();
        for (_, listener) in listeners {
            listener(pulse);
        }
    }

    /// Where it is.
    pub(crate) fn now(&self) -> Pulse {
        self.0.now.get()
    }
}

impl PartialEq for Ticker {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Ends when it is dropped.
pub(crate) struct Subscription {
    ticker: Ticker,
    id: u32,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.ticker
            .0
            .all
            .borrow_mut()
            .retain(|(id, _)| *id != self.id);
    }
}
