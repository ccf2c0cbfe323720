//! The relay: bridges share one AE title and one address, so an instance may arrive at a bridge while another one waits for it. The
//! bridge that got it streams it on while it arrives, and answers its sender with the status of the bridge that waits.
//!
//! The way is HTTP/1.1 over TLS. Bridges know one another by rows of the item store: each makes a certificate at its start and
//! publishes it with its address and a proof that it knows the master key; who calls trusts exactly that certificate and shows a token
//! derived from the master key.
//!
//! One exchange per instance: the request's head is the instance's head, its body the data set. The answer begins as soon as the
//! waiting bridge has taken the instance on; its body is a blank every few seconds, then the DIMSE status as four hex digits. So both
//! sides hold a few hundred kilobytes at a time, either side's slowness slows the other, and a dead side is noticed.

mod client;
mod connections;
mod identity;
mod inbound;
mod outbound;
mod pieces;
mod presence;
mod server;
mod token;
mod wire;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use adit_engine::reception::Reception;
use adit_store::items::ItemStore;
use adit_store::repositories::{Bridge, Bridges, Moves};
use tokio_util::sync::CancellationToken;

pub use client::RelayClient;
pub use identity::Identity;
pub use presence::Presence;
pub use server::RelayServer;
pub use token::Token;

/// What a relay must be told.
pub struct RelayConfig {
    /// Name of this process, another one at each start.
    pub name: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Under which address the other bridges reach it; none: the one on which it listens. Without port: the port on which it listens.
    pub address: Option<String>,
    /// What all bridges of the installation show one another.
    pub token: Token,
}

/// One bridge's relay, listening and joined to the reception, not yet serving.
pub struct Relay {
    server: RelayServer,
    presence: Presence,
}

impl Relay {
    /// Listens, publishes this bridge, and joins `reception` to the others. Fails if the address is taken or the store does not answer.
    pub async fn open(config: RelayConfig, items: Arc<dyn ItemStore>, reception: &Arc<Reception>) -> io::Result<Self> {
        let RelayConfig { name, listen, address, token } = config;
        let identity = Identity::make()?;
        let server = RelayServer::bind(listen, &identity, token.clone(), Arc::clone(reception) as _).await?;
        let bound = server.local_addr()?;
        let address = address.map_or_else(|| bound.to_string(), |given| with_port(&given, bound.port()));
        let bridges = Bridges::new(Arc::clone(&items));
        let certificate_pem = identity.certificate_pem().to_owned();
        let (name, proof, seen) = (name.clone(), String::new(), adit_engine::now());
        let bridge = token.sealed(Bridge { name: name.clone(), address, certificate_pem, proof, seen });
        let presence = Presence::new(bridges.clone(), bridge);
        presence.beat().await.map_err(io::Error::other)?;
        let moves = Moves::new(items);
        let client = RelayClient::new(&name, moves.clone(), bridges, token);
        reception.join(&name, moves, Arc::new(client));
        Ok(Self { server, presence })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.server.local_addr()
    }

    /// Serves until `stop`: then the row goes, and exchanges that are under way are finished.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(self.server.run(stop.clone()), self.presence.keep(stop));
    }
}

fn with_port(given: &str, port: u16) -> String {
    match given.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, port).to_string(),
        Err(_) if given.contains(':') => given.to_owned(),
        Err(_) => format!("{given}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_given_address_gets_the_port_of_the_listener_unless_it_has_one() {
        for (given, is) in [
            ("10.0.0.7", "10.0.0.7:8443"),
            ("10.0.0.7:9", "10.0.0.7:9"),
            ("bridge-1", "bridge-1:8443"),
            ("bridge-1:9", "bridge-1:9"),
            ("fd00::1", "[fd00::1]:8443"),
            ("[fd00::1]:9", "[fd00::1]:9"),
        ] {
            assert_eq!(super::with_port(given, 8443), is);
        }
    }
}
