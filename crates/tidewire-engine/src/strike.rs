//! What faults do to messages as they are sent: late, lost, twice.

use smallvec::SmallVec;
use tidewire_scenario::{EventId, Fault, FaultId, FaultKind, NodeId, Trigger};

use crate::choice::ChoiceKind;
use crate::draw::{Draws, HOP, Purpose, key};
use crate::fingerprint::Part;
use crate::message::Content;
use crate::network::Envelope;
use crate::observation::{Fact, RequestKey};
use crate::step::Step;

/// Probabilities are counted in millionths.
const MILLION: u64 = 1_000_000;

/// What happens to one message.
#[derive(Debug, Default)]
struct Strike {
    delay_us: u64,
    dropped: bool,
    twice: bool,
    by: SmallVec<[FaultId; 1]>,
}

impl Step<'_> {
    /// A fault begins to change messages, or no longer does.
    pub(crate) fn set_striking(&mut self, fault: FaultId, on: bool) {
        self.touch(Part::Fault(fault.0));
        let strikes = &mut self.state.strikes;
        strikes.retain(|other| *other != fault);
        if on {
            let place = strikes.partition_point(|other| *other < fault);
            strikes.insert(place, fault);
        }
    }

    /// What the faults make of a message that is about to leave.
    fn strike(&mut self, way: (NodeId, NodeId), lineage: u64, content: &Content) -> Strike {
        let setup = self.setup;
        let mut strike = Strike::default();
        for id in self.state.strikes.clone() {
            let fault = &setup.program.faults[id.index()];
            if !self.concerns(fault, way, content) || !self.is_drawn(id, fault, lineage) {
                continue;
            }
            // That all messages are slow is told when it begins.
            let plain = matches!(fault.kind, FaultKind::Slow { .. }) && fault.per_million.is_none();
            if !plain {
                strike.by.push(id);
            }
            match fault.kind {
                FaultKind::Slow { by_us, .. } => {
                    strike.delay_us = strike.delay_us.saturating_add(by_us);
                }
                FaultKind::Duplicate { .. } => strike.twice = true,
                _ => strike.dropped = true,
            }
            let once = fault.kind.strikes_messages()
                && fault.duration_us.is_none()
                && fault.per_million.is_none();
            if once {
                self.end_fault(id);
            }
        }
        strike
    }

    fn concerns(&self, fault: &Fault, way: (NodeId, NodeId), content: &Content) -> bool {
        // After a commit of a request, its own messages are meant.
        if let (true, Trigger::AfterCommit(client, ordinal)) =
            (fault.kind.strikes_messages(), fault.trigger)
            && self.request != Some(RequestKey { client, ordinal })
        {
            return false;
        }
        let carries = |event: Option<EventId>| {
            event.is_none_or(|event| self.event_of(content) == Some(event))
        };
        match fault.kind {
            FaultKind::Slow { from, to, .. } => from == way.0 && to.is_none_or(|to| to == way.1),
            FaultKind::Drop { from, to, event } => (from, to) == way && carries(event),
            FaultKind::Duplicate { way: on, event } => {
                let repeats = matches!(content, Content::Call(_) | Content::Publish { .. });
                repeats && on.is_none_or(|on| on == way) && carries(event)
            }
            FaultKind::LoseReply { node, handler } => {
                let good = match content {
                    Content::Reply { result, .. } => result.as_ref().ok(),
                    _ => None,
                };
                node == way.0 && good.is_some_and(|reply| reply.handler == handler)
            }
            _ => false,
        }
    }

    /// The event that a message carries.
    fn event_of(&self, content: &Content) -> Option<EventId> {
        match content {
            Content::Publish { record, .. } => Some(record.event),
            Content::Record { cursor, offset, .. } => {
                let spec = self.setup.cursors[*cursor as usize];
                let partition = self.setup.partition(spec.topic, spec.partition);
                let records = &self.state.partitions[partition as usize];
                records.get(*offset as usize).map(|record| record.event)
            }
            Content::Call(_)
            | Content::Reply { .. }
            | Content::Statement(_)
            | Content::Answer { .. }
            | Content::Cleanup { .. }
            | Content::Cleaned { .. }
            | Content::Published { .. }
            | Content::Settle { .. }
            | Content::Offset { .. } => None,
        }
    }

    /// Whether a fault with a probability strikes this message. One that is sent again under the same lineage after
    /// it was struck is drawn anew, or it would never get through.
    fn is_drawn(&mut self, id: FaultId, fault: &Fault, lineage: u64) -> bool {
        let Some(per_million) = fault.per_million else {
            return true;
        };
        let struck = &self.state.faults[id.index()].struck;
        let place = struck.binary_search_by_key(&lineage, |(struck, _)| *struck);
        let before = place.map_or(0, |place| struck[place].1);
        let draw_key = key(&[self.setup.seed, u64::from(id.0), lineage]);
        let drawn = Draws::new(draw_key, Purpose::Strike, u64::from(before)).below(MILLION)
            < u64::from(per_million);
        let otherwise = self.chooser.choose_rarely(ChoiceKind::Strike, per_million) == 1;
        let strikes = drawn != otherwise;
        if strikes {
            self.touch(Part::Fault(id.0));
            let struck = &mut self.state.faults[id.index()].struck;
            match place {
                Ok(place) => struck[place].1 += 1,
                Err(place) => struck.insert(place, (lineage, 1)),
            }
        }
        strikes
    }

    /// Sends a message while there are faults that may strike it.
    pub(crate) fn send_struck(
        &mut self,
        envelope: &Envelope<'_>,
        (delay_us, lineage): (u64, u64),
        content: Content,
    ) -> u32 {
        let strike = self.strike((envelope.from, envelope.to), lineage, &content);
        let copy = strike.twice.then(|| content.clone());
        let delay_us = delay_us.saturating_add(strike.delay_us);
        let slot = self.launch(envelope, (delay_us, lineage), strike.dropped, content);
        let sent = (self.state.messages.get(slot)).map(|message| (message.delivery, message.sent));
        let cause = self.cause;
        if let Some((delivery, sent)) = sent {
            self.cause = Some(sent);
            for fault in strike.by {
                self.emit(|| Fact::Struck { fault, delivery });
            }
        }
        if let Some(copy) = copy {
            self.send_again(envelope, lineage, copy);
        }
        self.cause = cause;
        slot
    }

    /// The same message once more, on a way of its own: what a sender repeats when an answer is late.
    fn send_again(&mut self, envelope: &Envelope<'_>, lineage: u64, mut content: Content) {
        let lineage = key(&[lineage, Purpose::Strike as u64]);
        if let Content::Call(call) = &mut content {
            // Another activation, with effects of its own.
            call.identity = key(&[call.identity, Purpose::Strike as u64]);
        }
        let delay_us = Draws::new(lineage, Purpose::Strike, 0).delay(HOP);
        self.launch(envelope, (delay_us, lineage), false, content);
    }
}
