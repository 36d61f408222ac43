//! How a work ends: what is open is rolled back, whoever started it hears of it, its worker is free again.

use std::sync::Arc;

use crate::message::Reply;
use crate::observation::Fact;
use crate::step::Step;
use crate::work::{Failure, Origin};

impl Step<'_> {
    /// Ends a work, well or with a failure.
    pub(crate) fn finish(&mut self, slot: u32, failure: Option<Failure>) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let (id, origin, handler) = (work.id, work.origin.clone(), work.handler);
        if let Origin::Branch { parent, index } = origin {
            self.release_connections(slot, &[]);
            if let Some(failure) = &failure {
                self.fail_flight(slot, failure, None);
            }
            self.end_branch(slot, parent, index, failure);
            return self.remove_work(slot);
        }
        let name = failure.as_ref().map(|failure| Arc::clone(&failure.name));
        let reason = name.clone();
        self.chain(|| Fact::HandlerEnded {
            work: id,
            failure: name,
        });
        self.release_connections(slot, &[]);
        if let Some(failure) = &failure {
            self.fail_flight(slot, failure, None);
        }
        match origin {
            Origin::Request => self.end_request(reason),
            Origin::Call { .. } => {
                let reply = Reply {
                    handler,
                    position: None,
                    values: Vec::new(),
                };
                self.answer(slot, failure.map_or(Ok(reply), Err));
            }
            Origin::Record {
                cursor,
                epoch,
                offset,
                attempt,
            } => self.end_record((cursor, epoch), offset, attempt, failure.is_some()),
            Origin::Branch { .. } => {}
            Origin::Every { periodic, effects } => self.end_tick(periodic, effects),
        }
        self.remove_work(slot);
    }

    /// A work vanishes with the memory of its process. Whoever waits for it loses the connection.
    pub(crate) fn vanish(&mut self, slot: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let (id, origin, node, identity) = (work.id, work.origin.clone(), work.node, work.identity);
        let (handler, replied) = (work.handler, work.replied);
        let crash = self.cause;
        self.request = work_request(self, slot);
        self.orphan_statement(slot);
        // A branch is a part of its work, which is gone as well.
        if !matches!(origin, Origin::Branch { .. }) {
            self.emit(|| Fact::HandlerEnded {
                work: id,
                failure: Some(Failure::crashed().name),
            });
        }
        if let Origin::Call {
            caller,
            node: to,
            effect,
        } = origin
            && !replied
        {
            let label = Arc::clone(&self.setup.program.handlers[handler.index()].name);
            let content = crate::message::Content::Reply {
                caller,
                effect,
                result: Err(Failure::connection_lost()),
            };
            self.send_refusal(node, to, &label, identity, content);
        }
        self.cause = crash;
        self.set_timer(slot, None);
        self.forget_hash(slot);
        self.state.works.remove(slot);
    }
}

fn work_request(step: &Step<'_>, slot: u32) -> Option<crate::RequestKey> {
    step.state.works.get(slot)?.request
}
