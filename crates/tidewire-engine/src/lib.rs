//! State, Action and one transition function; the trace of a run.
