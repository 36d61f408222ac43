//! Indexes: from a key to the rows of which some version has it.
//!
//! An index knows no visibility: a reader looks at the version that it sees and compares its key again.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rpds::HashTrieMapSync;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::heap_space::data_size;
use crate::leaf_pages::{LeafPages, Split};
use crate::{Index, RowId, Table, Type, Value};

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
    /// Is this key in it?
    pub(crate) fn holds(&self, key: &[Value]) -> bool {
        let equal = self.equal.values();
        if key.len() < equal.len() || equal.iter().zip(key).any(|(a, b)| a != b) {
            return false;
        }
        let Some(next) = key.get(equal.len()) else {
            return true;
        };
        let low = self.low.as_ref().is_none_or(|(low, itself)| {
            let order = next.total_order(low);
            order.is_gt() || (*itself && order.is_eq())
        });
        let high = self.high.as_ref().is_none_or(|(high, itself)| {
            let order = next.total_order(high);
            order.is_lt() || (*itself && order.is_eq())
        });
        low && high
    }

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
                Value::Uuid(bits) => state.write_u128(bits.0),
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
    leaf_pages: LeafPages,
    widths: Widths,
}

/// Bytes that a key takes in an entry.
#[derive(Clone)]
enum Widths {
    /// Always so many.
    Fixed(u32),
    /// By its values.
    Varying(Arc<[Type]>),
}

impl Widths {
    fn of(index: &Index, table: &Table) -> Self {
        let column = |slot: &usize| table.column_at(*slot).map(|column| column.data_type);
        let types: Option<Vec<Type>> = match index.computed {
            None => index.slots.iter().map(column).collect(),
            Some(_) => None,
        };
        match types.as_deref() {
            Some([Type::SmallInt | Type::Integer | Type::BigInt | Type::Date | Type::Boolean]) => {
                Widths::Fixed(8)
            }
            Some(types) => Widths::Varying(types.into()),
            None => Widths::Varying(Arc::from([])),
        }
    }

    fn bytes(&self, key: &[Value]) -> u32 {
        match self {
            Widths::Fixed(bytes) => *bytes,
            Widths::Varying(types) => {
                let types = types.iter().copied().chain(std::iter::repeat(Type::Text));
                data_size(types.zip(key))
            }
        }
    }
}

impl std::fmt::Debug for IndexMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.keys.size())
    }
}

impl IndexMap {
    /// Without entries.
    pub(crate) fn new(index: &Index, table: &Table) -> Self {
        Self {
            keys: HashTrieMapSync::new_with_hasher_and_ptr_kind(FxBuildHasher),
            leaf_pages: LeafPages::default(),
            widths: Widths::of(index, table),
        }
    }

    /// Takes all entries out.
    pub(crate) fn clear(&mut self) {
        self.keys = HashTrieMapSync::new_with_hasher_and_ptr_kind(FxBuildHasher);
        self.leaf_pages = LeafPages::default();
    }

    /// Where its entries stand.
    pub(crate) fn leaf_pages(&self) -> &LeafPages {
        &self.leaf_pages
    }

    /// Rows of which some version has this key.
    pub(crate) fn rows(&self, key: &IndexKey) -> &[RowId] {
        self.keys.get(key).map_or(&[], |rows| rows.as_slice())
    }

    /// Adds a row under a key, once. Tells when that split a page.
    pub(crate) fn add(&mut self, key: IndexKey, row: RowId) -> Option<Split> {
        match self.keys.get_mut(&key) {
            Some(rows) if rows.contains(&row) => return None,
            Some(rows) => rows.push(row),
            None => self
                .keys
                .insert_mut(key.clone(), SmallVec::from_slice(&[row])),
        }
        let (keys, widths) = (&self.keys, &self.widths);
        let bytes = widths.bytes(key.values());
        self.leaf_pages.add(key.values(), bytes, &|| {
            let entries = keys
                .iter()
                .flat_map(|(key, rows)| rows.iter().map(move |_| key));
            entries
                .map(|key| (key.clone(), widths.bytes(key.values())))
                .collect()
        })
    }

    /// Takes a row out from under a key.
    pub(crate) fn remove(&mut self, key: &IndexKey, row: RowId) {
        let Some(rows) = self.keys.get_mut(key) else {
            return;
        };
        let before = rows.len();
        rows.retain(|other| *other != row);
        let (gone, empty) = (rows.len() < before, rows.is_empty());
        if empty {
            self.keys.remove_mut(key);
        }
        if gone {
            self.leaf_pages
                .remove(key.values(), self.widths.bytes(key.values()));
        }
    }
}
