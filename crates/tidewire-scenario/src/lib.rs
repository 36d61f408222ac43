//! From text to meaning: a validated program.
