//! Use cases: submit, plan, retrieve, deliver, verify, settle, cancel, sweep, search.
