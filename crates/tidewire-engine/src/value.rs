//! Until the store's values print and hash themselves.

use tidewire_store::Value;
use tidewire_store::hash::StableHasher;

pub(crate) trait Bridge {
    fn stable_hash(&self, hasher: &mut StableHasher);
    fn to_string(&self) -> String;
}

impl Bridge for Value {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        hasher.bytes(Bridge::to_string(self).as_bytes());
    }

    fn to_string(&self) -> String {
        match self {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) | Value::Json(text) => text.to_string(),
            other => format!("{other:?}"),
        }
    }
}

impl Bridge for [Value] {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        self.iter().for_each(|value| value.stable_hash(hasher));
    }

    fn to_string(&self) -> String {
        String::new()
    }
}
