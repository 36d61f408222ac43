//! Calls between handlers: sending, accepting, answering, retrying. A timeout tells nothing about the callee.

use std::sync::Arc;

use tidewire_scenario::{CallSite, Instruction, NodeId, ServiceId, implicit};
use tidewire_store::Value;

use crate::action::Pending;
use crate::draw::{Purpose, key};
use crate::interpret::{evaluate, set};
use crate::message::{Call, Content, Reply};
use crate::network::{Envelope, Travel};
use crate::observation::MessageKind;
use crate::service::Start;
use crate::step::Step;
use crate::work::{Failure, Origin, Status, WorkRef};

impl<'a> Step<'a> {
    /// Sends an attempt (from 1) of a call and waits for its answer.
    pub(crate) fn call(&mut self, slot: u32, site: &'a CallSite, attempt: u32) {
        let now_us = self.clock_of(slot);
        let setup = self.setup;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let arguments = site.arguments.iter();
        let arguments = match arguments
            .map(|scalar| evaluate(work, scalar, now_us))
            .collect()
        {
            Ok(arguments) => arguments,
            Err(error) => return self.fail(slot, Failure::sql(&error)),
        };
        let effect = work.effects;
        work.effects += 1;
        work.status = Status::Calling { effect, attempt };
        let (identity, node) = (work.identity, work.node);
        let caller = work.reference(slot);
        let request_id = work.frame.get(implicit::REQUEST_ID.index()).cloned();
        let handler = &setup.program.handlers[site.handler.index()];
        let callee_key = setup.handler_keys[site.handler.index()];
        let call = Call {
            caller,
            effect,
            handler: site.handler,
            arguments,
            identity: key(&[callee_key, identity, u64::from(effect)]),
            request_id: request_id.unwrap_or_default(),
            attempt,
        };
        let envelope = Envelope {
            from: node,
            to: setup.program.services[site.service.index()].node,
            kind: MessageKind::Command,
            label: &handler.name,
        };
        let travel = Travel {
            key: identity,
            purpose: Purpose::Travel,
            ordinal: effect,
            before_us: 0,
        };
        self.send(envelope, travel, Content::Call(Box::new(call)));
        let timer = self.schedule(site.timeout_us, Pending::Timeout(slot));
        self.set_timer(slot, Some(timer));
    }

