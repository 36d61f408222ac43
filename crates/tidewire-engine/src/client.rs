//! Workloads: closed ones with users who think, open ones with exponential gaps.

use std::sync::Arc;

use tidewire_scenario::{ClientId, Delay, Load};
use tidewire_store::Value;

use crate::action::Pending;
use crate::draw::{Draws, Purpose, key};
use crate::fingerprint::Part;
use crate::observation::{Fact, RequestKey};
use crate::service::Start;
use crate::setup::Setup;
use crate::state::State;
use crate::step::Step;
use crate::work::Origin;

/// How far a client's workload is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientState {
    /// Requests in the schedule.
    pub(crate) due: u32,
    /// Requests under way.
    pub(crate) open: u32,
}

impl State {
    /// Puts the first request of every user, or of an open workload, into the schedule.
    pub(crate) fn schedule_clients(&mut self, setup: &Setup) {
        for (index, client) in setup.program.clients.iter().enumerate() {
            let id = ClientId(index as u32);
            let first = match client.load {
                Load::Closed { users, requests } => users.max(1).min(requests),
                Load::Open { .. } => 1,
            };
            for ordinal in 0..first {
                if let Some(delay) = pause_before(setup, id, ordinal, self.now_us) {
                    self.schedule.add(delay, Pending::RequestDue(id, ordinal));
                    self.clients[index].due += 1;
                }
            }
        }
    }

    /// No request is due or open.
    pub(crate) fn requests_done(&self) -> bool {
        self.clients
            .iter()
            .all(|client| client.due == 0 && client.open == 0)
    }
}

/// How long after `now_us` a request begins: think time or gap; `None` if the workload ends before.
fn pause_before(setup: &Setup, client: ClientId, ordinal: u32, now_us: u64) -> Option<u64> {
    let spec = &setup.program.clients[client.index()];
    let key = setup.client_keys[client.index()];
    match spec.load {
        Load::Closed { requests, .. } => (ordinal < requests)
            .then(|| Draws::new(key, Purpose::Think, u64::from(ordinal)).delay(spec.think)),
        Load::Open { gap_us, until_us } => {
            let gap = Delay::Exponential(gap_us);
            let gap = Draws::new(key, Purpose::Gap, u64::from(ordinal)).delay(gap);
            (now_us.saturating_add(gap) < until_us).then_some(gap)
        }
    }
}

impl Step<'_> {
    /// A request begins; in an open workload the next one is on its way.
    pub(crate) fn begin_request(&mut self, client: ClientId, ordinal: u32) {
        self.touch(Part::Client(client.0));
        let setup = self.setup;
        let spec = &setup.program.clients[client.index()];
        let state = &mut self.state.clients[client.index()];
        state.due -= 1;
        state.open += 1;
        let user = match spec.load {
            Load::Closed { users, .. } => ordinal % users.max(1),
            Load::Open { .. } => {
                self.schedule_request(client, ordinal.saturating_add(1));
                0
            }
        };
        let request = RequestKey { client, ordinal };
        self.request = Some(request);
        self.chain(|| Fact::RequestStarted { user });
        let handler = spec.handler;
        let identity = key(&[
            setup.handler_keys[handler.index()],
            setup.client_keys[client.index()],
            u64::from(ordinal),
        ]);
        let name = &spec.name;
        let slot = self.create_work(Start {
            handler,
            place: None,
            origin: Origin::Request,
            request: Some(request),
            identity,
            // People count from 1.
            request_id: Value::Text(Arc::from(format!("{name}-{}", u64::from(ordinal) + 1))),
            attempt: 1,
        });
        self.start(slot);
    }

    /// A request ends; its user thinks and begins the next.
    pub(crate) fn end_request(&mut self, failure: Option<Arc<str>>) {
        let Some(request) = self.request else {
            return;
        };
        self.touch(Part::Client(request.client.0));
        self.emit(|| Fact::RequestEnded { failure });
        let state = &mut self.state.clients[request.client.index()];
        state.open -= 1;
        let load = self.setup.program.clients[request.client.index()].load;
        if let Load::Closed { users, .. } = load {
            let next = request.ordinal.saturating_add(users.max(1));
            self.schedule_request(request.client, next);
        }
    }

    fn schedule_request(&mut self, client: ClientId, ordinal: u32) {
        if let Some(pause) = pause_before(self.setup, client, ordinal, self.state.now_us) {
            self.schedule(pause, Pending::RequestDue(client, ordinal));
            self.state.clients[client.index()].due += 1;
        }
    }
}
