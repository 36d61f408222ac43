//! Sequences: numbers that are handed out once, whether the transaction commits or not.
//!
//! Source of the rules: PostgreSQL 15 `src/backend/commands/sequence.c`. CREATE, ALTER and DROP SEQUENCE are not part
//! of transactions here, as the numbers themselves are not. What a default draws is not remembered for `currval` and
//! `lastval`, which tell what the session drew by `nextval`.

use std::sync::Arc;

use tidewire_syntax::Name;
use tidewire_syntax::ast::sql::{SequenceOption, SequenceStatement};

use crate::catalog::DefaultValue;
use crate::control::{done, failed};
use crate::hash::{StableHash, StableHasher};
use crate::transaction::Transaction;
use crate::{
    Catalog, CommandTag, ConnectionId, Progress, SequenceId, SqlError, Store, TableId, Type, Value,
};

/// Sequences that one store may have.
const MAX_SEQUENCES: usize = 10_000;

/// A sequence. What it gave last stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    name: Arc<str>,
    start: i64,
    increment: i64,
    minimum: i64,
    maximum: i64,
    cycle: bool,
    /// Backs a column.
    owned: bool,
    /// Gone; its id stays taken.
    dropped: bool,
}

impl Sequence {
    /// That of a serial or identity column of this type.
    pub(crate) fn of_column(name: Arc<str>, data_type: Type) -> Self {
        let maximum = match data_type {
            Type::SmallInt => i64::from(i16::MAX),
            Type::Integer => i64::from(i32::MAX),
            _ => i64::MAX,
        };
        Sequence {
            name,
            start: 1,
            increment: 1,
            minimum: 1,
            maximum,
            cycle: false,
            owned: true,
            dropped: false,
        }
    }

    /// What stands for "nothing given yet": one step before the start.
    pub(crate) fn before_start(&self) -> i64 {
        self.start.wrapping_sub(self.increment)
    }

    fn next(&self, last: i64) -> Result<i64, SqlError> {
        // One step before the start may lie outside the range of numbers.
        let next = match last == self.before_start() {
            true => Some(self.start),
            false => last.checked_add(self.increment),
        };
        match next {
            Some(next) if next > self.maximum || next < self.minimum => self.end(),
            Some(next) => Ok(next),
            None => self.end(),
        }
    }

    fn end(&self) -> Result<i64, SqlError> {
        let (word, bound, other) = match self.increment > 0 {
            true => ("maximum", self.maximum, self.minimum),
            false => ("minimum", self.minimum, self.maximum),
        };
        if self.cycle {
            return Ok(other);
        }
        let message = format!(
            "nextval: reached {word} value of sequence \"{}\" ({bound})",
            self.name
        );
        Err(SqlError::new(b"2200H", message))
    }

    fn set(&mut self, options: &[SequenceOption]) -> Result<(), SqlError> {
        let mut start = None;
        for option in options {
            match option {
                SequenceOption::Increment(0) => {
                    return Err(SqlError::new(b"22023", "INCREMENT must not be zero"));
                }
                SequenceOption::Increment(by) => self.increment = *by,
                SequenceOption::Minimum(bound) => self.minimum = bound.unwrap_or(1),
                SequenceOption::Maximum(bound) => self.maximum = bound.unwrap_or(i64::MAX),
                SequenceOption::Start(at) => start = Some(*at),
                SequenceOption::Cycle(cycle) => self.cycle = *cycle,
                SequenceOption::Restart(_) => {}
            }
        }
        if self.minimum >= self.maximum {
            let (low, high) = (self.minimum, self.maximum);
            let message = format!("MINVALUE ({low}) must be less than MAXVALUE ({high})");
            return Err(SqlError::new(b"22023", message));
        }
        self.start = start.unwrap_or(self.start);
        let (at, low, high) = (self.start, self.minimum, self.maximum);
        if at < low {
            let message = format!("START value ({at}) cannot be less than MINVALUE ({low})");
            return Err(SqlError::new(b"22023", message));
        }
        if at > high {
            let message = format!("START value ({at}) cannot be greater than MAXVALUE ({high})");
            return Err(SqlError::new(b"22023", message));
        }
        Ok(())
    }
}

impl StableHash for Sequence {
    /// What decides which numbers come; that of a column follows from its table.
    fn stable_hash(&self, hasher: &mut StableHasher) {
        if self.owned || self.dropped {
            return;
        }
        hasher.bytes(self.name.as_bytes());
        for number in [self.start, self.increment, self.minimum, self.maximum] {
            hasher.word(number as u64);
        }
        hasher.word(u64::from(self.cycle));
    }
}

