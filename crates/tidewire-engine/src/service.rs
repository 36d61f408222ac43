//! Works on services and clients: workers and queues, running, pausing. Calls and ends are in `call` and `ending`.

use smallvec::SmallVec;
use tidewire_scenario::{Delay, HandlerId, ServiceId, implicit};
use tidewire_store::Value;

use crate::action::Pending;
use crate::draw::{Draws, Purpose, key};
use crate::interpret::{Pause, advance};
use crate::observation::{Fact, RequestKey, WorkId};
use crate::schedule::Ticket;
use crate::step::Step;
use crate::work::{Failure, Origin, RowCursor, Status, Work};

/// What a new work is made of.
pub(crate) struct Start {
    pub(crate) handler: HandlerId,
    pub(crate) place: Option<(ServiceId, u32)>,
    pub(crate) origin: Origin,
    pub(crate) request: Option<RequestKey>,
    pub(crate) identity: u64,
    pub(crate) request_id: Value,
    pub(crate) attempt: u32,
}

impl Step<'_> {
    /// Makes a work; it neither runs nor waits yet.
    pub(crate) fn create_work(&mut self, start: Start) -> u32 {
        let handler = &self.setup.program.handlers[start.handler.index()];
        let request_key = start.request.map_or(start.identity, |request| {
            key(&[
                self.setup.client_keys[request.client.index()],
                u64::from(request.ordinal),
            ])
        });
        let mut frame = vec![Value::Null; handler.slots as usize];
        let implicit = [
            (implicit::ROW_COUNT, Value::Integer(0)),
            (implicit::REQUEST_ID, start.request_id),
            (implicit::ATTEMPT, Value::Integer(i64::from(start.attempt))),
            (implicit::REDELIVERED, Value::Boolean(false)),
        ];
        for (slot, value) in implicit {
            if let Some(place) = frame.get_mut(slot.index()) {
                *place = value;
            }
        }
        let id = WorkId(self.state.works_started);
        self.state.works_started += 1;
        let cursors: SmallVec<_> = (0..handler.cursors).map(|_| RowCursor::default()).collect();
        self.state.works.insert(Work {
            id,
            handler: start.handler,
            node: handler.owner,
            place: start.place,
            origin: start.origin,
            request: start.request,
            identity: start.identity,
            draw_key: key(&[self.setup.handler_keys[start.handler.index()], request_key]),
            effects: 0,
            drawn: SmallVec::new(),
            frame,
            cursors,
            position: 0,
            begins: 0,
            failed_branch: None,
            status: Status::Queued,
            timer: None,
            held: SmallVec::new(),
            replied: false,
            occupies_worker: false,
            cause: self.cause,
            contribution: 0,
        })
    }

    /// Runs a work on its instance at once if a worker is free, else puts it into the queue.
    pub(crate) fn enqueue(&mut self, slot: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let (node, Some((service, instance))) = (work.node, work.place) else {
            self.start(slot);
            return;
        };
        let workers = self.setup.program.services[service.index()].workers.max(1);
        let index = self.setup.instance(service, instance);
        if self.state.instances[index as usize].running < workers {
            self.occupy(slot, index);
            return;
        }
        let queue = &mut self.instance_mut(index).queue;
        queue.push_back(slot);
        let depth = queue.len() as u32;
        let queued = self.emit(|| Fact::Queued { node, depth });
        if let Some(work) = self.state.works.get_mut(slot) {
            work.cause = Some(queued);
        }
    }

    fn occupy(&mut self, slot: u32, instance: u32) {
        self.instance_mut(instance).running += 1;
        if let Some(work) = self.work_mut(slot) {
            work.occupies_worker = true;
        }
        self.start(slot);
    }

    /// Begins to run a work.
    pub(crate) fn start(&mut self, slot: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        work.status = Status::Running;
        let (id, handler, request, cause) = (work.id, work.handler, work.request, work.cause);
        let instance = work.place.map_or(0, |(_, instance)| instance);
        (self.request, self.cause) = (request, cause);
        let started = self.emit(|| Fact::HandlerStarted {
            work: id,
            handler,
            instance,
        });
        self.make_ready(slot, started);
    }

    /// Lets a work go on before this action ends.
    pub(crate) fn make_ready(&mut self, slot: u32, cause: u32) {
        if let Some(work) = self.work_mut(slot) {
            work.status = Status::Running;
            work.cause = Some(cause);
            self.ready.push(slot);
        }
    }

    /// Runs a work to its next effect and carries that out.
    pub(crate) fn go_on(&mut self, slot: u32) {
        let now_us = self.clock_of(slot);
        let setup = self.setup;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        if work.status != Status::Running {
            return;
        }
        let handler = &setup.program.handlers[work.handler.index()];
        let (request, cause) = (work.request, work.cause);
        let pause = advance(work, handler, now_us);
        (self.request, self.cause) = (request, cause);
        match pause {
            Pause::Statement(sql) => self.want_connection(slot, sql),
            Pause::Call(site) => self.call(slot, site, 1),
            Pause::Publish(site) => self.publish(slot, site),
            Pause::Rewind => self.rewind(slot),
            Pause::PublishRow(row) => self.publish_row(slot, row),
            Pause::Reply(values) => self.reply(slot, values),
            Pause::Cache(access) => self.access_cache(slot, access),
            Pause::JoinFlight(site) => self.join_flight(slot, site),
            Pause::LandFlight => self.land_flight(slot),
            Pause::Wait(delay) => self.sleep(slot, delay),
            Pause::Fork(branches) => self.fork(slot, branches),
            Pause::Fail(failure) => self.fail(slot, failure),
            Pause::End => self.finish(slot, None),
        }
    }

    /// Goes behind the instruction that a work waited at.
    pub(crate) fn proceed(&mut self, slot: u32, cause: u32) {
        if let Some(work) = self.work_mut(slot) {
            work.position += 1;
            self.make_ready(slot, cause);
        }
    }

    fn sleep(&mut self, slot: u32, delay: Delay) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        // Branches of one work differ by where they begin.
        let ordinal = (u64::from(work.begins) << 32) | u64::from(work.effects);
        let mut draws = Draws::new(work.draw_key, Purpose::Wait, ordinal);
        work.effects += 1;
        work.status = Status::Sleeping;
        let timer = self.schedule(draws.delay(delay), Pending::Wake(slot));
        self.set_timer(slot, Some(timer));
    }

    /// A pause is over.
    pub(crate) fn wake(&mut self, slot: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        work.timer = None;
        let (status, request, cause) = (work.status, work.request, work.cause);
        (self.request, self.cause) = (request, cause);
        match status {
            Status::Sleeping => self.proceed(slot, cause.unwrap_or_default()),
            Status::Retrying => self.make_ready(slot, cause.unwrap_or_default()),
            Status::BackingOff { attempt } => {
                self.call_again(slot, attempt);
            }
            _ => {}
        }
    }

    /// A work has waited long enough; whatever it waited for may have happened or not.
    pub(crate) fn time_out(&mut self, slot: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        work.timer = None;
        let (status, request, cause) = (work.status, work.request, work.cause);
        (self.request, self.cause) = (request, cause);
        match status {
            Status::Connecting(_) => {
                self.stop_waiting(slot);
                self.fail(slot, Failure::pool_timeout());
            }
            Status::Statement { .. } => {
                self.abandon_statement(slot);
                self.fail(slot, Failure::timeout());
            }
            Status::Calling { attempt, .. } => {
                self.call_failed(slot, attempt, Failure::timeout());
            }
            Status::Publishing { .. } => self.fail(slot, Failure::timeout()),
            _ => {}
        }
    }

    /// Replaces a work's timer.
    pub(crate) fn set_timer(&mut self, slot: u32, timer: Option<Ticket>) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut work.timer, timer) {
            self.unschedule(old);
        }
    }

    /// Takes a finished or abandoned work out and frees its worker for the next.
    pub(crate) fn remove_work(&mut self, slot: u32) {
        self.set_timer(slot, None);
        self.forget_hash(slot);
        let Some(work) = self.state.works.remove(slot) else {
            return;
        };
        let Some((service, instance)) = work.place.filter(|_| work.occupies_worker) else {
            return;
        };
        let index = self.setup.instance(service, instance);
        let free = self.instance_mut(index);
        free.running -= 1;
        if let Some(next) = free.queue.pop_front() {
            self.occupy(next, index);
        }
    }
}
