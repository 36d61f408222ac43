//! Functions that do something or ask the session: advisory locks, parameters.
//!
//! Expressions are evaluated without changing anything. A call that has an effect stops the evaluation; the store
//! carries it out, which may mean to wait, and evaluates again from the start with the answers of the calls so far
//! in a log. Since a statement sees the same rows each time, the same calls come in the same order, and no effect
//! is repeated.
//!
//! Source of the rules: PostgreSQL 15 manual 9.27.10 (advisory locks), `src/backend/utils/adt/lockfuncs.c`.

use tidewire_syntax::ast::sql::TableLockMode;

use crate::execution::{Execution, Step};
use crate::function::Wants;
use crate::hash::{StableHash, StableHasher};
use crate::heavyweight::{AdvisoryKey, Object};
use crate::locks::Wanted;
use crate::transaction::{SessionLock, Transaction};
use crate::{ConnectionId, SqlError, Store, Type, Value};

/// A function with an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// `pg_advisory_lock` and its kin.
    Lock {
        mode: TableLockMode,
        /// Until the transaction ends, not until the session does.
        transaction: bool,
        /// Answers whether it got it instead of waiting.
        tries: bool,
    },
    Unlock(TableLockMode),
    UnlockAll,
    CurrentSetting,
    SetConfig,
    /// `pg_backend_pid`
    Connection,
    /// `nextval`
    NextValue,
    /// `currval`, `lastval`
    DrawnValue,
    /// `setval`
    SetValue,
    /// Refused: the store has no clock.
    Sleep,
}

/// The function of this name and number of arguments: what it wants and gives.
pub(crate) fn lookup(
    name: &str,
    arguments: usize,
) -> Option<(Effect, &'static [Wants], Option<Type>)> {
    use Wants::{Any, BigInt, Integer, Text};
    let whole = match name.strip_prefix("pg_") {
        Some("backend_pid") if arguments == 0 => {
            return Some((Effect::Connection, &[], Some(Type::Integer)));
        }
        Some("sleep") if arguments == 1 => {
            return Some((Effect::Sleep, &[Any], Some(Type::Text)));
        }
        Some(rest) => rest,
        None => {
            return match (name, arguments) {
                ("current_setting", 1) => Some((Effect::CurrentSetting, &[Text], Some(Type::Text))),
                ("current_setting", 2) => {
                    Some((Effect::CurrentSetting, &[Text, Any], Some(Type::Text)))
                }
                ("nextval", 1) => Some((Effect::NextValue, &[Text], Some(Type::BigInt))),
                ("currval", 1) => Some((Effect::DrawnValue, &[Text], Some(Type::BigInt))),
                ("lastval", 0) => Some((Effect::DrawnValue, &[], Some(Type::BigInt))),
                ("setval", 2) => Some((Effect::SetValue, &[Text, BigInt], Some(Type::BigInt))),
                ("setval", 3) => Some((Effect::SetValue, &[Text, BigInt, Any], Some(Type::BigInt))),
                ("set_config", 3) => {
                    Some((Effect::SetConfig, &[Text, Text, Any], Some(Type::Text)))
                }
                _ => None,
            };
        }
    };
    let (tries, rest) = match whole.strip_prefix("try_advisory_") {
        Some(rest) => (true, rest),
        None => (false, whole.strip_prefix("advisory_")?),
    };
    let key: &'static [Wants] = match arguments {
        1 => &[BigInt],
        2 => &[Integer, Integer],
        _ => &[],
    };
    let (transaction, rest) = match rest.strip_prefix("xact_") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let mode = match rest.ends_with("_shared") {
        true => TableLockMode::Share,
        false => TableLockMode::Exclusive,
    };
    let (effect, gives) = match rest.trim_end_matches("_shared") {
        "lock" if !key.is_empty() => {
            let effect = Effect::Lock {
                mode,
                transaction,
                tries,
            };
            (effect, if tries { Type::Boolean } else { Type::Text })
        }
        "unlock" if !key.is_empty() && !tries && !transaction => {
            (Effect::Unlock(mode), Type::Boolean)
        }
        "unlock_all" if arguments == 0 && !tries && !transaction => (Effect::UnlockAll, Type::Text),
        _ => return None,
    };
    Some((effect, key, Some(gives)))
}

