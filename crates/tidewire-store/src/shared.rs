//! The pointer under everything that forks share and change: rows in use, pages of heaps, tables, connections.

/// A shared value that is copied when one of several owners changes it.
///
/// No weak references: whether somebody else shares the value is one plain load, where [`std::sync::Arc::make_mut`]
/// locks the counter. A statement asks that some twenty times.
pub(crate) use triomphe::Arc as Shared;
