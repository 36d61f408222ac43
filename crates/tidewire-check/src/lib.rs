//! Models, and the replay of a choice log.
