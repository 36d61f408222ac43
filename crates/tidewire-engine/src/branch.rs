//! `parallel`: each branch is a part of its work that runs by itself, with a copy of the frame and connections of its
//! own. The work waits until all have ended.

use smallvec::SmallVec;
use tidewire_scenario::Branch;

use crate::draw::key;
use crate::step::Step;
use crate::work::{Failure, Origin, Status, WorkRef};

impl<'a> Step<'a> {
    /// A work splits into branches.
    pub(crate) fn fork(&mut self, slot: u32, branches: &'a [Branch]) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let effect = work.effects;
        work.effects += 1;
        work.status = Status::Forked {
            left: branches.len() as u32,
        };
        work.failed_branch = None;
        let parent = work.clone();
        let cause = parent.cause.unwrap_or_default();
        let mut children: SmallVec<[u32; 8]> = SmallVec::new();
        for (index, branch) in (0..).zip(branches) {
            let mut child = parent.clone();
            child.origin = Origin::Branch {
                parent: parent.reference(slot),
                index,
            };
            child.identity = key(&[parent.identity, u64::from(effect), u64::from(index)]);
            child.position = branch.start.0;
            child.begins = branch.start.0;
            child.status = Status::Queued;
            child.timer = None;
            child.held = SmallVec::new();
            child.occupies_worker = false;
            child.contribution = 0;
            child.effects = effect + 1;
            children.push(self.state.works.insert(child));
        }
        for child in children {
            self.make_ready(child, cause);
        }
        if branches.is_empty() {
            self.join(slot);
        }
    }

    /// A branch has ended: what it bound is its parent's now. The last one lets the parent go on.
    pub(crate) fn end_branch(
        &mut self,
        slot: u32,
        parent: WorkRef,
        index: u32,
        failure: Option<Failure>,
    ) {
        let Some(branch) = self.branch(parent, index) else {
            return;
        };
        let Some(child) = self.state.works.get(slot) else {
            return;
        };
        let bound = branch.binds.0.index()..branch.binds.1.index();
        let values = child
            .frame
            .get(bound.clone())
            .map(<[_]>::to_vec)
            .unwrap_or_default();
        let (effects, cause, ended_well) = (child.effects, child.cause, failure.is_none());
        let drawn = child.drawn.clone();
        let Some(work) = self.work_mut(parent.slot) else {
            return;
        };
        work.effects = work.effects.max(effects);
        work.cause = cause;
        if ended_well && let Some(frame) = work.frame.get_mut(bound) {
            frame.clone_from_slice(&values);
        }
        for (site, count) in drawn {
            match work.drawn.iter_mut().find(|(other, _)| *other == site) {
                Some((_, known)) => *known = count.max(*known),
                None => work.drawn.push((site, count)),
            }
        }
        if let Some(failure) = failure
            && work
                .failed_branch
                .as_ref()
                .is_none_or(|earlier| earlier.0 > index)
        {
            work.failed_branch = Some(Box::new((index, failure)));
        }
        let Status::Forked { left } = &mut work.status else {
            return;
        };
        *left -= 1;
        if *left == 0 {
            self.join(parent.slot);
        }
    }

    fn branch(&self, parent: WorkRef, index: u32) -> Option<&'a Branch> {
        let work = self.work(parent)?;
        let (branches, _) = self.fork_at(work.handler, work.position)?;
        branches.get(index as usize)
    }

    /// All branches have ended.
    fn join(&mut self, slot: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let failed = work.failed_branch.take();
        let (handler, position) = (work.handler, work.position);
        let cause = work.cause;
        let end = self.fork_at(handler, position).map(|(_, end)| end);
        match (failed, end) {
            (Some(failed), _) => {
                self.cause = cause;
                self.fail(slot, failed.1);
            }
            (None, Some(end)) => {
                if let Some(work) = self.work_mut(slot) {
                    work.position = end;
                }
                self.make_ready(slot, cause.unwrap_or_default());
            }
            (None, None) => {}
        }
    }

    fn fork_at(
        &self,
        handler: tidewire_scenario::HandlerId,
        position: u32,
    ) -> Option<(&'a [Branch], u32)> {
        let setup = self.setup;
        let code = &setup.program.handlers[handler.index()].code;
        match code.get(position as usize)? {
            tidewire_scenario::Instruction::Fork(branches, end) => Some((branches, end.0)),
            _ => None,
        }
    }
}