impl Catalog {
    fn sequence(&self, name: &str) -> Result<usize, SqlError> {
        let is = |sequence: &Arc<Sequence>| !sequence.dropped && *sequence.name == *name;
        self.sequences
            .iter()
            .position(is)
            .ok_or_else(|| SqlError::new(b"42P01", format!("relation \"{name}\" does not exist")))
    }

    /// The sequences of a table's columns go, or are there again, with it.
    pub(crate) fn drop_sequences(&mut self, table: TableId, gone: bool) {
        let columns = self.tables[table.0 as usize].columns.iter();
        let ids: Vec<usize> = columns
            .filter_map(|column| match column.default {
                DefaultValue::Sequence(id) => Some(id.0 as usize),
                _ => None,
            })
            .collect();
        for id in ids {
            Arc::make_mut(&mut self.sequences[id]).dropped = gone;
        }
    }

    /// A name for the sequence of a column that nothing else has (`ChooseRelationName`).
    pub(crate) fn sequence_name(&self, table: &str, column: &str) -> Arc<str> {
        let base = format!("{table}_{column}_seq");
        let numbered = (1..).map(|number| format!("{base}{number}"));
        std::iter::once(base.clone())
            .chain(numbered)
            .find(|name| self.sequence(name).is_err() && self.table(name).is_none())
            .unwrap_or(base)
            .into()
    }
}

impl Store {
    /// The next number of a sequence. It is not given back by a rollback.
    pub(crate) fn next_value(&mut self, sequence: SequenceId) -> Result<Value, SqlError> {
        let at = sequence.0 as usize;
        let (Some(sequence), Some(last)) =
            (self.catalog.sequences.get(at), self.sequences.get_mut(at))
        else {
            return Err(SqlError::new(b"42P01", "the sequence does not exist"));
        };
        *last = sequence.next(*last)?;
        Ok(Value::Integer(*last))
    }

    /// `nextval`
    pub(crate) fn draw(
        &mut self,
        transaction: &Transaction,
        name: &str,
    ) -> Result<Value, SqlError> {
        let at = self.catalog.sequence(name)?;
        let value = self.next_value(SequenceId(at as u32))?;
        if let Value::Integer(number) = value
            && let Some(place) = self.connection_mut(transaction.connection)
        {
            let drawn = &mut place.session.get_or_insert_default().drawn;
            drawn.retain(|(other, _)| *other != at as u32);
            drawn.push((at as u32, number));
        }
        Ok(value)
    }

    /// `currval` of a sequence, or `lastval`.
    pub(crate) fn drawn(
        &self,
        transaction: &Transaction,
        name: Option<&str>,
    ) -> Result<Value, SqlError> {
        let at = name.map(|name| self.catalog.sequence(name)).transpose()?;
        let place = self.connection(transaction.connection);
        let drawn = place.and_then(|place| place.session.as_ref());
        let found = drawn.and_then(|session| match at {
            Some(at) => session.drawn.iter().find(|(other, _)| *other == at as u32),
            None => session.drawn.last(),
        });
        match (found, name) {
            (Some((_, number)), _) => Ok(Value::Integer(*number)),
            (None, Some(name)) => Err(SqlError::new(
                b"55000",
                format!("currval of sequence \"{name}\" is not yet defined in this session"),
            )),
            (None, None) => Err(SqlError::new(
                b"55000",
                "lastval is not yet defined in this session",
            )),
        }
    }

    /// `setval`
    pub(crate) fn set_value(
        &mut self,
        name: &str,
        number: i64,
        called: bool,
    ) -> Result<Value, SqlError> {
        let at = self.catalog.sequence(name)?;
        let sequence = &self.catalog.sequences[at];
        let (low, high) = (sequence.minimum, sequence.maximum);
        if number < low || number > high {
            let message = format!(
                "setval: value {number} is out of bounds for sequence \"{name}\" ({low}..{high})"
            );
            return Err(SqlError::new(b"22003", message));
        }
        let step = if called { 0 } else { sequence.increment };
        self.sequences[at] = number.wrapping_sub(step);
        Ok(Value::Integer(number))
    }

    /// CREATE, ALTER and DROP SEQUENCE.
    pub(crate) fn execute_sequence(
        &mut self,
        connection: ConnectionId,
        transaction: Option<Box<Transaction>>,
        statement: &SequenceStatement,
    ) -> Progress {
        if let Some(transaction) = transaction {
            let error = SqlError::new(
                b"0A000",
                "sequences cannot be made or changed inside a transaction block in this store",
            );
            return self.fail(connection, transaction, error);
        }
        let outcome = match statement {
            SequenceStatement::Create {
                name,
                if_not_exists,
                options,
            } => self.create_sequence(&name.text, *if_not_exists, options),
            SequenceStatement::Alter { name, options } => {
                self.alter_sequence(name.as_str(), options)
            }
            SequenceStatement::Drop { names, if_exists } => self.drop_named(names, *if_exists),
        };
        match outcome {
            Ok(()) => done(CommandTag::Other(match statement {
                SequenceStatement::Create { .. } => "CREATE SEQUENCE",
                SequenceStatement::Alter { .. } => "ALTER SEQUENCE",
                SequenceStatement::Drop { .. } => "DROP SEQUENCE",
            })),
            Err(error) => failed(error),
        }
    }

