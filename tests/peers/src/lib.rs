//! Journeys with real peers: Orthanc and DCMTK, and with the real program under kill. They stand in `tests/`; `src/bin/bench.rs` prints
//! the figures of the quality bars.
