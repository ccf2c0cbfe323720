//! The three ports (ItemStore, WorkQueue, Staging) with their promises, and the typed repositories on top.
//!
//! The ports are as small as they can be; each promise is the weaker of what both backends keep. One contract suite
//! (`tests/contract`) runs against every backend. This room knows no backend and no meaning of a state.

pub mod clock;
pub mod items;
pub mod paging;
pub mod pointer;
pub mod queue;
pub mod repositories;
pub mod shelf;
pub mod staging;
pub mod vault;