    /// The call that a work stands at.
    fn call_site(&self, slot: u32) -> Option<&'a CallSite> {
        let setup = self.setup;
        let work = self.state.works.get(slot)?;
        let handler = &setup.program.handlers[work.handler.index()];
        match handler.code.get(work.position as usize)? {
            Instruction::Call(site) => Some(site),
            _ => None,
        }
    }

    /// The pause before a retry is over.
    pub(crate) fn call_again(&mut self, slot: u32, attempt: u32) {
        if let Some(site) = self.call_site(slot) {
            self.call(slot, site, attempt);
        }
    }

    /// The instance that a call goes to: the callers share them out among those that run.
    pub(crate) fn instance_for(&self, service: ServiceId, identity: u64) -> Option<u32> {
        let instances = self.setup.program.services[service.index()]
            .instances
            .max(1);
        let up = |instance: &u32| self.state.instance_is_up(self.setup, service, *instance);
        let count = (0..instances).filter(up).count() as u64;
        let turn = identity.checked_rem(count)?;
        (0..instances).filter(up).nth(turn as usize)
    }

    /// Accepts a call: makes a work of it on the next instance in turn.
    pub(crate) fn accept_call(&mut self, from: NodeId, to: NodeId, call: Call) {
        let Some(service) = self.setup.service_at(to) else {
            return;
        };
        let handler = &self.setup.program.handlers[call.handler.index()];
        let Some(instance) = self.instance_for(service, call.identity) else {
            return;
        };
        let slot = self.create_work(Start {
            handler: call.handler,
            place: Some((service, instance)),
            origin: Origin::Call {
                caller: call.caller,
                node: from,
                effect: call.effect,
            },
            request: self.request,
            identity: call.identity,
            request_id: call.request_id,
            attempt: call.attempt,
        });
        if let Some(work) = self.state.works.get_mut(slot) {
            for ((parameter, _, _), value) in handler.parameters.iter().zip(call.arguments) {
                set(work, *parameter, value);
            }
        }
        self.enqueue(slot);
    }

    /// `reply`: the caller gets its answer, the handler goes on.
    pub(crate) fn reply(&mut self, slot: u32, values: Vec<Value>) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let reply = Reply {
            handler: work.handler,
            position: Some(work.position),
            values,
        };
        let cause = work.cause.unwrap_or_default();
        self.answer(slot, Ok(reply));
        self.proceed(slot, cause);
    }

    /// Answers the caller of a work, if it has one that has not been answered.
    pub(crate) fn answer(&mut self, slot: u32, result: Result<Reply, Failure>) {
        let setup = self.setup;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let Origin::Call {
            caller,
            node,
            effect,
        } = work.origin
        else {
            return;
        };
        if std::mem::replace(&mut work.replied, true) {
            return;
        }
        let (from, identity, handler) = (work.node, work.identity, work.handler);
        let (kind, label) = match &result {
            Ok(_) => {
                let name = &setup.program.handlers[handler.index()].name;
                (MessageKind::Reply, Arc::clone(name))
            }
            Err(failure) => (MessageKind::Failure, Arc::clone(&failure.name)),
        };
        let envelope = Envelope {
            from,
            to: node,
            kind,
            label: &label,
        };
        let travel = Travel {
            key: identity,
            purpose: Purpose::Return,
            ordinal: 0,
            before_us: 0,
        };
        let content = Content::Reply {
            caller,
            effect,
            result,
        };
        self.send(envelope, travel, content);
    }

    /// An answer arrives; one to an attempt that was given up is ignored.
    pub(crate) fn take_reply(
        &mut self,
        caller: WorkRef,
        effect: u32,
        result: Result<Reply, Failure>,
    ) {
        let Some(work) = self.work(caller) else {
            return;
        };
        let Status::Calling {
            effect: expected,
            attempt,
        } = work.status
        else {
            return;
        };
        if expected != effect {
            return;
        }
        let slot = caller.slot;
        self.set_timer(slot, None);
        match result {
            Ok(reply) => self.bind_reply(slot, &reply),
            Err(failure) => self.call_failed(slot, attempt, failure),
        }
    }

    fn bind_reply(&mut self, slot: u32, reply: &Reply) {
        let setup = self.setup;
        let (Some(site), Some(cause)) = (self.call_site(slot), self.cause) else {
            return;
        };
        let code = &setup.program.handlers[reply.handler.index()].code;
        let fields = match reply.position.and_then(|at| code.get(at as usize)) {
            Some(Instruction::Reply(fields)) => fields.as_slice(),
            _ => &[],
        };
        if let Some(work) = self.work_mut(slot) {
            for (name, output) in &site.outputs {
                let found = fields.iter().position(|(field, _)| field == name);
                let value = found.and_then(|index| reply.values.get(index)).cloned();
                set(work, *output, value.unwrap_or_default());
            }
        }
        self.proceed(slot, cause);
    }

    /// An attempt failed: the next one after a pause, or the handler fails with it.
    ///
    /// What the callee says with `fail` is an answer, and is not retried.
    pub(crate) fn call_failed(&mut self, slot: u32, attempt: u32, failure: Failure) {
        let Some(site) = self.call_site(slot) else {
            return;
        };
        let cause = self.cause;
        if failure.deliberate || attempt > site.retries {
            if let Some(work) = self.work_mut(slot) {
                work.cause = cause;
            }
            return self.fail(slot, failure);
        }
        if let Some(work) = self.work_mut(slot) {
            work.cause = cause;
            work.status = Status::BackingOff {
                attempt: attempt + 1,
            };
        }
        self.back_off(slot, site.backoff, attempt);
    }
}
