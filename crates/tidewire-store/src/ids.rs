//! Ids of what a store holds. All are dense and never used again.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    };
}
id!(
    /// A table of one store; never used again after a drop.
    TableId
);
id!(
    /// A connection of one store.
    ConnectionId
);
id!(
    /// A transaction of one store, numbered from 1 in order of its first write or, for display, its begin.
    TransactionId
);
id!(
    /// A column of one store; survives a rename, never used again after a drop.
    ColumnId
);
id!(
    /// A sequence of one store.
    SequenceId
);
id!(
    /// A logical row of one table; stays the same over its versions.
    RowId
);

impl ConnectionId {
    /// Stands for prepared transactions, which belong to no connection, where somebody waits for one.
    pub const PREPARED: ConnectionId = ConnectionId(u32::MAX);
}
