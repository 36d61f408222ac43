//! Quantities over virtual time, cut into slots for drawing.

/// Slots of a run; a slot is as long as it has to be.
const SLOTS: u64 = 80;

/// A quantity that changes in steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    /// When, and the value from then on.
    changes: Vec<(u64, u64)>,
    max: u64,
}

impl Steps {
    pub(crate) fn set(&mut self, at_us: u64, value: u64) {
        if self.now() != value {
            self.changes.push((at_us, value));
            self.max = self.max.max(value);
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.changes.last().map_or(0, |(_, value)| *value)
    }

    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The largest value in each slot.
    pub(crate) fn slots(&self, slot_us: u64, count: usize) -> Vec<u64> {
        let mut slots = Vec::with_capacity(count);
        let (mut value, mut next) = (0, 0);
        for slot in 0..count as u64 {
            let end_us = (slot + 1) * slot_us;
            let mut largest = value;
            while let Some((at_us, changed)) = self.changes.get(next) {
                if *at_us >= end_us {
                    break;
                }
                value = *changed;
                largest = largest.max(value);
                next += 1;
            }
            slots.push(largest);
        }
        slots
    }
}

/// Single values, each at its time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points {
    points: Vec<(u64, u64)>,
}

impl Points {
    pub(crate) fn add(&mut self, at_us: u64, value: u64) {
        self.points.push((at_us, value));
    }

    pub(crate) fn values(&self) -> Vec<u64> {
        self.points.iter().map(|(_, value)| *value).collect()
    }

    /// The largest value in each slot; 0 where there is none.
    pub(crate) fn slots(&self, slot_us: u64, count: usize) -> Vec<u64> {
        let mut slots = vec![0; count];
        for (at_us, value) in &self.points {
            if let Some(slot) = slots.get_mut((at_us / slot_us) as usize) {
                *slot = (*slot).max(*value);
            }
        }
        slots
    }
}

/// Length in microseconds and number of the slots of a run that ended then.
pub(crate) fn slots(end_us: u64) -> (u64, usize) {
    let slot_us = (end_us / SLOTS + 1).max(1);
    (slot_us, (end_us / slot_us + 1) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_carry_their_value_into_later_slots() {
        let mut steps = Steps::default();
        for (at_us, value) in [(5, 2), (7, 5), (9, 1), (25, 0), (35, 4)] {
            steps.set(at_us, value);
        }
        assert_eq!(steps.slots(10, 5), [5, 1, 1, 4, 4]);
        assert_eq!(steps.max(), 5);
    }

    #[test]
    fn points_stay_in_their_slots() {
        let mut points = Points::default();
        for (at_us, value) in [(5, 2), (7, 5), (31, 1)] {
            points.add(at_us, value);
        }
        assert_eq!(points.slots(10, 4), [5, 0, 0, 1]);
    }

    #[test]
    fn every_instant_of_a_run_has_a_slot() {
        for end_us in [0, 1, 79, 80, 81, 12_345, u64::from(u32::MAX)] {
            let (slot_us, count) = slots(end_us);
            assert!(
                ((end_us / slot_us) as usize) < count && count <= 81,
                "{end_us}"
            );
        }
    }
}
