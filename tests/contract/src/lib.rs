//! Contract suites of the ports, run on every backend.
