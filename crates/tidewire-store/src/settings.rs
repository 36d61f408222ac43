//! Parameters of a session: how SET, SET LOCAL and the ends of transactions change them, and what the store reads
//! from them. Which there are and what values they take is in `parameters`.
//!
//! Source of the rules: PostgreSQL 15 manual 20.1 and `src/backend/utils/misc/guc.c`.

use std::sync::Arc;

use tidewire_syntax::ast::sql::TransactionModes;

use crate::hash::{StableHash, StableHasher};
use crate::parameters::{Kind, checked, known, level, level_words, milliseconds};
use crate::plan_choice::Scans;
use crate::transaction::{Defaults, Transaction};
use crate::{ConnectionId, SqlError, Store};

/// Values that were set, each parameter once, in order of their names.
type Values = Vec<(Arc<str>, Arc<str>)>;

/// Parameters of extensions that a session may set.
const MAX_VALUES: usize = 200;

/// What a session has set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// By SET.
    session: Values,
    /// By SET LOCAL, until the transaction ends.
    local: Values,
}

/// When waits end by themselves. Microseconds; `None` is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// `deadlock_timeout`, from the begin of a wait: then the waiter looks for a deadlock.
    pub deadlock_us: u64,
    /// `lock_timeout`, from the begin of a wait: 55P03.
    pub lock_us: Option<u64>,
    /// `statement_timeout`, from the begin of the statement: 57014.
    pub statement_us: Option<u64>,
    /// `idle_in_transaction_session_timeout`, from the last answer within a transaction: 25P03 and the end of the
    /// connection.
    pub idle_in_transaction_us: Option<u64>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            deadlock_us: 1_000_000,
            lock_us: None,
            statement_us: None,
            idle_in_transaction_us: None,
        }
    }
}

fn put(values: &mut Values, name: &str, value: Option<Arc<str>>) {
    let place = values.binary_search_by(|(other, _)| (**other).cmp(name));
    match (place, value) {
        (Ok(at), Some(value)) => values[at].1 = value,
        (Ok(at), None) => {
            values.remove(at);
        }
        (Err(at), Some(value)) => values.insert(at, (name.into(), value)),
        (Err(_), None) => {}
    }
}

fn found<'v>(values: &'v Values, name: &str) -> Option<&'v Arc<str>> {
    let place = values.binary_search_by(|(other, _)| (**other).cmp(name));
    place.ok().map(|at| &values[at].1)
}

impl Settings {
    fn value(&self, name: &str) -> Option<&str> {
        let value = found(&self.local, name).or_else(|| found(&self.session, name));
        value.map(|value| &**value)
    }

    fn is_on(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| value == "on")
    }

    fn duration_us(&self, name: &str) -> Option<u64> {
        let ms = milliseconds(self.value(name)?)?;
        (ms > 0).then(|| ms.unsigned_abs().saturating_mul(1000))
    }

    /// What BEGIN takes from them.
    pub(crate) fn defaults(&self) -> Defaults {
        Defaults {
            isolation: self.value("default_transaction_isolation").and_then(level),
            read_only: self.is_on("default_transaction_read_only") == Some(true),
            deferrable: self.is_on("default_transaction_deferrable") == Some(true),
        }
    }

    fn timeouts(&self) -> Timeouts {
        let defaults = Timeouts::default();
        Timeouts {
            deadlock_us: self
                .duration_us("deadlock_timeout")
                .unwrap_or(defaults.deadlock_us),
            lock_us: self.duration_us("lock_timeout"),
            statement_us: self.duration_us("statement_timeout"),
            idle_in_transaction_us: self.duration_us("idle_in_transaction_session_timeout"),
        }
    }

    fn is_empty(&self) -> bool {
        self.session.is_empty() && self.local.is_empty()
    }
}

impl StableHash for Settings {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        for values in [&self.session, &self.local] {
            hasher.word(values.len() as u64);
            for (name, value) in values {
                hasher.bytes(name.as_bytes());
                hasher.bytes(value.as_bytes());
            }
        }
    }
}

