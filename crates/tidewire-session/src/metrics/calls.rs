//! What each command takes, as its callers see it, and how that compares with the calls that it makes itself.
//!
//! An observation belongs to the activation in whose work it happened: that of its cause, unless it says otherwise.
//! So an answer is found to belong to the call without an id that would tie them.

use tidewire_engine::{DeliveryId, Fact, MessageKind, Observation, WorkId};
use tidewire_scenario::{ClientId, HandlerId, HandlerTrigger, Program};
use tidewire_syntax::sort;

use super::{distribution, handler_name, percentile};
use crate::protocol::{CommandMetrics, PartsMetrics};
use crate::sorted::SortedMap;

/// Nobody's work.
const NOBODY: u32 = u32::MAX;

/// Folds calls and their answers.
#[derive(Debug)]
pub(crate) struct Calls {
    /// By observation: the activation that it belongs to, or [`NOBODY`].
    works: Vec<u32>,
    activations: SortedMap<WorkId, Activation>,
    /// Calls on their way.
    calls: SortedMap<DeliveryId, Call>,
    /// Answers on their way, and whose they are.
    answers: SortedMap<DeliveryId, Answer>,
    /// Calls that arrived and have no work yet, by the observation that will start it.
    arrived: Vec<(u32, Call)>,
    by_handler: Vec<Tally>,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    caller: u32,
    sent_us: u64,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    call: Call,
    handler: HandlerId,
    good: bool,
}

/// A handler at work.
#[derive(Clone, Copy, Debug)]
struct Activation {
    handler: HandlerId,
    started_us: u64,
    /// What it answers; taken when it has.
    call: Option<Call>,
    calls: u32,
    sum_us: u64,
    longest_us: u64,
    compared: bool,
    /// It ended; only its answer is still to be sent.
    over: bool,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    latencies_us: Vec<u64>,
    failed: u32,
    parts: Option<PartsMetrics>,
}

