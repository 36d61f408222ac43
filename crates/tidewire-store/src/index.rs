//! Unique indexes: from a key to the rows of which some version has it.
//!
//! An index knows no visibility: a reader looks at the version that it sees and compares its key again.

use std::hash::{Hash, Hasher};

use rpds::HashTrieMapSync;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::{RowId, Value};

/// A key: values in a form in which equal ones are equal bit by bit, and none of them null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IndexKey(SmallVec<[Value; 1]>);

impl IndexKey {
    /// The key that a row has; `None` when a part is null, which is equal to nothing.
    pub(crate) fn of_row(row: &[Value], slots: &[usize]) -> Option<Self> {
        Self::of(slots.iter().map(|slot| row.get(*slot)))
    }

    /// A key of these values.
    pub(crate) fn of<'a>(values: impl Iterator<Item = Option<&'a Value>>) -> Option<Self> {
        let mut key = SmallVec::new();
        for value in values {
            match value {
                None | Some(Value::Null) => return None,
                Some(value) => key.push(value.key_form()),
            }
        }
        Some(Self(key))
    }

    /// Adds a part, which is not null.
    #[inline]
    pub(crate) fn push(&mut self, part: &Value) {
        self.0.push(part.key_form());
    }

    /// A key in which null is equal to null, for groups and DISTINCT.
    pub(crate) fn with_nulls(values: &[Value]) -> Self {
        Self(values.iter().map(Value::key_form).collect())
    }

    /// Its values.
    pub(crate) fn values(&self) -> &[Value] {
        &self.0
    }

    /// Does this row have it?
    pub(crate) fn matches(&self, row: &[Value], slots: &[usize]) -> bool {
        slots.iter().zip(&self.0).all(|(slot, part)| {
            row.get(*slot)
                .is_some_and(|value| value.total_order(part).is_eq())
        })
    }
}

/// Which entries of an index a statement asks for: equal values for its first columns, perhaps bounds for the
/// next one. Values are in key form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KeyRange {
    /// Values of the first columns.
    pub(crate) equal: IndexKey,
    /// The next column is at least this, and is it that itself?
    pub(crate) low: Option<(Value, bool)>,
    /// The next column is at most this, and is it that itself?
    pub(crate) high: Option<(Value, bool)>,
}

impl KeyRange {
    /// Only this key.
    pub(crate) fn key(key: IndexKey) -> Self {
        Self {
            equal: key,
            low: None,
            high: None,
        }
    }
}

/// Serves the look-up only; nothing that leaves the store depends on it.
impl Hash for IndexKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for value in &self.0 {
            match value {
                Value::Null => state.write_u8(0),
                Value::Boolean(value) => state.write_u8(u8::from(*value)),
                Value::Integer(value) => state.write_i64(*value),
                Value::Numeric(value) => state.write_i128(value.digits),
                Value::Text(text) | Value::Json(text) => state.write(text.as_bytes()),
                Value::Date(days) => state.write_i32(*days),
                Value::Timestamp(us) => state.write_i64(*us),
                Value::Uuid(bits) => state.write_u128(*bits),
            }
        }
    }
}

/// The rows of one key, oldest first; more than one while versions overlap.
pub(crate) type Rows = SmallVec<[RowId; 2]>;

/// One index of one table.
#[derive(Clone)]
pub(crate) struct IndexMap {
    keys: HashTrieMapSync<IndexKey, Rows, FxBuildHasher>,
}

impl std::fmt::Debug for IndexMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.keys.size())
    }
}

impl Default for IndexMap {
    fn default() -> Self {
        Self {
            keys: HashTrieMapSync::new_with_hasher_and_ptr_kind(FxBuildHasher),
        }
    }
}

impl IndexMap {
    /// Rows of which some version has this key.
    pub(crate) fn rows(&self, key: &IndexKey) -> &[RowId] {
        self.keys.get(key).map_or(&[], |rows| rows.as_slice())
    }

    /// Adds a row under a key, once.
    pub(crate) fn add(&mut self, key: IndexKey, row: RowId) {
        match self.keys.get_mut(&key) {
            Some(rows) => {
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
            None => self.keys.insert_mut(key, SmallVec::from_slice(&[row])),
        }
    }

    /// Takes a row out from under a key.
    pub(crate) fn remove(&mut self, key: &IndexKey, row: RowId) {
        let Some(rows) = self.keys.get_mut(key) else {
            return;
        };
        rows.retain(|other| *other != row);
        if rows.is_empty() {
            self.keys.remove_mut(key);
        }
    }
}
