//! What waits: for a worker of a service, and for a group that reads a topic.

use std::collections::VecDeque;

use tidewire_engine::{Fact, Observation, Settlement};
use tidewire_scenario::{BrokerKind, NodeId, Program, TopicId};

use super::series::Steps;
use crate::sorted::SortedMap;

#[derive(Debug)]
pub(crate) struct Depths {
    /// Index of a `Queued` fact whose work has not started, and where it waits.
    queued: SortedMap<u32, NodeId>,
    observations: u32,
    /// Per node: works that wait for a worker.
    pub(crate) workers: Vec<Steps>,
    /// Per topic and group: records that the group has not committed, in all partitions.
    pub(crate) groups: Vec<GroupDepth>,
}

/// What a group has still to read of a topic.
#[derive(Clone, Debug)]
pub(crate) struct GroupDepth {
    topic: TopicId,
    group: u32,
    /// Per partition: offsets of records that it handles and has not committed.
    unread: Vec<VecDeque<u32>>,
    pub(crate) depth: Steps,
}

impl Depths {
    pub(crate) fn new(program: &Program) -> Self {
        let topics = (0..).map(TopicId).zip(&program.topics);
        let groups = topics.flat_map(|(topic, spec)| {
            (0..spec.groups.len() as u32).map(move |group| GroupDepth {
                topic,
                group,
                unread: vec![VecDeque::new(); spec.partitions.max(1) as usize],
                depth: Steps::default(),
            })
        });
        Self {
            queued: SortedMap::new(),
            observations: 0,
            workers: vec![Steps::default(); program.nodes.len()],
            groups: groups.collect(),
        }
    }

    pub(crate) fn add(&mut self, program: &Program, observation: &Observation) {
        let (index, at_us) = (self.observations, observation.at_us);
        self.observations += 1;
        match &observation.fact {
            Fact::Queued { node, .. } => {
                self.queued.insert(index, *node);
                let depth = &mut self.workers[node.index()];
                depth.set(at_us, depth.now() + 1);
            }
            Fact::HandlerStarted { .. } => {
                let cause = observation.cause.unwrap_or(u32::MAX);
                if let Some(node) = self.queued.remove(&cause) {
                    let depth = &mut self.workers[node.index()];
                    depth.set(at_us, depth.now().saturating_sub(1));
                }
            }
            // Which of the works that waited were those of an instance is not told: all count as gone.
            Fact::Crashed(node) | Fact::InstanceCrashed { node, .. } => {
                self.queued.retain(|_, other| other != node);
                self.workers[node.index()].set(at_us, 0);
            }
            Fact::Appended {
                topic,
                partition,
                offset,
                label,
                ..
            } => self.appended(program, (*topic, *partition, *offset), label, at_us),
            Fact::OffsetCommitted {
                topic,
                partition,
                group,
                offset,
            } => {
                for depth in &mut self.groups {
                    if depth.topic == *topic && depth.group == *group {
                        depth.commit(*partition, *offset, at_us);
                    }
                }
            }
            // A log's group commits the offset of what it gives up.
            Fact::Settled {
                topic,
                offset,
                settlement,
                ..
            } if kind_of(program, *topic) == BrokerKind::Queue
                && *settlement != Settlement::Returned =>
            {
                for depth in &mut self.groups {
                    if depth.topic == *topic {
                        depth.settle(*offset, at_us);
                    }
                }
            }
            _ => {}
        }
    }

    fn appended(
        &mut self,
        program: &Program,
        (topic, partition, offset): (TopicId, u32, u32),
        label: &str,
        at_us: u64,
    ) {
        if kind_of(program, topic) == BrokerKind::PubSub {
            return;
        }
        // The label begins with the event's name.
        let name = label.split(' ').next().unwrap_or_default();
        for depth in &mut self.groups {
            if depth.topic != topic {
                continue;
            }
            let group = &program.topics[topic.index()].groups[depth.group as usize];
            let mut handled = group.handlers.iter();
            let handles = handled.any(|(event, _)| &*program.events[event.index()].name == name);
            if let (true, Some(unread)) = (handles, depth.unread.get_mut(partition as usize)) {
                unread.push_back(offset);
                depth.depth.set(at_us, depth.depth.now() + 1);
            }
        }
    }
}

fn kind_of(program: &Program, topic: TopicId) -> BrokerKind {
    program.brokers[program.topics[topic.index()].broker.index()].kind
}

impl GroupDepth {
    /// A message left its queue.
    fn settle(&mut self, offset: u32, at_us: u64) {
        let Some(unread) = self.unread.first_mut() else {
            return;
        };
        if let Some(place) = unread.iter().position(|other| *other == offset) {
            unread.remove(place);
            self.depth.set(at_us, self.depth.now().saturating_sub(1));
        }
    }

    fn commit(&mut self, partition: u32, offset: u32, at_us: u64) {
        let Some(unread) = self.unread.get_mut(partition as usize) else {
            return;
        };
        let mut read = 0;
        while unread.front().is_some_and(|first| *first < offset) {
            unread.pop_front();
            read += 1;
        }
        self.depth.set(at_us, self.depth.now().saturating_sub(read));
    }

    /// `order_events, group inventory`
    pub(crate) fn name(&self, program: &Program) -> String {
        let topic = &program.topics[self.topic.index()];
        let group = &topic.groups[self.group as usize];
        format!("{}, group {}", topic.name, group.name)
    }
}