impl Store {
    fn settings(&self, connection: ConnectionId) -> Option<&Settings> {
        let session = self.connection(connection)?.session.as_ref()?;
        Some(&session.settings)
    }

    /// When waits and pauses of a connection end. The store has no clock: whoever has one cancels a waiting
    /// statement ([`Store::cancel`]) or looks for a deadlock ([`Store::look_for_deadlock`]) in time.
    pub fn timeouts(&self, connection: ConnectionId) -> Timeouts {
        self.settings(connection)
            .map_or_else(Timeouts::default, Settings::timeouts)
    }

    /// Kinds of scan that a connection allows.
    pub(crate) fn scans(&self, connection: ConnectionId) -> Scans {
        let mut scans = Scans::default();
        if let Some(settings) = self.settings(connection) {
            let on = |name| settings.is_on(name).unwrap_or(true);
            scans.sequential = on("enable_seqscan");
            scans.index = on("enable_indexscan");
            scans.bitmap = on("enable_bitmapscan");
        }
        scans
    }

    /// The value of a parameter as SHOW tells it; 42704 for an unknown one.
    pub(crate) fn parameter(
        &self,
        connection: ConnectionId,
        transaction: Option<&Transaction>,
        name: &str,
    ) -> Result<Arc<str>, SqlError> {
        let name = name.to_ascii_lowercase();
        let (kind, default) = known(&name)?;
        let on = |on: bool| -> Arc<str> { if on { "on" } else { "off" }.into() };
        let defaults = self.connection(connection).map(|place| place.defaults);
        let defaults = defaults.unwrap_or_default();
        let isolation = defaults.isolation.unwrap_or(self.default_isolation);
        Ok(match name.as_str() {
            "transaction_isolation" => {
                level_words(transaction.map_or(isolation, |it| it.isolation)).into()
            }
            "transaction_read_only" => {
                on(transaction.map_or(defaults.read_only, |it| it.read_only))
            }
            "transaction_deferrable" => {
                on(transaction.map_or(defaults.deferrable, |it| it.deferrable))
            }
            "default_transaction_isolation" => level_words(isolation).into(),
            _ => match self.settings(connection).and_then(|it| it.value(&name)) {
                Some(value) => value.into(),
                None if kind == Kind::Text && name.contains('.') => {
                    return Err(SqlError::new(
                        b"42704",
                        format!("unrecognized configuration parameter \"{name}\""),
                    ));
                }
                None => default.into(),
            },
        })
    }

    /// SET and RESET; `value` is `None` for the default. Undone with the transaction, if there is one.
    pub(crate) fn set_parameter(
        &mut self,
        connection: ConnectionId,
        transaction: Option<&mut Transaction>,
        name: &str,
        value: Option<&str>,
        local: bool,
    ) -> Result<(), SqlError> {
        let name = name.to_ascii_lowercase();
        let (kind, _) = known(&name)?;
        let value = value.map(|value| checked(&name, kind, value)).transpose()?;
        if kind == Kind::Mode {
            return match transaction {
                Some(transaction) => transaction.set_modes(&self.mode(connection, &name, value)),
                None => Ok(()),
            };
        }
        self.change_settings(connection, transaction, |settings| {
            if settings.session.len() + settings.local.len() > MAX_VALUES {
                let message = format!("a session sets at most {MAX_VALUES} parameters");
                return Err(SqlError::new(b"54000", message));
            }
            if !local {
                put(&mut settings.local, &name, None);
                put(&mut settings.session, &name, value);
            } else {
                let default = value.or_else(|| known(&name).ok().map(|(_, text)| text.into()));
                put(&mut settings.local, &name, default);
            }
            Ok(())
        })
    }

