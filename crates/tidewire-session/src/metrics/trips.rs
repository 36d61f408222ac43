//! Round trips: messages whose sender waits for what comes back, and how many of them each request cost.

use tidewire_engine::{Fact, MessageKind, Observation, RequestKey};
use tidewire_scenario::{NodeKind, Program};

use crate::sorted::SortedMap;

#[derive(Debug, Default)]
pub(crate) struct Trips {
    pub(crate) total: u64,
    open: SortedMap<RequestKey, u64>,
    /// Of each request, until it ended.
    pub(crate) of_requests: Vec<u64>,
}

impl Trips {
    pub(crate) fn add(&mut self, program: &Program, observation: &Observation) {
        match (&observation.fact, observation.request) {
            (Fact::RequestStarted { .. }, Some(request)) => self.open.insert(request, 0),
            (Fact::RequestEnded { .. }, Some(request)) => {
                self.of_requests.extend(self.open.remove(&request));
            }
            (Fact::Sent { kind, from, .. }, request) => {
                // A broker does not wait for its consumers.
                let broker = matches!(program.nodes[from.index()].kind, NodeKind::Broker(_));
                let waits = match kind {
                    MessageKind::Command | MessageKind::Statement => true,
                    MessageKind::Event => !broker,
                    _ => false,
                };
                if !waits {
                    return;
                }
                self.total += 1;
                if let Some(open) = request.and_then(|request| self.open.get_mut(&request)) {
                    *open += 1;
                }
            }
            _ => {}
        }
    }
}
