//! Nouns and rules of ADIT: nodes, jobs, tasks, identifiers, retry policy. No I/O, no clock, no async.
