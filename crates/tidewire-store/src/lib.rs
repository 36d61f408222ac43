//! The data engine: versioned rows, plans, transactions, locks.
