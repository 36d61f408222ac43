//! Looks at steps that were sent until they are done, and reports them (`try_complete_steps` and
//! `try_complete_step` of the tester).
//!
//! The tester polls every 10 ms and takes a step that waits for a lock as waiting until other steps have run.
//! So time passes here by 10 ms for each look at a step that waits, and up to the next timer, `deadlock_timeout`
//! for one, where the tester has to wait itself.

use tidewire_store::SqlError;

use super::model::{Blocker, Permutation};
use super::play::{Active, Player, Stopped};
use super::table::table;
use crate::sessions::{self, Answer, SessionId};

/// How often the tester looks whether a step waits.
const POLL_US: i64 = 10_000;
/// After so long it cancels a step; after twice as long it gives up.
const MAX_STEP_WAIT_SECONDS: i64 = 300;

/// How a step is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// For the first time; a step that waits stays.
    First,
    /// Again; a step that waits stays.
    Again,
    /// Again, and until it is done.
    Wait,
}

impl Player<'_> {
    /// Before a session gets its next step, the one before must be reported.
    pub(super) fn wait_for_session(
        &mut self,
        permutation: &Permutation,
        session: usize,
        waiting: &mut Vec<usize>,
    ) -> Result<(), Stopped> {
        while let Some(active) = &self.clients[session].active {
            let (at, before) = (active.at, self.progress(waiting));
            if !self.complete(permutation, at, Look::Wait)? {
                waiting.retain(|other| *other != at);
            }
            self.complete_all(permutation, waiting, Look::Again)?;
            // Nothing moved and no timer is left: the tester would look until it gives up.
            if self.progress(waiting) == before && !self.server.wait_until(i64::MAX) {
                return Err(self.give_up(permutation, session));
            }
        }
        Ok(())
    }

    /// Grows with whatever can change a look's outcome.
    fn progress(&self, waiting: &[usize]) -> (usize, u32) {
        let notices = self.clients.iter().map(|client| client.notices).sum();
        (waiting.len(), notices)
    }

    fn give_up(&mut self, permutation: &Permutation, session: usize) -> Stopped {
        let specification = self.specification;
        let name = |active: &Active| {
            let step = permutation.steps[active.at].step;
            specification.step(step).name.as_str()
        };
        let oldest = self.clients[session].active.as_ref().map_or("?", name);
        let active = self
            .clients
            .iter()
            .filter_map(|client| client.active.as_ref());
        let active: String = active.map(|active| format!(" {}", name(active))).collect();
        let seconds = 2 * MAX_STEP_WAIT_SECONDS;
        let text =
            format!("step {oldest} timed out after {seconds} seconds\nactive steps are:{active}\n");
        self.error(&text);
        Stopped
    }

    /// Looks at all that wait, in order, again and again while that may release an annotation.
    pub(super) fn complete_all(
        &mut self,
        permutation: &Permutation,
        waiting: &mut Vec<usize>,
        look: Look,
    ) -> Result<(), Stopped> {
        loop {
            let before = self.progress(waiting);
            let mut annotated = false;
            let mut at = 0;
            while at < waiting.len() {
                if self.complete(permutation, waiting[at], look)? {
                    annotated |= !permutation.steps[waiting[at]].blockers.is_empty();
                    at += 1;
                } else {
                    waiting.remove(at);
                }
            }
            if !annotated || self.progress(waiting) == before {
                return Ok(());
            }
        }
    }

    /// Looks at a step; answers whether it is still not completed.
    pub(super) fn complete(
        &mut self,
        permutation: &Permutation,
        at: usize,
        look: Look,
    ) -> Result<bool, Stopped> {
        let annotated = &permutation.steps[at];
        let step = self.specification.step(annotated.step);
        let waits = format!("step {}: {} <waiting ...>\n", step.name, step.sql);
        if look == Look::First && annotated.blockers.contains(&Blocker::Once) {
            self.out(&waits);
            return Ok(true);
        }
        let still_waits = self.still_waits(step.session, &step.name, look)?;
        self.notices(step.session);
        if still_waits || self.is_held_back(permutation, at) {
            if look == Look::First {
                self.out(&waits);
            }
            return Ok(true);
        }
        match look {
            Look::First => self.out(&format!("step {}: {}\n", step.name, step.sql)),
            Look::Again | Look::Wait => self.out(&format!("step {}: <... completed>\n", step.name)),
        }
        self.clients[step.session].active = None;
        let answers = self.server.take(self.clients[step.session].session);
        let mut held: Option<Answer> = None;
        for answer in answers {
            // libpq hands on a notice right behind an answer before the answer itself.
            match answer {
                Answer::Notice(notice) => self.notice(step.session, &notice),
                answer => self.report(held.replace(answer)),
            }
        }
        self.report(held);
        Ok(false)
    }

    fn report(&mut self, answer: Option<Answer>) {
        match answer {
            Some(Answer::Rows { columns, rows, .. }) => self.out(&table(&columns, &rows)),
            Some(Answer::Failed(failure)) => {
                self.out(&format!("ERROR:  {}\n", failure.error.message));
                self.note(failure);
            }
            Some(Answer::Command { .. } | Answer::Notice(_)) | None => {}
        }
    }

    /// Lets time pass as the tester does while a step waits; answers whether it still waits then.
    fn still_waits(&mut self, session: usize, name: &str, look: Look) -> Result<bool, Stopped> {
        let id = self.clients[session].session;
        let begun_us = self.server.now_us();
        let mut canceled = false;
        while self.server.is_busy(id) {
            if look != Look::Wait && self.is_blocked(id) {
                let until_us = self.server.now_us().saturating_add(POLL_US);
                while self.server.wait_until(until_us) {}
                return Ok(true);
            }
            let seconds = if canceled {
                2 * MAX_STEP_WAIT_SECONDS
            } else {
                MAX_STEP_WAIT_SECONDS
            };
            let limit_us = begun_us.saturating_add(seconds * 1_000_000);
            if self.server.wait_until(limit_us) {
                continue;
            }
            if canceled {
                self.error(&format!("step {name} timed out after {seconds} seconds\n"));
                return Err(Stopped);
            }
            self.out(&format!(
                "isolationtester: canceling step {name} after {seconds} seconds\n"
            ));
            let error = SqlError::new(b"57014", "canceling statement due to user request");
            self.server.cancel(id, error);
            self.server.settle();
            canceled = true;
        }
        Ok(false)
    }

    /// Does it wait for another session of the specification, or for a safe snapshot? A prepared transaction
    /// belongs to no session, so the tester takes a wait for one as work under way.
    fn is_blocked(&self, session: SessionId) -> bool {
        let blockers = self.server.blocked_by(session);
        let prepared = |blocker: &sessions::Blocker| *blocker == sessions::Blocker::Prepared;
        blockers.is_empty() || !blockers.iter().all(prepared)
    }

    /// Is its report held back by an annotation?
    fn is_held_back(&self, permutation: &Permutation, at: usize) -> bool {
        let annotated = &permutation.steps[at];
        let session = self.specification.step(annotated.step).session;
        let goals = self.clients[session]
            .active
            .as_ref()
            .map(|active| &active.notices);
        annotated
            .blockers
            .iter()
            .enumerate()
            .any(|(index, blocker)| match blocker {
                Blocker::Once => false,
                Blocker::Step(other) => {
                    let client = &self.clients[self.specification.step(*other).session];
                    let active = client.active.as_ref();
                    active.is_some_and(|active| permutation.steps[active.at].step == *other)
                }
                Blocker::Notices(other, _) => {
                    let client = &self.clients[self.specification.step(*other).session];
                    let goal = goals
                        .and_then(|goals| goals.get(index))
                        .copied()
                        .unwrap_or(0);
                    client.notices < goal
                }
            })
    }
}
