//! Bodies of handlers: steps become linear code over a frame of values.
//!
//! Handlers are lowered callees first, so that a caller knows the types of the replies that it binds; where
//! services call each other in a circle, one of the types stays unknown and the store finds it by use.

mod cache;
mod call;
mod data;
mod draw;
mod failing;
mod fold;
mod frame;
mod generated;
mod projection;
mod publish;
mod relay;
mod routing;
mod saga;
mod saga_rows;
mod step;
mod stream;
mod transaction;
mod value;

use std::sync::Arc;

use tidewire_syntax::Name;
use tidewire_syntax::ast::StepKind;

use self::frame::Frame;
use super::Builder;
use super::services::Body;
use crate::outline::each_step;
use crate::{Handler, HandlerId, NodeKind};

impl Builder<'_> {
    /// Lowers all bodies.
    pub(super) fn handlers(&mut self) {
        let mut lowered: Vec<Option<Handler>> = self.signatures.iter().map(|_| None).collect();
        for id in self.callees_first() {
            let (handler, replies) = self.lower(id);
            self.signatures[id.index()].replies = replies;
            lowered[id.index()] = Some(handler);
        }
        // Every id is visited once; the program of a report with errors is never run.
        self.program.handlers = lowered.into_iter().flatten().collect();
    }

    fn lower(&mut self, id: HandlerId) -> (Handler, frame::Replies) {
        let body = self.signatures[id.index()].body;
        let mut frame = Frame::new(self, id);
        match body {
            Body::Steps(steps) => frame.body(steps),
            Body::Relay(relay, database) => frame.relay(relay, database),
            Body::Saga(saga, database) => frame.saga(saga, database),
            Body::Resume(saga, database) => frame.resume(saga, database),
            Body::Projection(steps, projection) => frame.projection(steps, projection),
            Body::Rebuild(written, projection) => {
                let members: Vec<_> = written.members.iter().map(|it| it.kind.clone()).collect();
                frame.rebuild(&members, projection);
            }
        }
        frame.finish()
    }

    /// All handlers, each behind those that it calls as far as circles allow.
    fn callees_first(&self) -> Vec<HandlerId> {
        let mut order = Vec::with_capacity(self.signatures.len());
        let mut seen = vec![false; self.signatures.len()];
        for root in 0..self.signatures.len() {
            // A stack of its own, because chains of calls may be long.
            let mut stack = vec![(HandlerId(root as u32), false)];
            while let Some((id, is_done)) = stack.pop() {
                if is_done {
                    order.push(id);
                } else if !seen[id.index()] {
                    seen[id.index()] = true;
                    stack.push((id, true));
                    stack.extend(self.callees(id).into_iter().map(|callee| (callee, false)));
                }
            }
        }
        order
    }

    fn callees(&self, id: HandlerId) -> Vec<HandlerId> {
        let mut callees = Vec::new();
        for steps in self.signatures[id.index()].body.steps() {
            each_step(steps, &mut |step| {
                if let StepKind::Call(call) = &step.kind {
                    callees.extend(self.command(&call.service, &call.command));
                }
            });
        }
        callees
    }

    /// The command of this name, if there is one.
    fn command(&self, service: &Name, command: &Name) -> Option<HandlerId> {
        let node = self.nodes.get(&service.key())?;
        let NodeKind::Service(service) = self.program.nodes[node.index()].kind else {
            return None;
        };
        self.commands.get(&(service, command.key())).copied()
    }
}

/// A piece of the text on one line, comments left out.
pub(super) fn words(text: &str) -> Arc<str> {
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(line));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").into()
}
