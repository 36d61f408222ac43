//! Going back: the groups of a service read from the beginning again, as after resetting their offsets.

use tidewire_scenario::{BrokerKind, ServiceId};

use crate::observation::Fact;
use crate::step::Step;
use crate::work::Origin;

impl Step<'_> {
    /// The service of a work leaves its groups, its offsets go back to 0, and it joins again. Records that wait for a
    /// worker are of the old membership, and are dropped.
    pub(crate) fn rewind(&mut self, slot: u32) {
        let place = self.state.works.get(slot).and_then(|work| work.place);
        if let Some((service, _)) = place {
            self.drop_queued_records(service);
            self.leave_groups(service, None);
            let setup = self.setup;
            for (index, spec) in (0_u32..).zip(&setup.cursors) {
                // A queue has no offsets: what was acknowledged is gone.
                if spec.service != service || setup.kind_of(spec.topic) != BrokerKind::Log {
                    continue;
                }
                self.cursor_mut(index).committed = 0;
                self.emit(|| Fact::OffsetCommitted {
                    topic: spec.topic,
                    partition: spec.partition,
                    group: spec.group,
                    offset: 0,
                });
            }
            self.state.effects += 1;
            self.join_groups(service, None);
        }
        let cause = self.cause.unwrap_or_default();
        self.proceed(slot, cause);
    }

    fn drop_queued_records(&mut self, service: ServiceId) {
        let setup = self.setup;
        for (index, (owner, _)) in (0_u32..).zip(&setup.instances) {
            if *owner != service {
                continue;
            }
            let queue = self.state.instances[index as usize].queue.clone();
            let (records, others) = queue.into_iter().partition(|slot| {
                let work = self.state.works.get(*slot);
                work.is_some_and(|work| matches!(work.origin, Origin::Record { .. }))
            });
            self.instance_mut(index).queue = others;
            let records: std::collections::VecDeque<u32> = records;
            for slot in records {
                self.remove_work(slot);
            }
        }
    }
}
