//! Failures within a handler: caught by `on error`, answered by running a unit again, or the handler's end.

use tidewire_scenario::{Backoff, Catch, CatchThen, SlotId};
use tidewire_store::Value;

use crate::action::Pending;
use crate::draw::{Draws, Purpose};
use crate::interpret::set;
use crate::step::Step;
use crate::work::{Failure, Status, Work};

impl<'a> Step<'a> {
    /// A work fails where it stands: the innermost part of its code that catches this goes on, or it ends.
    pub(crate) fn fail(&mut self, slot: u32, failure: Failure) {
        match self.catch_of(slot, &failure) {
            Some(catch) => self.go_on_behind(slot, catch, &failure),
            None => self.finish(slot, Some(failure)),
        }
    }

    fn catch_of(&self, slot: u32, failure: &Failure) -> Option<&'a Catch> {
        let setup = self.setup;
        let work = self.state.works.get(slot)?;
        let catches = &setup.program.handlers[work.handler.index()].catches;
        catches.iter().find(|catch| {
            let inside = (catch.from.0..catch.to.0).contains(&work.position);
            // What stands around `parallel` catches the failure of the block, not that of a branch.
            inside && catch.from.0 >= work.begins && takes(catch, work, failure)
        })
    }

    fn go_on_behind(&mut self, slot: u32, catch: &Catch, failure: &Failure) {
        self.fail_flight(slot, failure, Some(catch));
        self.set_timer(slot, None);
        self.release_connections(slot, &catch.keeps);
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let cause = work.cause;
        if let Some((first, last)) = catch.clears {
            for bound in first.0..last.0 {
                set(work, SlotId(bound), Value::Null);
            }
        }
        match &catch.then {
            CatchThen::Handle {
                target,
                failure: name,
                answered,
            } => {
                set(work, *name, Value::text(failure.name.clone()));
                if let Some(answered) = answered {
                    set(work, *answered, Value::Boolean(failure.deliberate));
                }
                work.position = target.0;
                self.make_ready(slot, cause.unwrap_or_default());
            }
            CatchThen::Again {
                attempt, backoff, ..
            } => {
                let count = attempts(work, *attempt);
                set(work, *attempt, Value::Integer(count + 1));
                work.position = catch.from.0;
                work.status = Status::Retrying;
                let failed = u32::try_from(count).unwrap_or(u32::MAX);
                self.back_off(slot, *backoff, failed);
            }
        }
    }

    /// Wakes a work after the pause behind its `failed`-th attempt (from 1).
    pub(crate) fn back_off(&mut self, slot: u32, backoff: Backoff, failed: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let doublings = failed.saturating_sub(1).min(32);
        let longest = backoff.first_us.saturating_mul(1 << doublings);
        let longest = longest.min(backoff.most_us);
        let pause_us = match backoff.jitter {
            true => {
                let ordinal = u64::from(work.effects);
                Draws::new(work.identity, Purpose::Jitter, ordinal).between(0, longest)
            }
            false => longest,
        };
        let timer = self.schedule(pause_us, Pending::Wake(slot));
        self.set_timer(slot, Some(timer));
    }
}

fn takes(catch: &Catch, work: &Work, failure: &Failure) -> bool {
    let named = |codes: &Vec<std::sync::Arc<str>>| {
        codes
            .iter()
            .any(|code| code.eq_ignore_ascii_case(&failure.name))
    };
    match &catch.then {
        CatchThen::Handle { .. } => catch.codes.as_ref().is_none_or(named),
        CatchThen::Again { attempt, times, .. } => {
            let fits = catch.codes.as_ref().map_or(!failure.deliberate, named);
            fits && attempts(work, *attempt) <= i64::from(*times)
        }
    }
}

/// Attempts that a unit has begun.
fn attempts(work: &Work, slot: SlotId) -> i64 {
    match work.frame.get(slot.index()) {
        Some(Value::Integer(count)) => *count,
        _ => 1,
    }
}
