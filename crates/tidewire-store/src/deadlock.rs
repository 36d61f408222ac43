//! Finds circles of waits, and breaks those that a better order of the queues breaks.
//!
//! Source of the rules: PostgreSQL 15 `src/backend/storage/lmgr/README` and `deadlock.c`. Whoever waits for a
//! holder has a hard edge to it; whoever merely stands behind an earlier waiter that it conflicts with, a soft
//! one. A circle of hard edges is a deadlock. A soft edge may be turned round by moving the later waiter before
//! the earlier one, if no other circle comes of it.

use crate::locks::Wanted;
use crate::waiting::Waiter;
use crate::{ConnectionId, Store};
use tidewire_syntax::sort;

/// Turned edges that are tried together.
const MAX_TURNED: usize = 4;

/// What a waiter found that looked for a deadlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadlockCheck {
    /// It stands in no circle.
    None,
    /// It stood in one that a new order of the queues broke; somebody is ready now.
    Rearranged,
    /// The waiters of a circle, itself first: one of them has to be cancelled.
    Circle(Vec<ConnectionId>),
}

/// A waiter stands behind an earlier one only by its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Soft {
    waiter: ConnectionId,
    blocker: ConnectionId,
}

/// What a search along the edges found.
enum Search {
    Nothing,
    Circle {
        path: Vec<ConnectionId>,
        soft: Vec<Soft>,
    },
}

impl Store {
    /// A waiter has waited for `deadlock_timeout`: looks whether it stands in a circle, and turns soft edges
    /// where that helps.
    pub fn look_for_deadlock(&mut self, connection: ConnectionId) -> DeadlockCheck {
        let waiters = self.waiters();
        if !waiters.iter().any(|one| one.connection == connection) {
            return DeadlockCheck::None;
        }
        let order: Vec<ConnectionId> = waiters.iter().map(|one| one.connection).collect();
        let Search::Circle { path, soft } = self.search(&waiters, &order, connection) else {
            return DeadlockCheck::None;
        };
        let mut turned = Vec::new();
        let found = self.turn(&waiters, &order, connection, &soft, &mut turned);
        drop(waiters);
        match found {
            Some(order) => {
                self.reorder(&order);
                DeadlockCheck::Rearranged
            }
            None => DeadlockCheck::Circle(path),
        }
    }

    /// A cycle of waiters in order of arrival, if there is one that no new order breaks. Who is the victim is the
    /// caller's choice; [`Store::cancel`] it with [`crate::SqlError::deadlock`].
    pub fn deadlock(&mut self) -> Option<Vec<ConnectionId>> {
        let order: Vec<ConnectionId> = self.waiters().iter().map(|one| one.connection).collect();
        // Whoever came last closed the circle: the others have looked before.
        for connection in order.iter().rev() {
            match self.look_for_deadlock(*connection) {
                DeadlockCheck::None => {}
                DeadlockCheck::Rearranged => return None,
                DeadlockCheck::Circle(mut circle) => {
                    sort::sort_by_key(&mut circle, |one| {
                        order.iter().position(|other| other == one)
                    });
                    return Some(circle);
                }
            }
        }
        None
    }

