//! Subjects: whoever listens hears a message once or not at all, and nobody keeps it.

use tidewire_scenario::TopicId;

use crate::fingerprint::Part;
use crate::step::Step;

impl Step<'_> {
    /// Sends a message to one running instance of every group that handles it; a group without any misses it.
    pub(crate) fn announce(&mut self, topic: TopicId, offset: u32) {
        let setup = self.setup;
        let partition = setup.partition(topic, 0) as usize;
        let record = self.state.partitions[partition].get(offset as usize);
        let Some(event) = record.map(|record| record.event) else {
            return;
        };
        self.touch(Part::Turn(topic.0));
        let turn = &mut self.state.turns[topic.index()];
        *turn = turn.wrapping_add(1);
        let turn = *turn;
        for (group, readers) in (0..).zip(&setup.program.topics[topic.index()].groups) {
            if !readers.handlers.iter().any(|(of, _)| *of == event) {
                continue;
            }
            let listening: Vec<u32> = (setup.consumers(topic))
                .filter(|cursor| setup.cursors[*cursor as usize].group == group)
                .filter(|cursor| self.consumer_is_up(*cursor))
                .collect();
            if !listening.is_empty() {
                let chosen = listening[turn as usize % listening.len()];
                self.send_message(chosen, offset, 1);
            }
        }
    }

    /// A message of a subject reaches whoever listens. If its handler fails, it is lost.
    pub(crate) fn hear(&mut self, cursor: u32, epoch: u32, offset: u32) {
        if self.state.cursors[cursor as usize].epoch == epoch {
            self.process(cursor, offset, 1, false);
        }
    }
}