    /// SET SESSION CHARACTERISTICS
    pub(crate) fn set_characteristics(
        &mut self,
        connection: ConnectionId,
        mut transaction: Option<&mut Transaction>,
        modes: &TransactionModes,
    ) -> Result<(), SqlError> {
        let on = |on: bool| if on { "on" } else { "off" };
        let values = [
            (
                "default_transaction_isolation",
                modes.isolation.map(level_words),
            ),
            ("default_transaction_read_only", modes.read_only.map(on)),
            ("default_transaction_deferrable", modes.deferrable.map(on)),
        ];
        for (name, value) in values {
            if value.is_some() {
                self.set_parameter(connection, transaction.as_deref_mut(), name, value, false)?;
            }
        }
        Ok(())
    }

    fn mode(
        &self,
        connection: ConnectionId,
        name: &str,
        value: Option<Arc<str>>,
    ) -> TransactionModes {
        let defaults = self.connection(connection).map(|place| place.defaults);
        let defaults = defaults.unwrap_or_default();
        let on = |default: bool| Some(value.as_ref().map_or(default, |value| &**value == "on"));
        let mut modes = TransactionModes::default();
        match name {
            "transaction_read_only" => modes.read_only = on(defaults.read_only),
            "transaction_deferrable" => modes.deferrable = on(defaults.deferrable),
            _ => {
                let default = defaults.isolation.unwrap_or(self.default_isolation);
                let written = value.as_ref().and_then(|value| level(value));
                modes.isolation = Some(written.unwrap_or(default));
            }
        }
        modes
    }

    /// RESET ALL
    pub(crate) fn reset_parameters(
        &mut self,
        connection: ConnectionId,
        transaction: Option<&mut Transaction>,
    ) -> Result<(), SqlError> {
        self.change_settings(connection, transaction, |settings| {
            *settings = Settings::default();
            Ok(())
        })
    }

    fn change_settings(
        &mut self,
        connection: ConnectionId,
        transaction: Option<&mut Transaction>,
        change: impl FnOnce(&mut Settings) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let Some(place) = self.connection_mut(connection) else {
            return Ok(());
        };
        let session = place.session.get_or_insert_default();
        let before = session.settings.clone();
        change(Arc::make_mut(&mut session.settings))?;
        place.defaults = session.settings.defaults();
        place.forget_empty_session();
        if let Some(transaction) = transaction {
            transaction.rare_mut().settings.get_or_insert(before);
        }
        Ok(())
    }

    /// What the end of a transaction does to parameters: those of SET LOCAL are gone.
    pub(crate) fn end_settings(&mut self, transaction: &Transaction) {
        let changed = transaction.rare.as_ref();
        if changed.is_some_and(|rare| rare.settings.is_some())
            && let Some(place) = self.connection_mut(transaction.connection)
            && let Some(session) = &mut place.session
        {
            if !session.settings.local.is_empty() {
                Arc::make_mut(&mut session.settings).local.clear();
            }
            place.defaults = session.settings.defaults();
            place.forget_empty_session();
        }
    }

    /// Takes back what was set since the last savepoint, or since the transaction began.
    pub(crate) fn restore_settings(&mut self, transaction: &Transaction) {
        let Some(begin) = transaction.rare.as_ref().and_then(|it| it.settings.clone()) else {
            return;
        };
        let settings = match transaction.savepoints.last() {
            Some(savepoint) => savepoint.settings.clone().unwrap_or_default(),
            None => begin,
        };
        if let Some(place) = self.connection_mut(transaction.connection) {
            let session = place.session.get_or_insert_default();
            session.settings = settings;
            place.defaults = session.settings.defaults();
            place.forget_empty_session();
        }
    }
}

impl crate::transaction::Connection {
    /// A session that has nothing any more is as one that never had.
    pub(crate) fn forget_empty_session(&mut self) {
        let empty = |session: &crate::transaction::Session| {
            session.advisory.is_empty()
                && session.settings.is_empty()
                && session.statements.is_empty()
                && session.drawn.is_empty()
        };
        if self.session.as_deref().is_some_and(empty) {
            self.session = None;
        }
    }
}