    /// Turns soft edges, one more at a time, until a search finds no circle (`DeadLockCheckRecurse`).
    fn turn(
        &self,
        waiters: &[Waiter<'_>],
        order: &[ConnectionId],
        start: ConnectionId,
        soft: &[Soft],
        turned: &mut Vec<Soft>,
    ) -> Option<Vec<ConnectionId>> {
        if turned.len() >= MAX_TURNED {
            return None;
        }
        for edge in soft {
            if turned.contains(edge) {
                continue;
            }
            turned.push(*edge);
            if let Some(order) = sorted(order, turned) {
                let mut starts = vec![start];
                starts.extend(turned.iter().flat_map(|edge| [edge.waiter, edge.blocker]));
                let circle =
                    starts
                        .iter()
                        .find_map(|start| match self.search(waiters, &order, *start) {
                            Search::Circle { soft, .. } => Some(soft),
                            Search::Nothing => None,
                        });
                match circle {
                    None => return Some(order),
                    Some(soft) => {
                        let found = self.turn(waiters, &order, start, &soft, turned);
                        if found.is_some() {
                            return found;
                        }
                    }
                }
            }
            turned.pop();
        }
        None
    }

    /// Follows the edges from a waiter until they come back to it (`FindLockCycle`).
    fn search(
        &self,
        waiters: &[Waiter<'_>],
        order: &[ConnectionId],
        start: ConnectionId,
    ) -> Search {
        let mut path = vec![(start, None)];
        let mut seen = vec![start];
        if self.follow(waiters, order, &mut path, &mut seen) {
            // PostgreSQL notes them on its way back, so the edge next to the end is turned first.
            let soft = path.iter().rev().filter_map(|(_, soft)| *soft).collect();
            path.pop();
            let path = path.iter().map(|(connection, _)| *connection);
            return Search::Circle {
                path: path.collect(),
                soft,
            };
        }
        Search::Nothing
    }

    /// The last entry of a path that closes repeats the first, for its edge.
    fn follow(
        &self,
        waiters: &[Waiter<'_>],
        order: &[ConnectionId],
        path: &mut Vec<(ConnectionId, Option<Soft>)>,
        seen: &mut Vec<ConnectionId>,
    ) -> bool {
        let Some((last, _)) = path.last().copied() else {
            return false;
        };
        let Some(waiter) = waiters.iter().find(|one| one.connection == last) else {
            return false;
        };
        for (next, is_soft) in self.edges(waiters, order, waiter) {
            let soft = is_soft.then_some(Soft {
                waiter: last,
                blocker: next,
            });
            if next == path[0].0 {
                path.push((next, soft));
                return true;
            }
            if seen.contains(&next) {
                continue;
            }
            seen.push(next);
            path.push((next, soft));
            if self.follow(waiters, order, path, seen) {
                return true;
            }
            path.pop();
        }
        false
    }

    /// Whom a waiter waits for, and whether only by its place in a queue.
    fn edges(
        &self,
        waiters: &[Waiter<'_>],
        order: &[ConnectionId],
        waiter: &Waiter<'_>,
    ) -> Vec<(ConnectionId, bool)> {
        let place = |connection| order.iter().position(|other| *other == connection);
        let mine = place(waiter.connection);
        let mut ahead: Vec<&Waiter<'_>> = waiters
            .iter()
            .filter(|other| place(other.connection) < mine && other.in_the_way_of(waiter))
            .collect();
        sort::sort_by_key(&mut ahead, |other| place(other.connection));
        let holders = self.blockers(waiter);
        if let Wanted::Object { .. } = waiter.suspended.wanted {
            let hard = holders.iter().map(|holder| (*holder, false));
            let soft = ahead.iter().map(|other| (other.connection, true));
            return hard.chain(soft).collect();
        }
        // The first in a row's queue has the row's tuple lock; those between it and the waiter do not.
        let queue: Vec<(ConnectionId, bool)> = ahead
            .iter()
            .filter(|other| !self.blockers(other).is_empty())
            .enumerate()
            .map(|(at, other)| (other.connection, at > 0))
            .collect();
        if !queue.is_empty() {
            return queue;
        }
        holders
            .iter()
            .take(1)
            .map(|first| (*first, false))
            .collect()
    }

    /// Gives the waiters this order.
    fn reorder(&mut self, order: &[ConnectionId]) {
        let mut arrivals: Vec<u64> = self
            .waiters()
            .iter()
            .map(|waiter| waiter.suspended.arrival)
            .collect();
        sort::sort(&mut arrivals);
        for (connection, arrival) in order.iter().zip(arrivals) {
            if let Some(place) = self.connection_mut(*connection)
                && let Some(suspended) = &mut place.suspended
            {
                suspended.arrival = arrival;
            }
        }
    }
}

/// The order in which every turned waiter stands before its blocker, else as it was; `None` if that cannot be.
/// Filled from the end, as PostgreSQL's `TopoSort` does.
fn sorted(order: &[ConnectionId], turned: &[Soft]) -> Option<Vec<ConnectionId>> {
    let mut left = order.to_vec();
    let mut sorted = Vec::new();
    while !left.is_empty() {
        let at = left.iter().rposition(|one| {
            !turned
                .iter()
                .any(|edge| edge.waiter == *one && left.contains(&edge.blocker))
        })?;
        sorted.push(left.remove(at));
    }
    sorted.reverse();
    Some(sorted)
}
