//! The ways to fetch from a source.

use adit_dimse::Model;
use adit_domain::node::{Server, Services};

/// The ways to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// WADO-RS.
    Web,
    Dimse(Method),
}

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "WADO-RS",
            Self::Dimse(method) => method.name(),
        }
    }
}

/// The two ways of DIMSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Move,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "C-GET",
            Self::Move => "C-MOVE",
        }
    }

    pub fn model(self, services: &Services) -> Model {
        let study_root = match self {
            Self::Get => services.study_root_get,
            Self::Move => services.study_root_move,
        };
        if study_root { Model::StudyRoot } else { Model::PatientRoot }
    }
}

/// The ways that a source offers, the best first.
pub(super) fn ways(server: &Server) -> impl Iterator<Item = Way> {
    let services = server.services;
    let ways = [
        (Way::Web, server.dicomweb.wado),
        (Way::Dimse(Method::Get), services.can_get()),
        (Way::Dimse(Method::Move), services.can_move()),
    ];
    ways.into_iter().filter(|(_, offered)| *offered).map(|(way, _)| way)
}