/// A call that waits to be carried out.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    effect: Effect,
    arguments: Vec<Value>,
}

/// The calls of one evaluation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replay {
    /// Answers of those that were carried out, in order.
    log: Vec<Value>,
    /// The next one.
    at: usize,
    /// The call that stopped the evaluation.
    wanted: Option<Call>,
}

impl Replay {
    /// The answer of the next call, or an error that stops the evaluation until there is one.
    pub(crate) fn call(
        &mut self,
        effect: Effect,
        arguments: Vec<Value>,
    ) -> Result<Value, SqlError> {
        if let Some(answer) = self.log.get(self.at) {
            self.at += 1;
            return Ok(answer.clone());
        }
        self.wanted = Some(Call { effect, arguments });
        Err(SqlError::new(
            b"0A000",
            "functions with effects can only be called by statements in this store",
        ))
    }

    /// An evaluation begins.
    pub(crate) fn rewind(&mut self) {
        self.at = 0;
        self.wanted = None;
    }

    /// An evaluation is done: its calls will not come again. True when nothing is left.
    pub(crate) fn finish(&mut self) -> bool {
        self.log.drain(..self.at);
        self.at = 0;
        self.log.is_empty()
    }

    /// An evaluation stopped for a call.
    pub(crate) fn is_stopped(&self) -> bool {
        self.wanted.is_some()
    }
}

impl StableHash for Replay {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        self.log.as_slice().stable_hash(hasher);
    }
}

impl Store {
    /// Carries out the call that stopped a statement. `None` when none did.
    pub(crate) fn perform(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
    ) -> Option<Result<Step, SqlError>> {
        let call = execution.replay.as_mut()?.wanted.take()?;
        let answer = match self.answer_call(transaction, &call) {
            Ok(Ok(answer)) => answer,
            Ok(Err(wanted)) => return Some(Ok(Step::Blocked(wanted))),
            Err(error) => return Some(Err(error)),
        };
        if let Some(replay) = &mut execution.replay {
            replay.log.push(answer);
        }
        Some(Ok(Step::Done))
    }

