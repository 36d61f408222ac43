//! Caches in the memory of service instances: found, put, deleted, evicted, expired. An access takes no time, so
//! whatever stands between two effects of a handler is atomic, as under the mutex of a cache library.

use std::sync::Arc;

use tidewire_scenario::{CacheAccess, CacheOperation, implicit};
use tidewire_store::hash::{StableHash, StableHasher};
use tidewire_store::{Row, Scalar, SqlError, Value};

use crate::interpret::{bind, evaluate, set};
use crate::observation::{CacheOutcome, Fact};
use crate::step::Step;
use crate::work::Failure;

/// A cache of one instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cache {
    /// Least recently used first.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: Arc<str>,
    values: Row,
    /// From this time on it is not found any more.
    expires_us: Option<u64>,
}

impl Cache {
    fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| *entry.key == *key)
    }

    fn is_fresh(entry: &Entry, now_us: u64) -> bool {
        entry.expires_us.is_none_or(|expires| now_us < expires)
    }

    /// The values for a key, which is the most recently used from now on.
    fn get(&mut self, key: &str) -> Option<Row> {
        let entry = self.entries.remove(self.position(key)?);
        let values = entry.values.clone();
        self.entries.push(entry);
        Some(values)
    }

    fn delete(&mut self, key: &str) -> bool {
        let position = self.position(key);
        position.map(|at| self.entries.remove(at)).is_some()
    }

    /// What its content adds to a hash, and for each entry that will expire: when, and its weight. Which cache it
    /// is must be in the hasher already.
    pub(crate) fn hash(&self, h: &mut StableHasher) {
        h.word(self.entries.len() as u64);
        for entry in &self.entries {
            h.bytes(entry.key.as_bytes());
            entry.values.stable_hash(h);
            h.word(u64::from(entry.expires_us.is_some()));
        }
    }

    /// The times at which entries expire, each with its place in the order of use.
    pub(crate) fn expiries(&self) -> impl Iterator<Item = (u64, u64)> {
        let entries = (0..).zip(&self.entries);
        entries.filter_map(|(at, entry)| Some((at, entry.expires_us?)))
    }

    /// Entries that are found at this time, the least recently used first.
    pub(crate) fn fresh(&self, now_us: u64) -> impl Iterator<Item = (&Arc<str>, &Row)> {
        let entries = self.entries.iter();
        let fresh = entries.filter(move |entry| Self::is_fresh(entry, now_us));
        fresh.map(|entry| (&entry.key, &entry.values))
    }
}

/// An access with its expressions evaluated.
enum Evaluated {
    Get,
    Put(Row, Option<u64>),
    Delete,
}

impl Step<'_> {
    /// Reads or changes a cache and goes on.
    pub(crate) fn access_cache(&mut self, slot: u32, access: &CacheAccess) {
        let now_us = self.state.now_us;
        let Some(work) = self.state.works.get(slot) else {
            return;
        };
        let (node, Some((service, instance))) = (work.node, work.place) else {
            return;
        };
        let evaluated =
            text_key(&access.key, |scalar| evaluate(work, scalar, now_us)).and_then(|key| {
                match &access.operation {
                    CacheOperation::Get(_) => Ok((key, Evaluated::Get)),
                    CacheOperation::Delete => Ok((key, Evaluated::Delete)),
                    CacheOperation::Put { values, ttl_us } => {
                        let values = values.iter().map(|value| evaluate(work, value, now_us));
                        Ok((
                            key,
                            Evaluated::Put(values.collect::<Result<_, _>>()?, *ttl_us),
                        ))
                    }
                }
            });
        let (key, evaluated) = match evaluated {
            Ok(evaluated) => evaluated,
            Err(error) => return self.fail(slot, Failure::sql(&error)),
        };
        let spec = &self.setup.program.services[service.index()].caches[access.cache as usize];
        let index = self.setup.instance(service, instance);
        let caches = &mut self.instance_mut(index).caches;
        if caches.len() <= access.cache as usize {
            caches.resize_with(access.cache as usize + 1, Cache::default);
        }
        let cache = &mut caches[access.cache as usize];
        let mut gone: Vec<(CacheOutcome, Arc<str>)> = Vec::new();
        cache.entries.retain(|entry| {
            let stays = Cache::is_fresh(entry, now_us);
            if !stays {
                gone.push((CacheOutcome::Expired, Arc::clone(&entry.key)));
            }
            stays
        });
        let mut found = None;
        let outcome = match evaluated {
            Evaluated::Get => {
                found = cache.get(&key);
                match found {
                    Some(_) => CacheOutcome::Hit,
                    None => CacheOutcome::Miss,
                }
            }
            Evaluated::Put(values, ttl_us) => {
                cache.delete(&key);
                if cache.entries.len() >= spec.capacity as usize {
                    let evicted = cache.entries.remove(0);
                    gone.push((CacheOutcome::Evicted, evicted.key));
                }
                cache.entries.push(Entry {
                    key: Arc::clone(&key),
                    values,
                    expires_us: (ttl_us.or(spec.ttl_us)).map(|ttl| now_us.saturating_add(ttl)),
                });
                CacheOutcome::Put
            }
            Evaluated::Delete => match cache.delete(&key) {
                true => CacheOutcome::Deleted,
                false => CacheOutcome::NothingDeleted,
            },
        };
        for (outcome, key) in gone.into_iter().chain([(outcome, key)]) {
            let cache = access.cache;
            self.chain(|| Fact::CacheAccessed {
                node,
                instance,
                cache,
                outcome,
                key,
            });
        }
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        if let CacheOperation::Get(outputs) = &access.operation {
            bind(work, outputs, found.as_ref());
        }
        let rows = !matches!(outcome, CacheOutcome::Miss | CacheOutcome::NothingDeleted);
        set(work, implicit::ROW_COUNT, Value::Integer(rows.into()));
        let cause = self.cause.unwrap_or_default();
        self.proceed(slot, cause);
    }
}

/// The key that an expression gives.
pub(crate) fn text_key(
    key: &Scalar,
    evaluate: impl FnOnce(&Scalar) -> Result<Value, SqlError>,
) -> Result<Arc<str>, SqlError> {
    match evaluate(key)? {
        Value::Text(text) => Ok(text.as_ref().into()),
        _ => Err(SqlError::new(b"22004", "a key must not be null")),
    }
}