    fn create_sequence(
        &mut self,
        name: &Arc<str>,
        if_not_exists: bool,
        options: &[SequenceOption],
    ) -> Result<(), SqlError> {
        if self.catalog.sequence(name).is_ok() || self.catalog.table(name).is_some() {
            if if_not_exists {
                self.notice(format!("relation \"{name}\" already exists, skipping"));
                return Ok(());
            }
            let message = format!("relation \"{name}\" already exists");
            return Err(SqlError::new(b"42P07", message));
        }
        if self.catalog.sequences.len() >= MAX_SEQUENCES {
            let message = format!("a store has at most {MAX_SEQUENCES} sequences");
            return Err(SqlError::new(b"54000", message));
        }
        let mut sequence = Sequence {
            owned: false,
            ..Sequence::of_column(name.clone(), Type::BigInt)
        };
        let falls = |option: &SequenceOption| matches!(option, SequenceOption::Increment(..0));
        sequence.start = if options.iter().any(falls) {
            (sequence.minimum, sequence.maximum) = (i64::MIN, -1);
            bound(options, |option| match option {
                SequenceOption::Maximum(bound) => *bound,
                _ => None,
            })
            .unwrap_or(-1)
        } else {
            bound(options, |option| match option {
                SequenceOption::Minimum(bound) => *bound,
                _ => None,
            })
            .unwrap_or(1)
        };
        sequence.set(options)?;
        self.sequences.push(sequence.before_start());
        Arc::make_mut(&mut self.catalog)
            .sequences
            .push(Arc::new(sequence));
        Ok(())
    }

    fn alter_sequence(&mut self, name: &str, options: &[SequenceOption]) -> Result<(), SqlError> {
        let at = self.catalog.sequence(name)?;
        let before = Sequence::clone(&self.catalog.sequences[at]);
        let mut sequence = before.clone();
        sequence.set(options)?;
        let restart = bound(options, |option| match option {
            SequenceOption::Restart(number) => Some(number.unwrap_or(sequence.start)),
            _ => None,
        });
        if let Some(number) = restart {
            self.sequences[at] = number.wrapping_sub(sequence.increment);
        } else if self.sequences[at] == before.before_start() {
            self.sequences[at] = sequence.before_start();
        }
        Arc::make_mut(&mut self.catalog).sequences[at] = Arc::new(sequence);
        Ok(())
    }

    /// All of them, or none.
    fn drop_named(&mut self, names: &[Name], if_exists: bool) -> Result<(), SqlError> {
        let mut gone = Vec::new();
        for name in names {
            match self.catalog.sequence(name.as_str()) {
                Ok(at) => gone.push(at),
                Err(_) if if_exists => {
                    self.notice(format!("sequence \"{name}\" does not exist, skipping"));
                }
                Err(_) => {
                    let message = format!("sequence \"{name}\" does not exist");
                    return Err(SqlError::new(b"42P01", message));
                }
            }
        }
        if let Some(at) = gone.iter().find(|at| self.catalog.sequences[**at].owned) {
            return Err(self.backs_a_column(*at));
        }
        let catalog = Arc::make_mut(&mut self.catalog);
        for at in gone {
            Arc::make_mut(&mut catalog.sequences[at]).dropped = true;
        }
        Ok(())
    }

    fn backs_a_column(&self, at: usize) -> SqlError {
        let name = &self.catalog.sequences[at].name;
        let message = format!("cannot drop sequence {name} because other objects depend on it");
        let refused = SqlError::new(b"2BP01", message);
        let is = |default: &DefaultValue| matches!(default, DefaultValue::Sequence(id) if id.0 as usize == at);
        for table in self.catalog.tables() {
            if let Some(column) = table.columns.iter().find(|column| is(&column.default)) {
                return refused.with_detail(format!(
                    "default value for column {} of table {} depends on sequence {name}",
                    column.name, table.name
                ));
            }
        }
        refused
    }
}

fn bound(options: &[SequenceOption], of: impl Fn(&SequenceOption) -> Option<i64>) -> Option<i64> {
    options.iter().filter_map(of).next_back()
}