    /// The answer of a call, or what has to be waited for.
    fn answer_call(
        &mut self,
        transaction: &mut Transaction,
        call: &Call,
    ) -> Result<Result<Value, Wanted>, SqlError> {
        let arguments = &call.arguments;
        let connection = transaction.connection;
        // These functions are strict.
        if arguments.iter().any(Value::is_null) && call.effect != Effect::SetConfig {
            return Ok(Ok(Value::Null));
        }
        let nothing = || Value::Text("".into());
        Ok(Ok(match call.effect {
            Effect::Lock {
                mode,
                transaction: until_end,
                tries,
            } => {
                let key = key_of(arguments)?;
                match self.lock_advisory(transaction, key, mode, until_end, !tries) {
                    Step::Done if tries => Value::Boolean(true),
                    Step::Done => nothing(),
                    Step::Blocked(_) if tries => Value::Boolean(false),
                    Step::Blocked(wanted) => return Ok(Err(wanted)),
                }
            }
            Effect::Unlock(mode) => {
                Value::Boolean(self.unlock_advisory(connection, key_of(arguments)?, mode))
            }
            Effect::UnlockAll => {
                if let Some(place) = self.connection_mut(connection)
                    && let Some(session) = &mut place.session
                {
                    session.advisory.clear();
                    place.forget_empty_session();
                }
                nothing()
            }
            Effect::CurrentSetting => {
                let missing_ok = arguments.get(1) == Some(&Value::Boolean(true));
                match self.parameter(connection, Some(transaction), &text(&arguments[0])) {
                    Ok(value) => Value::Text(value),
                    Err(_) if missing_ok => Value::Null,
                    Err(error) => return Err(error),
                }
            }
            Effect::SetConfig => {
                let [name, value, local] = arguments.as_slice() else {
                    return Ok(Ok(Value::Null));
                };
                if name.is_null() {
                    return Err(SqlError::new(b"22004", "SET requires parameter name"));
                }
                let (name, is_local) = (text(name), *local == Value::Boolean(true));
                let value = (!value.is_null()).then(|| text(value));
                let set = value.as_deref();
                self.set_parameter(connection, Some(transaction), &name, set, is_local)?;
                Value::Text(self.parameter(connection, Some(transaction), &name)?)
            }
            Effect::NextValue => self.draw(transaction, &text(&arguments[0]))?,
            Effect::DrawnValue => {
                self.drawn(transaction, arguments.first().map(text).as_deref())?
            }
            Effect::SetValue => {
                let Value::Integer(number) = arguments[1] else {
                    return Ok(Ok(Value::Null));
                };
                let called = arguments.get(2) != Some(&Value::Boolean(false));
                self.set_value(&text(&arguments[0]), number, called)?
            }
            Effect::Connection => Value::Integer(i64::from(connection.0) + 1),
            Effect::Sleep => {
                return Err(
                    SqlError::new(b"0A000", "pg_sleep is not supported by this store")
                        .with_detail("The store has no clock: pause with a step `wait 10ms`."),
                );
            }
        }))
    }

    fn lock_advisory(
        &mut self,
        transaction: &mut Transaction,
        key: AdvisoryKey,
        mode: TableLockMode,
        until_end: bool,
        is_ready_to_wait: bool,
    ) -> Step {
        let object = Object::Advisory(key);
        let step = self.lock_object(transaction, object, mode, is_ready_to_wait);
        if until_end || step != Step::Done {
            return step;
        }
        // It was taken for the transaction: it is the session's.
        transaction.rare_mut().advisory.pop();
        if let Some(place) = self.connection_mut(transaction.connection) {
            let held = &mut place.session.get_or_insert_default().advisory;
            match held.iter_mut().find(|it| it.key == key && it.mode == mode) {
                Some(held) => held.count = held.count.saturating_add(1),
                None => held.push(SessionLock {
                    key,
                    mode,
                    count: 1,
                }),
            }
        }
        step
    }

    fn unlock_advisory(
        &mut self,
        connection: ConnectionId,
        key: AdvisoryKey,
        mode: TableLockMode,
    ) -> bool {
        let mut freed = false;
        if let Some(place) = self.connection_mut(connection)
            && let Some(session) = &mut place.session
        {
            session.advisory.retain_mut(|held| {
                if held.key != key || held.mode != mode {
                    return true;
                }
                freed = true;
                held.count -= 1;
                held.count > 0
            });
            place.forget_empty_session();
        }
        if !freed {
            let name = match mode {
                TableLockMode::Share => "ShareLock",
                _ => "ExclusiveLock",
            };
            self.warn(b"01000", &["you don't own a lock of type ", name].concat());
        }
        freed
    }
}

fn text(value: &Value) -> String {
    value.to_string()
}

fn key_of(arguments: &[Value]) -> Result<AdvisoryKey, SqlError> {
    let number = |at: usize| match arguments.get(at) {
        Some(Value::Integer(number)) => *number,
        _ => 0,
    };
    if arguments.len() < 2 {
        return Ok(AdvisoryKey {
            two: false,
            key: number(0),
        });
    }
    let half =
        |at| i32::try_from(number(at)).map_err(|_| SqlError::new(b"22003", "integer out of range"));
    Ok(AdvisoryKey {
        two: true,
        key: i64::from(half(0)?) << 32 | i64::from(half(1)? as u32),
    })
}
