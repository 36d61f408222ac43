//! Statements of several parts: what stands in WITH and changes rows, and locking queries within others.
//!
//! As PostgreSQL does it (manual 7.8.4, `ExecPostprocessPlan`): all parts see one snapshot and none sees what
//! another did to a table; rows go from one to the other only by RETURNING. Each is carried out once, to its
//! end: those that are read before the main part, the others behind it. A locking query within another
//! statement is carried out before it, as the node that holds it is first asked for a row.

use std::sync::Arc;

use crate::execution::{Execution, Step, Work};
use crate::hash::{StableHash, StableHasher};
use crate::plan::{Operation, Plan};
use crate::query::Cache;
use crate::transaction::Transaction;
use crate::{Row, SqlError, Store};

/// What a statement carries out beside its main part.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) operation: Operation,
    /// Something reads its rows.
    pub(crate) is_read: bool,
}

/// How far a statement of several parts is.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// How many parts are done, in the order of [`order`].
    done: usize,
    /// What each part answered.
    pub(crate) results: Vec<Arc<Vec<Row>>>,
    /// What the main part answered, and its count.
    main: (Vec<Row>, u64),
}

impl Parts {
    /// Of a plan that has some.
    pub(crate) fn new(plan: &Plan) -> Option<Box<Self>> {
        let count = plan.parts.len();
        (count > 0).then(|| {
            Box::new(Self {
                done: 0,
                results: vec![Arc::default(); count],
                main: (Vec::new(), 0),
            })
        })
    }
}

/// Parts in order of execution; `None` is the main one. A query that nobody reads is left out.
fn order(plan: &Plan) -> impl Iterator<Item = Option<usize>> {
    let read = |is_read: bool| {
        let parts = plan.parts.iter().enumerate();
        let wanted = move |(_, part): &(usize, &Part)| {
            part.is_read == is_read && (is_read || !matches!(part.operation, Operation::Select(_)))
        };
        parts.filter(wanted).map(|(at, _)| Some(at))
    };
    read(true).chain(std::iter::once(None)).chain(read(false))
}

impl Store {
    /// Goes on with a statement of several parts.
    pub(crate) fn step_parts(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        let plan = execution.plan.clone();
        let done = execution.parts.as_ref().map_or(0, |parts| parts.done);
        for part in order(&plan).skip(done) {
            let operation = match part {
                Some(at) => &plan.parts[at].operation,
                None => &plan.operation,
            };
            let step = self.step_operation(transaction, execution, operation, cache)?;
            if step != Step::Done {
                return Ok(step);
            }
            let answered = std::mem::take(&mut execution.answered);
            let count = std::mem::take(&mut execution.count);
            execution.work = Work::Fresh;
            if let Some(parts) = &mut execution.parts {
                parts.done += 1;
                match part {
                    Some(at) => parts.results[at] = Arc::new(answered),
                    None => parts.main = (answered, count),
                }
            }
        }
        if let Some(parts) = &mut execution.parts {
            (execution.answered, execution.count) = std::mem::take(&mut parts.main);
        }
        Ok(Step::Done)
    }
}

impl StableHash for Parts {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        hasher.word(self.done as u64);
        hasher.word(self.main.1);
        for rows in self
            .results
            .iter()
            .map(|rows| &**rows)
            .chain([&self.main.0])
        {
            hasher.word(rows.len() as u64);
            for row in rows {
                row.stable_hash(hasher);
            }
        }
    }
}
