//! The three ports (ItemStore, WorkQueue, Staging) and the typed repositories on top.
