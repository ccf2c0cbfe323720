//! What the tests share: an engine with everything around it, peers that behave and peers that do not, a slow wire, real archives.

pub mod bridges;
pub mod dcmtk;
pub mod gate;
pub mod images;
pub mod orthanc;
pub mod program;
pub mod proxy;
pub mod rig;
pub mod scripted;
pub mod sender;
pub mod session;
pub mod web;

use std::net::{SocketAddr, TcpListener};

/// Any port of this machine.
pub const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A port that is free at present.
pub fn free_port() -> u16 {
    TcpListener::bind(ANY).and_then(|listener| listener.local_addr()).expect("a port can be had").port()
}
