//! Causes and effects: every record names at most one record without which it would not have happened.

use super::Recording;

impl Recording {
    /// Records without which this one would not have happened, ascending, without itself.
    pub fn causes(&self, record: u32) -> Vec<u32> {
        let mut chain = Vec::new();
        let mut at = record;
        while let Some(found) = self.record(at) {
            // A cause precedes its effect, which also ends the walk on a damaged chunk.
            if found.cause >= at {
                break;
            }
            at = found.cause;
            chain.push(at);
        }
        chain.reverse();
        chain
    }

    /// Records that would not have happened without this one, ascending, without itself.
    pub fn effects(&self, record: u32) -> Vec<u32> {
        let first = record as usize;
        if first >= self.len() {
            return Vec::new();
        }
        let mut caused = vec![false; self.len() - first];
        caused[0] = true;
        let mut effects = Vec::new();
        for (offset, later) in self.records[first..].iter().enumerate().skip(1) {
            let cause = (later.cause as usize).checked_sub(first);
            if cause.is_some_and(|cause| cause < offset && caused[cause]) {
                caused[offset] = true;
                effects.push((first + offset) as u32);
            }
        }
        effects
    }
}
