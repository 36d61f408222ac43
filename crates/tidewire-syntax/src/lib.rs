//! The scenario language: text, lossless tree, typed tree, diagnostics, formatter, text edits.
