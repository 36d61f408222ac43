//! A host of runs that works in slices: as much as fits into a few milliseconds, then a pause in which messages
//! arrive. The worker uses it, and the page where workers are refused.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use tidewire_session::protocol::ToRun;
use tidewire_session::run::{Outgoing, RunHost};

/// Actions of the first slice: few, so that something moves at once.
const FIRST_BUDGET: u32 = 64;
/// Actions of a slice stay within these.
const BUDGET: (u32, u32) = (16, 20_000);

/// Runs in slices and hands over what is said.
#[derive(Clone)]
pub(crate) struct Slices(Rc<Inner>);

struct Inner {
    host: RefCell<RunHost>,
    say: Box<dyn Fn(Outgoing)>,
    budget: Cell<u32>,
    scheduled: Cell<bool>,
    slice_ms: f64,
}

impl Slices {
    /// A host whose slices take about so many milliseconds.
    pub(crate) fn new(slice_ms: f64, say: impl Fn(Outgoing) + 'static) -> Self {
        Self(Rc::new(Inner {
            host: RefCell::new(RunHost::new()),
            say: Box::new(say),
            budget: Cell::new(FIRST_BUDGET),
            scheduled: Cell::new(false),
            slice_ms,
        }))
    }

    /// Answers a message and goes on working.
    pub(crate) fn handle(&self, message: ToRun) {
        if matches!(message, ToRun::Start { .. }) {
            self.0.budget.set(FIRST_BUDGET);
        }
        let answers = self.0.host.borrow_mut().handle(message);
        answers.into_iter().for_each(&self.0.say);
        self.schedule();
    }

    fn schedule(&self) {
        if self.0.scheduled.get() || !self.0.host.borrow().is_running() {
            return;
        }
        self.0.scheduled.set(true);
        let slices = self.clone();
        Timeout::new(0, move || slices.work()).forget();
    }

    fn work(&self) {
        let inner = &self.0;
        inner.scheduled.set(false);
        let budget = inner.budget.get();
        let begun = js_sys::Date::now();
        let said = inner.host.borrow_mut().slice(budget);
        let took = js_sys::Date::now() - begun;
        // Only how often messages are sent depends on the clock; what happens does not.
        let next = if took > inner.slice_ms {
            budget / 2
        } else {
            budget * 2
        };
        inner.budget.set(next.clamp(BUDGET.0, BUDGET.1));
        said.into_iter().for_each(&inner.say);
        self.schedule();
    }
}
