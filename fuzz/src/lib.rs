//! What the fuzz targets share: scripts made of bytes, and the laws that every script obeys.

pub mod laws;
pub mod script;
