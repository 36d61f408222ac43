//! The run, wherever it is: in a worker, or in slices on the page where workers are refused.
//!
//! What it says comes back as [`RunEvent`]s. A worker that does not answer is ended and started again.

mod here;
mod wrapper;

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Interval;
use tidewire_session::protocol::{FromRun, ToRun};
use yew::Callback;

use here::Here;
use wrapper::WorkerHandle;

/// How often the worker is asked whether it is there.
const PING_EVERY_MS: u32 = 1_000;
/// So many questions without an answer end it.
const SILENCE: u32 = 8;

/// What a run says.
#[derive(Debug)]
pub(crate) enum RunEvent {
    /// A message, with the records that travel beside a chunk.
    Said(Box<FromRun>, Vec<u8>),
    /// The worker was ended because it did not answer, or failed; the last start begins again once.
    Restarted(String),
    /// It failed again: nothing runs.
    GaveUp(String),
}

/// The way to the run.
#[derive(Clone)]
pub(crate) struct RunLink(Rc<RefCell<State>>);

struct State {
    place: Place,
    events: Callback<RunEvent>,
    last_start: Option<ToRun>,
    generation: u32,
    unanswered: u32,
    asked: u32,
    restarts: u32,
    watchdog: Option<Interval>,
}

enum Place {
    Worker(WorkerHandle),
    Page(Here),
    Nowhere,
}

impl RunLink {
    /// Starts a worker, or falls back to the page.
    pub(crate) fn open(events: Callback<RunEvent>) -> Self {
        let link = Self(Rc::new(RefCell::new(State {
            place: Place::Nowhere,
            events,
            last_start: None,
            generation: 0,
            unanswered: 0,
            asked: 0,
            restarts: 0,
            watchdog: None,
        })));
        link.settle();
        let watching = link.clone();
        let watchdog = Interval::new(PING_EVERY_MS, move || watching.watch());
        link.0.borrow_mut().watchdog = Some(watchdog);
        link
    }

    /// Finds a place for the run.
    fn settle(&self) {
        let said = {
            let link = self.clone();
            Callback::from(move |(message, bytes)| link.heard(message, bytes))
        };
        let failed = {
            let link = self.clone();
            Callback::from(move |reason: String| link.restart(&reason))
        };
        let place = match WorkerHandle::start(said.clone(), failed) {
            Ok(worker) => Place::Worker(worker),
            Err(_) => Place::Page(Here::new(said)),
        };
        let mut state = self.0.borrow_mut();
        state.place = place;
        state.unanswered = 0;
    }

    /// Starts a run; what an earlier one still says is dropped. Returns its generation.
    pub(crate) fn start(&self, text: &str, design: Option<&str>, seed: u64) -> u32 {
        let mut state = self.0.borrow_mut();
        state.generation = state.generation.wrapping_add(1);
        state.restarts = 0;
        let generation = state.generation;
        let message = ToRun::Start {
            generation,
            text: text.to_owned(),
            design: design.map(str::to_owned),
            seed,
            shuffle: None,
        };
        state.last_start = Some(message.clone());
        state.send(&message);
        generation
    }

    /// Sends a question about the current run.
    pub(crate) fn ask(&self, message: &ToRun) {
        self.0.borrow().send(message);
    }

    fn heard(&self, message: FromRun, bytes: Vec<u8>) {
        let events = {
            let mut state = self.0.borrow_mut();
            state.unanswered = 0;
            if matches!(message, FromRun::Alive(_)) || state.is_old(&message) {
                return;
            }
            state.events.clone()
        };
        events.emit(RunEvent::Said(Box::new(message), bytes));
    }

    /// Asks a worker whether it is there, and ends it after too many questions without an answer.
    fn watch(&self) {
        let silent = {
            let mut state = self.0.borrow_mut();
            if !matches!(state.place, Place::Worker(_)) {
                return;
            }
            state.asked = state.asked.wrapping_add(1);
            state.unanswered += 1;
            let ping = ToRun::Ping(state.asked);
            state.send(&ping);
            state.unanswered > SILENCE
        };
        if silent {
            self.restart("The run did not answer for eight seconds");
        }
    }

    fn restart(&self, reason: &str) {
        let (again, events) = {
            let mut state = self.0.borrow_mut();
            if let Place::Worker(worker) = std::mem::replace(&mut state.place, Place::Nowhere) {
                worker.terminate();
            }
            state.restarts += 1;
            (state.restarts <= 1, state.events.clone())
        };
        self.settle();
        if !again {
            events.emit(RunEvent::GaveUp(reason.to_owned()));
            return;
        }
        events.emit(RunEvent::Restarted(reason.to_owned()));
        let state = self.0.borrow();
        if let Some(start) = &state.last_start {
            state.send(start);
        }
    }
}

impl State {
    fn send(&self, message: &ToRun) {
        match &self.place {
            Place::Worker(worker) => worker.send(message),
            Place::Page(here) => here.send(message.clone()),
            Place::Nowhere => {}
        }
    }

    fn is_old(&self, message: &FromRun) -> bool {
        message.generation().is_some_and(|it| it != self.generation)
    }
}
