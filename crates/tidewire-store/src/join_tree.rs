//! Joins that are more than a chain: RIGHT and FULL JOIN, LEFT JOIN of several tables.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use tidewire_syntax::ast::sql::JoinKind;

use crate::expression::Frame;
use crate::query::{Flow, NO_ROW, Query, Visitor, all_true};
use crate::query_plan::{Node, OuterJoin};
use crate::{RowId, SqlError, Value};

/// The rows of one side of a joined row.
type Ids = SmallVec<[RowId; 2]>;

impl Query {
    /// Visits the joined rows of a chain of nodes.
    pub(crate) fn join_nodes(
        &self,
        nodes: &[Node],
        tuple: &[&[Value]],
        ids: &[RowId],
        frame: &Frame<'_>,
        visitor: &mut Visitor<'_>,
    ) -> Result<Flow, SqlError> {
        let Some((first, rest)) = nodes.split_first() else {
            return visitor(tuple, ids);
        };
        let mut onward =
            |tuple: &[&[Value]], ids: &[RowId]| self.join_nodes(rest, tuple, ids, frame, visitor);
        match first {
            Node::Relation(at) => self.join_relation(*at, tuple, ids, frame, &mut onward),
            Node::Outer(outer) => self.join_outer(outer, tuple, ids, frame, &mut onward),
        }
    }

    fn join_outer(
        &self,
        outer: &OuterJoin,
        tuple: &[&[Value]],
        ids: &[RowId],
        frame: &Frame<'_>,
        visitor: &mut Visitor<'_>,
    ) -> Result<Flow, SqlError> {
        let [first, middle, end] = outer.range;
        let keeps_left = outer.kind != JoinKind::Right;
        let keeps_right = outer.kind != JoinKind::Left;
        let mut partnered: FxHashSet<Ids> = FxHashSet::default();
        let mut give = |tuple: &[&[Value]], ids: &[RowId]| match all_true(
            &outer.filter,
            &Frame { tuple, ..*frame },
        )? {
            true => visitor(tuple, ids),
            false => Ok(Flow::Continue(())),
        };
        let flow = self.join_nodes(&outer.left, tuple, ids, frame, &mut |left, left_ids| {
            let mut matched = false;
            let flow = self.join_nodes(&outer.right, left, left_ids, frame, &mut |both, ids| {
                let inner = Frame {
                    tuple: both,
                    ..*frame
                };
                if !all_true(&outer.on, &inner)? {
                    return Ok(Flow::Continue(()));
                }
                matched = true;
                if keeps_right {
                    partnered.insert(Ids::from_slice(&ids[middle..end]));
                }
                give(both, ids)
            })?;
            if flow.is_break() || matched || !keeps_left {
                return Ok(flow);
            }
            let (alone, ids) = extended(left, left_ids, end - middle);
            give(&alone, &ids)
        })?;
        if flow.is_break() || !keeps_right {
            return Ok(flow);
        }
        let (empty, empty_ids) = extended(tuple, ids, middle - first);
        self.join_nodes(
            &outer.right,
            &empty,
            &empty_ids,
            frame,
            &mut |right, ids| match partnered.contains(&ids[middle..end]) {
                true => Ok(Flow::Continue(())),
                false => give(right, ids),
            },
        )
    }
}

/// A joined row with so many relations more that have no row.
fn extended<'r>(
    tuple: &[&'r [Value]],
    ids: &[RowId],
    more: usize,
) -> (SmallVec<[&'r [Value]; 4]>, SmallVec<[RowId; 4]>) {
    let mut tuple: SmallVec<[&'r [Value]; 4]> = SmallVec::from_slice(tuple);
    let mut ids: SmallVec<[RowId; 4]> = SmallVec::from_slice(ids);
    tuple.extend(std::iter::repeat_n(&[][..], more));
    ids.extend(std::iter::repeat_n(NO_ROW, more));
    (tuple, ids)
}
