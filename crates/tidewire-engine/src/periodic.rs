//! Handlers that time starts: one at a time on each instance, with a pause between end and start. They have a
//! thread of their own and do not wait for workers. So do those that run once, when an instance begins.

use tidewire_scenario::ServiceId;
use tidewire_store::Value;

use crate::action::Pending;
use crate::crash::is;
use crate::draw::key;
use crate::service::Start;
use crate::step::Step;
use crate::work::Origin;

impl Step<'_> {
    /// A period is over.
    pub(crate) fn tick(&mut self, index: u32) {
        let setup = self.setup;
        let spec = setup.periodics[index as usize];
        let effects = self.state.effects;
        let periodic = &mut self.state.periodics[index as usize];
        periodic.due = None;
        periodic.ticks += 1;
        let identity = key(&[
            setup.handler_keys[spec.handler.index()],
            u64::from(spec.instance),
            u64::from(periodic.ticks),
        ]);
        let slot = self.create_work(Start {
            handler: spec.handler,
            place: Some((spec.service, spec.instance)),
            origin: Origin::Every {
                periodic: index,
                effects,
            },
            request: None,
            identity,
            request_id: Value::Null,
            attempt: 1,
        });
        self.start(slot);
    }

    /// A periodic handler ends: the next period begins. It is idle if nothing lasting happened meanwhile.
    pub(crate) fn end_tick(&mut self, index: u32, effects: u64) {
        let spec = self.setup.periodics[index as usize];
        let now = self.state.effects;
        self.state.periodics[index as usize].idle_at = (now == effects).then_some(now);
        let Some(period_us) = spec.period_us else {
            return;
        };
        let ticket = self.schedule(period_us, Pending::Tick(index));
        self.state.periodics[index as usize].due = Some(ticket);
    }

    /// A restarted instance begins its first period.
    pub(crate) fn schedule_tick(&mut self, index: u32) {
        let delay_us = self.state.first_period(self.setup, index);
        let ticket = self.schedule(delay_us, Pending::Tick(index));
        self.state.periodics[index as usize].due = Some(ticket);
    }

    /// A crashed service, or instance, has no timers.
    pub(crate) fn cancel_ticks(&mut self, service: ServiceId, only: Option<u32>) {
        let specs = self.setup.periodics.iter().zip(&mut self.state.periodics);
        let due: Vec<_> = specs
            .filter(|(spec, _)| spec.service == service && is(only, spec.instance))
            .filter_map(|(_, periodic)| periodic.due.take())
            .collect();
        for ticket in due {
            self.unschedule(ticket);
        }
    }
}
