//! Isolation cases: reader, permutation runner, printer.
