//! From text to meaning: a validated program with names resolved to dense ids, or diagnostics that say why not.