impl Calls {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            works: Vec::new(),
            activations: SortedMap::new(),
            calls: SortedMap::new(),
            answers: SortedMap::new(),
            arrived: Vec::new(),
            by_handler: vec![Tally::default(); program.handlers.len()],
        }
    }

    pub(crate) fn add(&mut self, program: &Program, observation: &Observation) {
        let index = self.works.len() as u32;
        let cause = observation.cause.unwrap_or(u32::MAX);
        let inherited = self.works.get(cause as usize).copied();
        let mut work = inherited.unwrap_or(NOBODY);
        let at_us = observation.at_us;
        match &observation.fact {
            fact @ Fact::Sent { .. } => self.sent(program, fact, work, at_us),
            Fact::Delivered(delivery) => {
                if let Some(call) = self.calls.remove(delivery) {
                    self.arrived.push((index, call));
                } else if let Some(answer) = self.answers.remove(delivery) {
                    work = answer.call.caller;
                    self.answered(answer, at_us);
                }
            }
            Fact::Lost(delivery) => {
                self.calls.remove(delivery);
                self.answers.remove(delivery);
            }
            // A call that waits for a worker is started by its waiting.
            Fact::Queued { .. } => {
                for (arrival, _) in &mut self.arrived {
                    if *arrival == cause {
                        *arrival = index;
                    }
                }
            }
            Fact::HandlerStarted {
                work: started,
                handler,
                ..
            } => {
                work = started.0;
                self.started(program, (*started, *handler), cause, at_us);
            }
            Fact::HandlerEnded {
                work: ended,
                failure,
            } => {
                work = ended.0;
                self.ended(*ended, failure.as_deref(), at_us);
            }
            Fact::StatementDone { work: sender, .. }
            | Fact::FlightJoined { work: sender, .. }
            | Fact::FlightLanded { work: sender, .. }
            | Fact::StatementFailed { work: sender, .. }
            | Fact::StatementBlocked { work: sender, .. } => work = sender.0,
            _ => {}
        }
        self.works.push(work);
    }

    fn sent(&mut self, program: &Program, fact: &Fact, work: u32, at_us: u64) {
        let Fact::Sent {
            delivery,
            kind,
            from,
            ..
        } = fact
        else {
            return;
        };
        if *kind == MessageKind::Command {
            let call = Call {
                caller: work,
                sent_us: at_us,
            };
            self.calls.insert(*delivery, call);
        }
        if !matches!(kind, MessageKind::Reply | MessageKind::Failure) {
            return;
        }
        let work = WorkId(work);
        let Some(activation) = self.activations.get_mut(&work) else {
            return;
        };
        // A refusal by a node that is down belongs to the work that called.
        let handler = activation.handler;
        if program.handlers[handler.index()].owner != *from {
            return;
        }
        let Some(call) = activation.call.take() else {
            return;
        };
        let (over, good) = (activation.over, *kind == MessageKind::Reply);
        let answer = Answer {
            call,
            handler,
            good,
        };
        self.answers.insert(*delivery, answer);
        if good {
            self.compare(work, at_us);
        }
        if over {
            self.activations.remove(&work);
        }
    }

    fn started(
        &mut self,
        program: &Program,
        (work, handler): (WorkId, HandlerId),
        cause: u32,
        at_us: u64,
    ) {
        let arrived = self
            .arrived
            .iter()
            .position(|(arrival, _)| *arrival == cause);
        let call = arrived.map(|place| self.arrived.swap_remove(place).1);
        let trigger = &program.handlers[handler.index()].trigger;
        let called = matches!(trigger, HandlerTrigger::Command { .. });
        let activation = Activation {
            handler,
            started_us: at_us,
            call: call.filter(|_| called),
            calls: 0,
            sum_us: 0,
            longest_us: 0,
            compared: false,
            over: false,
        };
        self.activations.insert(work, activation);
    }

    fn ended(&mut self, work: WorkId, failure: Option<&str>, at_us: u64) {
        let Some(activation) = self.activations.get_mut(&work) else {
            return;
        };
        // The answer of one that is called leaves after its end, unless its process went down.
        activation.over = true;
        let answers = activation.call.is_some() && failure != Some("Crashed");
        if answers {
            return;
        }
        if failure.is_none() {
            self.compare(work, at_us);
        }
        self.activations.remove(&work);
    }

    /// An answer reaches its caller.
    fn answered(&mut self, answer: Answer, at_us: u64) {
        let took_us = at_us.saturating_sub(answer.call.sent_us);
        self.by_handler[answer.handler.index()].count(answer.good, took_us);
        if let Some(caller) = self.activations.get_mut(&WorkId(answer.call.caller)) {
            caller.calls += 1;
            caller.sum_us += took_us;
            caller.longest_us = caller.longest_us.max(took_us);
        }
    }

    /// How long a handler took that has done its work, against its calls.
    fn compare(&mut self, work: WorkId, at_us: u64) {
        let Some(activation) = self.activations.get_mut(&work) else {
            return;
        };
        let compared = std::mem::replace(&mut activation.compared, true);
        if compared || activation.calls == 0 {
            return;
        }
        let took_us = at_us.saturating_sub(activation.started_us).cast_signed();
        let over_sum_us = took_us - activation.sum_us.cast_signed();
        let over_longest_us = took_us - activation.longest_us.cast_signed();
        let parts = &mut self.by_handler[activation.handler.index()].parts;
        let parts = parts.get_or_insert(PartsMetrics {
            least_over_sum_us: i64::MAX,
            most_over_sum_us: i64::MIN,
            least_over_longest_us: i64::MAX,
            most_over_longest_us: i64::MIN,
        });
        parts.least_over_sum_us = parts.least_over_sum_us.min(over_sum_us);
        parts.most_over_sum_us = parts.most_over_sum_us.max(over_sum_us);
        parts.least_over_longest_us = parts.least_over_longest_us.min(over_longest_us);
        parts.most_over_longest_us = parts.most_over_longest_us.max(over_longest_us);
    }

    /// A client's request ended.
    pub(crate) fn request_ended(&mut self, program: &Program, client: ClientId, took: (bool, u64)) {
        let handler = program.clients[client.index()].handler;
        self.by_handler[handler.index()].count(took.0, took.1);
    }

    /// What was counted of each client and command.
    pub(crate) fn commands(&self, program: &Program) -> Vec<CommandMetrics> {
        let counted = self.by_handler.iter().zip(&program.handlers);
        counted
            .filter(|(tally, _)| !tally.latencies_us.is_empty() || tally.failed > 0)
            .map(|(tally, handler)| {
                let mut sorted = tally.latencies_us.clone();
                sort::sort(&mut sorted);
                CommandMetrics {
                    name: handler_name(program, handler),
                    succeeded: sorted.len() as u32,
                    failed: tally.failed,
                    latency_p50_us: percentile(&sorted, 50).unwrap_or_default(),
                    latency_p99_us: percentile(&sorted, 99).unwrap_or_default(),
                    latency_max_us: sorted.last().copied().unwrap_or_default(),
                    distribution: distribution(&sorted),
                    parts: tally.parts,
                }
            })
            .collect()
    }
}

impl Tally {
    fn count(&mut self, good: bool, took_us: u64) {
        if good {
            self.latencies_us.push(took_us);
        } else {
            self.failed += 1;
        }
    }
}
