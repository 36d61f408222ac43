//! The code of a handler up to its next effect: pure computation on its frame, which costs no time.
//! Effects are carried out in `service`, `database` and `broker`.

use std::sync::Arc;

use tidewire_scenario::{
    Branch, CacheAccess, CallSite, Delay, DrawKind, Flight, Handler, Instruction, PublishRow,
    PublishSite, SlotId, implicit,
};
use tidewire_store::{Row, Scalar, SqlError, Value};

use crate::draw::{Draws, Purpose};
use crate::work::{Failure, Sql, Work};

/// Instructions that a handler may run without an effect; beyond it fails with 54000.
const MAX_INSTRUCTIONS: u32 = 100_000;

/// Why a handler cannot go on by itself.
pub(crate) enum Pause<'a> {
    /// A statement for a store.
    Statement(Sql),
    /// A call.
    Call(&'a CallSite),
    /// An event to publish.
    Publish(&'a PublishSite),
    /// An outbox row to publish.
    PublishRow(&'a PublishRow),
    /// An answer for the caller: the values.
    Reply(Vec<Value>),
    /// The groups of the service begin again.
    Rewind,
    /// Time must pass.
    Wait(Delay),
    /// An access to a cache of its instance.
    Cache(&'a CacheAccess),
    /// The beginning of `single flight` …
    JoinFlight(&'a Flight),
    /// … and its end.
    LandFlight,
    /// It splits into branches.
    Fork(&'a [Branch]),
    /// It failed.
    Fail(Failure),
    /// It is done.
    End,
}

/// Runs a handler from where it stands to its next effect. `position` stays at the effect's instruction.
pub(crate) fn advance<'a>(work: &mut Work, handler: &'a Handler, now_us: u64) -> Pause<'a> {
    set(work, implicit::NOW, Value::Timestamp(clock(now_us)));
    for _ in 0..MAX_INSTRUCTIONS {
        let Some(instruction) = handler.code.get(work.position as usize) else {
            return Pause::End;
        };
        match step(work, instruction, now_us) {
            Ok(None) => {}
            Ok(Some(pause)) => return pause,
            Err(error) => return Pause::Fail(Failure::sql(&error)),
        }
    }
    Pause::Fail(Failure::technical("54000"))
}

/// Virtual time as the store takes it.
pub(crate) fn clock(now_us: u64) -> i64 {
    i64::try_from(now_us).unwrap_or(i64::MAX)
}

/// Puts a value into a frame.
pub(crate) fn set(work: &mut Work, slot: SlotId, value: Value) {
    if let Some(place) = work.frame.get_mut(slot.index()) {
        *place = value;
    }
}

/// Puts the values of a row into slots; what the row lacks becomes null.
pub(crate) fn bind(work: &mut Work, outputs: &[SlotId], row: Option<&Row>) {
    for (index, slot) in outputs.iter().enumerate() {
        let value = row.and_then(|row| row.get(index)).cloned();
        set(work, *slot, value.unwrap_or_default());
    }
}

fn step<'a>(
    work: &mut Work,
    instruction: &'a Instruction,
    now_us: u64,
) -> Result<Option<Pause<'a>>, SqlError> {
    let mut next = work.position + 1;
    match instruction {
        Instruction::Set(slot, scalar) => {
            let value = evaluate(work, scalar, now_us)?;
            set(work, *slot, value);
        }
        Instruction::Draw(slot, draw) => {
            let value = drawn(work, draw.site, &draw.kind, now_us)?;
            set(work, *slot, value);
        }
        Instruction::Unless(condition, label) => {
            if evaluate(work, condition, now_us)? != Value::Boolean(true) {
                next = label.0;
            }
        }
        Instruction::Jump(label) => next = label.0,
        Instruction::NextRow {
            cursor,
            outputs,
            done,
        } => match next_row(work, *cursor) {
            Some(row) => bind(work, outputs, Some(&row)),
            None => next = done.0,
        },
        Instruction::Fail(name, detail) => {
            if let Some(scalar) = detail {
                evaluate(work, scalar, now_us)?;
            }
            return Ok(Some(Pause::Fail(Failure {
                name: Arc::clone(name),
                deliberate: true,
            })));
        }
        Instruction::Abort(name) => {
            return Ok(Some(Pause::Fail(Failure {
                name: Arc::clone(name),
                deliberate: false,
            })));
        }
        Instruction::Reply(fields) => {
            let values = fields
                .iter()
                .map(|(_, scalar)| evaluate(work, scalar, now_us));
            return Ok(Some(Pause::Reply(values.collect::<Result<_, _>>()?)));
        }
        Instruction::Statement(statement) => {
            return Ok(Some(Pause::Statement(Sql {
                statement: *statement,
                cursor: None,
            })));
        }
        Instruction::OpenCursor(statement, cursor) => {
            return Ok(Some(Pause::Statement(Sql {
                statement: *statement,
                cursor: Some(*cursor),
            })));
        }
        Instruction::Rewind => return Ok(Some(Pause::Rewind)),
        Instruction::Call(site) => return Ok(Some(Pause::Call(site))),
        Instruction::Publish(site) => return Ok(Some(Pause::Publish(site))),
        Instruction::PublishRow(row) => return Ok(Some(Pause::PublishRow(row))),
        Instruction::Cache(access) => return Ok(Some(Pause::Cache(access))),
        Instruction::JoinFlight(site) => return Ok(Some(Pause::JoinFlight(site))),
        Instruction::LandFlight => return Ok(Some(Pause::LandFlight)),
        Instruction::Wait(delay) => return Ok(Some(Pause::Wait(*delay))),
        Instruction::BeginUnit(attempt) => set(work, *attempt, Value::Integer(1)),
        Instruction::Fork(branches, _) => return Ok(Some(Pause::Fork(branches))),
        Instruction::End | Instruction::EndBranch => return Ok(Some(Pause::End)),
    }
    work.position = next;
    Ok(None)
}

/// The value of an expression in this frame.
pub(crate) fn evaluate(work: &Work, scalar: &Scalar, now_us: u64) -> Result<Value, SqlError> {
    scalar.evaluate(&work.frame, clock(now_us))
}

fn next_row(work: &mut Work, cursor: u32) -> Option<Row> {
    let cursor = work.cursors.get_mut(cursor as usize)?;
    let row = cursor.rows.get(cursor.next).cloned();
    cursor.next += 1;
    row
}

fn drawn(work: &mut Work, site: u32, kind: &DrawKind, now_us: u64) -> Result<Value, SqlError> {
    let ordinal = match work.drawn.iter_mut().find(|(other, _)| *other == site) {
        Some((_, count)) => {
            *count += 1;
            *count
        }
        None => {
            work.drawn.push((site, 0));
            0
        }
    };
    let ordinal = (u64::from(site) << 24) ^ u64::from(ordinal);
    let mut draws = Draws::new(work.draw_key, Purpose::Value, ordinal);
    match kind {
        DrawKind::Pick(alternatives) => {
            let index = draws.below(alternatives.len() as u64);
            match alternatives.get(index as usize) {
                Some(scalar) => evaluate(work, scalar, now_us),
                None => Ok(Value::Null),
            }
        }
        DrawKind::Between(low, high) => {
            let (low, high) = (evaluate(work, low, now_us)?, evaluate(work, high, now_us)?);
            match (low, high) {
                (Value::Integer(low), Value::Integer(high)) if low <= high => {
                    let offset = draws.between(0, high.abs_diff(low));
                    Ok(Value::Integer(low.wrapping_add_unsigned(offset)))
                }
                (Value::Integer(_), Value::Integer(_)) => Err(SqlError::new(
                    b"2201F",
                    "the lower bound of random() is above the upper bound",
                )),
                _ => Ok(Value::Null),
            }
        }
    }
}
