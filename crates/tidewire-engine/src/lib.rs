//! State, Action and one transition function; services, brokers, network, faults; the trace of a run.
