//! What is going to happen, ordered by (time, canonical order); anything can be cancelled.
//!
//! An indexed binary heap: cheap to fork (a few flat lists), and the first few entries can be looked at
//! without taking them out, which is what the choice of the next actor needs.

use tidewire_syntax::sort;

use crate::action::Pending;

/// A place in the schedule; valid until its entry is taken or cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

impl Ticket {
    /// As an index into a list that is kept beside the schedule.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One thing that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Not before this virtual time, in microseconds.
    pub(crate) at_us: u64,
    /// Rank of its kind, then order of creation.
    order: u64,
    slot: u32,
}

impl Entry {
    /// Where it is kept.
    pub(crate) fn ticket(self) -> Ticket {
        Ticket(self.slot)
    }

    fn before(&self, other: &Self) -> bool {
        (self.at_us, self.order) < (other.at_us, other.order)
    }
}

#[derive(Clone, Copy, Debug)]
struct Item {
    pending: Pending,
    at_us: u64,
    /// Index in the heap; `FREE` when nothing is kept here.
    position: u32,
}

const FREE: u32 = u32::MAX;

/// The schedule of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule {
    heap: Vec<Entry>,
    items: Vec<Item>,
    free: Vec<u32>,
    created: u64,
    background: u32,
}

impl Schedule {
    /// Adds something that happens at `at_us` or later.
    pub(crate) fn add(&mut self, at_us: u64, pending: Pending) -> Ticket {
        let order = (u64::from(pending.rank()) << 56) | self.created;
        self.created += 1;
        self.background += u32::from(pending.is_background());
        let position = self.heap.len() as u32;
        let item = Item {
            pending,
            at_us,
            position,
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.items[slot as usize] = item;
                slot
            }
            None => {
                self.items.push(item);
                (self.items.len() - 1) as u32
            }
        };
        self.heap.push(Entry { at_us, order, slot });
        self.rise(position as usize);
        Ticket(slot)
    }

    /// Takes an entry out, whether it happens now or never.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<(u64, Pending)> {
        let item = *self.items.get(ticket.0 as usize)?;
        if item.position == FREE {
            return None;
        }
        self.items[ticket.0 as usize].position = FREE;
        self.free.push(ticket.0);
        self.background -= u32::from(item.pending.is_background());
        let position = item.position as usize;
        let last = self.heap.len() - 1;
        self.heap.swap_remove(position);
        if position < last {
            self.items[self.heap[position].slot as usize].position = position as u32;
            // Only one of the two moves it.
            self.sink(position);
            self.rise(position);
        }
        Some((item.at_us, item.pending))
    }

    /// What an entry is about.
    pub(crate) fn get(&self, ticket: Ticket) -> Option<(u64, Pending)> {
        let item = self.items.get(ticket.0 as usize)?;
        (item.position != FREE).then_some((item.at_us, item.pending))
    }

    /// The entry that goes next when nobody chooses.
    pub(crate) fn first(&self) -> Option<Entry> {
        self.heap.first().copied()
    }

    /// The entries that may go next, in order: at most `limit`, at most `window_us` after the first, and
    /// none behind one that must happen exactly at its time.
    pub(crate) fn candidates(&self, limit: usize, window_us: u64) -> Vec<Entry> {
        let mut found: Vec<Entry> = Vec::with_capacity(limit);
        let mut frontier: Vec<usize> = Vec::with_capacity(limit + 1);
        if !self.heap.is_empty() {
            frontier.push(0);
        }
        while found.len() < limit {
            let Some(best) = (0..frontier.len()).reduce(|best, other| {
                let closer = self.heap[frontier[other]].before(&self.heap[frontier[best]]);
                if closer { other } else { best }
            }) else {
                break;
            };
            let position = frontier.swap_remove(best);
            let entry = self.heap[position];
            let exact = self.items[entry.slot as usize].pending.is_exact();
            if let Some(first) = found.first()
                && (exact || entry.at_us > first.at_us.saturating_add(window_us))
            {
                break;
            }
            found.push(entry);
            if exact {
                break;
            }
            for child in [2 * position + 1, 2 * position + 2] {
                if child < self.heap.len() {
                    frontier.push(child);
                }
            }
        }
        found
    }

    /// Whether everything here would go on for ever without changing anything by itself.
    pub(crate) fn only_background(&self) -> bool {
        self.background as usize == self.heap.len()
    }

    /// All entries, in no meaningful order.
    pub(crate) fn unordered(&self) -> impl Iterator<Item = (Ticket, u64, Pending)> + '_ {
        self.heap.iter().map(|entry| {
            let pending = self.items[entry.slot as usize].pending;
            (entry.ticket(), entry.at_us, pending)
        })
    }

    /// What waits for ever, in order of its rank and creation.
    pub(crate) fn parked(&self) -> Vec<(Ticket, Pending)> {
        let entries = self.heap.iter().filter(|entry| entry.at_us == u64::MAX);
        let mut found: Vec<_> = entries.map(|entry| (entry.order, entry.slot)).collect();
        sort::sort(&mut found);
        let slots = found.into_iter().map(|(_, slot)| slot);
        slots
            .map(|slot| (Ticket(slot), self.items[slot as usize].pending))
            .collect()
    }

    fn rise(&mut self, mut position: usize) {
        let entry = self.heap[position];
        while position > 0 {
            let parent = (position - 1) / 2;
            if !entry.before(&self.heap[parent]) {
                break;
            }
            self.put(position, self.heap[parent]);
            position = parent;
        }
        self.put(position, entry);
    }

    fn sink(&mut self, mut position: usize) {
        let entry = self.heap[position];
        loop {
            let left = 2 * position + 1;
            let Some(first) = self.heap.get(left) else {
                break;
            };
            let right = self.heap.get(left + 1);
            let child = left + usize::from(right.is_some_and(|right| right.before(first)));
            if !self.heap[child].before(&entry) {
                break;
            }
            self.put(position, self.heap[child]);
            position = child;
        }
        self.put(position, entry);
    }

    fn put(&mut self, position: usize, entry: Entry) {
        self.heap[position] = entry;
        self.items[entry.slot as usize].position = position as u32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wake(slot: u32) -> Pending {
        Pending::Wake(slot)
    }

    proptest! {
        #[test]
        fn takes_in_order_of_time_then_creation(
            times in proptest::collection::vec(0u64..20, 0..60),
            cancelled in proptest::collection::vec(0usize..60, 0..20),
        ) {
            let mut schedule = Schedule::default();
            let tickets: Vec<_> = times
                .iter()
                .enumerate()
                .map(|(index, at)| schedule.add(*at, wake(index as u32)))
                .collect();
            let mut expected: Vec<_> = times.iter().copied().zip(0u32..).collect();
            for index in cancelled {
                if let Some(ticket) = tickets.get(index) {
                    schedule.take(*ticket);
                    expected.retain(|(_, kept)| *kept as usize != index);
                }
            }
            expected.sort();
            let candidates = schedule.candidates(5, 3);
            for (entry, (at, index)) in candidates.iter().zip(&expected) {
                prop_assert_eq!(schedule.get(entry.ticket()), Some((*at, wake(*index))));
            }
            let mut taken = Vec::new();
            while let Some(entry) = schedule.first() {
                let Some((at, Pending::Wake(index))) = schedule.take(entry.ticket()) else {
                    return Err(TestCaseError::fail("an entry vanished"));
                };
                taken.push((at, index));
            }
            prop_assert_eq!(taken, expected);
        }
    }

    #[test]
    fn nothing_overtakes_a_fault() {
        let mut schedule = Schedule::default();
        schedule.add(5, wake(0));
        schedule.add(6, Pending::FaultBegins(tidewire_scenario::FaultId(0)));
        schedule.add(7, wake(1));
        assert_eq!(schedule.candidates(8, 100).len(), 1);
        let first = schedule.first().map(Entry::ticket);
        first.and_then(|ticket| schedule.take(ticket));
        assert_eq!(schedule.candidates(8, 100).len(), 1);
    }
}
