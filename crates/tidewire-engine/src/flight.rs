//! `single flight`: of the works of one instance that reach a block with the same key, one runs it and the others
//! wait for what it binds, or for its failure. As Go's `singleflight.Group`, one for each block.

use std::sync::Arc;

use tidewire_scenario::{Catch, Flight as Site, HandlerId, Instruction, implicit};
use tidewire_store::hash::StableHasher;

use crate::cache::text_key;
use crate::interpret::evaluate;
use crate::observation::Fact;
use crate::step::Step;
use crate::work::{Failure, Status};

/// A run of a block that others may join.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    handler: HandlerId,
    /// Where the block begins.
    position: u32,
    key: Arc<str>,
    /// The work that runs it.
    pilot: u32,
    /// Slots of works that wait for it, in order of arrival.
    passengers: Vec<u32>,
}

impl Flight {
    /// What it adds to the hash of its instance.
    pub(crate) fn hash(&self, h: &mut StableHasher, identity: impl Fn(u32) -> u64) {
        h.word((u64::from(self.handler.0) << 32) | u64::from(self.position));
        h.bytes(self.key.as_bytes());
        h.word(identity(self.pilot));
        h.word(self.passengers.len() as u64);
        self.passengers
            .iter()
            .for_each(|slot| h.word(identity(*slot)));
    }
}

impl Step<'_> {
    /// Waits for the work that runs this block with this key, or runs it.
    pub(crate) fn join_flight(&mut self, slot: u32, site: &Site) {
        let now_us = self.state.now_us;
        let Some(work) = self.state.works.get(slot) else {
            return;
        };
        let (id, handler, position) = (work.id, work.handler, work.position);
        let key = match text_key(&site.key, |scalar| evaluate(work, scalar, now_us)) {
            Ok(key) => key,
            Err(error) => return self.fail(slot, Failure::sql(&error)),
        };
        let Some(instance) = self.instance_of(slot) else {
            return;
        };
        let flights = &mut self.instance_mut(instance).flights;
        let found = flights.iter_mut().find(|flight| {
            (flight.handler, flight.position, &flight.key) == (handler, position, &key)
        });
        let Some(flight) = found else {
            flights.push(Flight {
                handler,
                position,
                key,
                pilot: slot,
                passengers: Vec::new(),
            });
            let cause = self.cause.unwrap_or_default();
            return self.proceed(slot, cause);
        };
        flight.passengers.push(slot);
        let pilot = flight.pilot;
        let pilot = self.state.works.get(pilot).map(|work| work.id);
        let node = self.state.works.get(slot).map(|work| work.node);
        if let (Some(pilot), Some(node)) = (pilot, node) {
            let joined = self.emit(|| Fact::FlightJoined {
                node,
                work: id,
                pilot,
            });
            if let Some(work) = self.work_mut(slot) {
                work.status = Status::Passenger;
                work.cause = Some(joined);
            }
        }
    }

    /// The block is done: those who waited get what it bound.
    pub(crate) fn land_flight(&mut self, slot: u32) {
        let cause = self.cause.unwrap_or_default();
        if let Some(flight) = self.take_flight(slot) {
            self.carry_over(slot, &flight);
            let context = (self.request, self.cause);
            for passenger in flight.passengers {
                let Some(work) = self.state.works.get(passenger) else {
                    continue;
                };
                let (node, id) = (work.node, work.id);
                (self.request, self.cause) = (work.request, context.1);
                let landed = self.emit(|| Fact::FlightLanded { node, work: id });
                self.make_ready(passenger, landed);
            }
            (self.request, self.cause) = context;
        }
        self.proceed(slot, cause);
    }

    /// Copies what a block has bound to those who waited, and puts them behind it.
    fn carry_over(&mut self, slot: u32, flight: &Flight) {
        let code = &self.setup.program.handlers[flight.handler.index()].code;
        let (Some(Instruction::JoinFlight(site)), Some(pilot)) = (
            code.get(flight.position as usize),
            self.state.works.get(slot),
        ) else {
            return;
        };
        let bound = site.first.index()..site.last.index();
        let Some(values) = pilot.frame.get(bound.clone()).map(<[_]>::to_vec) else {
            return;
        };
        let row_count = pilot.frame.get(implicit::ROW_COUNT.index()).cloned();
        for passenger in &flight.passengers {
            let Some(work) = self.work_mut(*passenger) else {
                continue;
            };
            if let Some(frame) = work.frame.get_mut(bound.clone()) {
                frame.clone_from_slice(&values);
            }
            if let Some(count) = &row_count {
                crate::interpret::set(work, implicit::ROW_COUNT, count.clone());
            }
            work.position = site.end.0 + 1;
        }
    }

    /// The work that ran a block has failed in it: so do those who waited. A failure that is caught inside the
    /// block is none of theirs.
    pub(crate) fn fail_flight(&mut self, slot: u32, failure: &Failure, caught: Option<&Catch>) {
        let ends = |at: u32| caught.is_none_or(|catch| (catch.from.0..catch.to.0).contains(&at));
        let position = self.flight_of(slot).map(|flight| flight.position);
        let Some(flight) = position
            .filter(|at| ends(*at))
            .and_then(|_| self.take_flight(slot))
        else {
            return;
        };
        let context = (self.request, self.cause);
        for passenger in flight.passengers {
            let Some(work) = self.state.works.get(passenger) else {
                continue;
            };
            (self.request, self.cause) = (work.request, context.1);
            self.fail(passenger, failure.clone());
        }
        (self.request, self.cause) = context;
    }

    fn flight_of(&self, slot: u32) -> Option<&Flight> {
        let instance = self.instance_of(slot)?;
        let flights = &self.state.instances[instance as usize].flights;
        flights.iter().find(|flight| flight.pilot == slot)
    }

    /// The flight of this pilot, which ends with it.
    fn take_flight(&mut self, slot: u32) -> Option<Flight> {
        let instance = self.instance_of(slot)?;
        let flights = &self.state.instances[instance as usize].flights;
        let at = flights.iter().position(|flight| flight.pilot == slot)?;
        Some(self.instance_mut(instance).flights.remove(at))
    }

    fn instance_of(&self, slot: u32) -> Option<u32> {
        let (service, instance) = self.state.works.get(slot)?.place?;
        Some(self.setup.instance(service, instance))
    }
}
