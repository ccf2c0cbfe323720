//! Opening associations (PS3.8 9.3.2 to 9.3.4) with dicom-ul's PDU codec over our own sockets.

use bytes::BytesMut;
use dicom_ul::pdu::{
    AssociationAC, AssociationRJ, AssociationRJResult, AssociationRJServiceProviderPresentationReason as Provider,
    AssociationRJServiceUserReason as User, AssociationRJSource, AssociationRQ, Pdu, PresentationContextNegotiated,
    PresentationContextProposed, PresentationContextResult, PresentationContextResultReason, RequestorRoles,
    UserVariableItem, read_pdu, write_pdu,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::error::{DimseError, protocol};
use crate::proposal::Proposal;
use crate::stream::Stream;
use crate::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, uids};

/// Longest association PDU that is read: 128 contexts with many transfer syntaxes stay below.
const MAX_ASSOCIATION_PDU: u32 = 256 * 1024;

/// What the two sides agreed on.
pub struct Agreement {
    pub contexts: Vec<PresentationContextNegotiated>,
    pub peer_max_pdu: u32,
    pub peer_implementation_class_uid: String,
    pub peer_implementation_version_name: String,
    pub rest: BytesMut,
}

/// Asks for an association.
pub async fn request(
    stream: &mut Stream,
    calling: &str,
    called: &str,
    our_max_pdu: u32,
    proposal: &Proposal,
) -> Result<Agreement, DimseError> {
    proposal.checked()?;
    let proposed: Vec<PresentationContextProposed> = (1..=255)
        .step_by(2)
        .zip(&proposal.contexts)
        .map(|(id, (class, syntaxes))| PresentationContextProposed {
            id,
            abstract_syntax: class.clone(),
            transfer_syntaxes: syntaxes.clone(),
        })
        .collect();
    let roles = proposal.as_provider.iter().map(|class| {
        UserVariableItem::ScuScpRoleSelectionSubItem(class.clone(), RequestorRoles { scu: false, scp: true })
    });
    let pdu = Pdu::AssociationRQ(AssociationRQ {
        protocol_version: 1,
        calling_ae_title: calling.to_owned(),
        called_ae_title: called.to_owned(),
        application_context_name: uids::APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: proposed.clone(),
        user_variables: our_variables(our_max_pdu).into_iter().chain(roles).collect(),
    });
    send(stream, &pdu).await?;
    let (answer, rest) = receive(stream).await?;
    match answer {
        Pdu::AssociationAC(answer) => Ok(agreement(&proposed, answer, rest)),
        Pdu::AssociationRJ(rejection) => Err(rejected(&rejection)),
        Pdu::AbortRQ { .. } => Err(DimseError::Aborted),
        _ => Err(protocol("something else than an answer to the association request")),
    }
}

fn our_variables(max_pdu: u32) -> Vec<UserVariableItem> {
    vec![
        UserVariableItem::MaxLength(max_pdu),
        UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS_UID.to_owned()),
        UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION_NAME.to_owned()),
    ]
}

fn agreement(proposed: &[PresentationContextProposed], answer: AssociationAC, rest: BytesMut) -> Agreement {
    let contexts = answer
        .presentation_contexts
        .into_iter()
        .filter(|result| result.reason == PresentationContextResultReason::Acceptance)
        .filter_map(|result| {
            let asked = proposed.iter().find(|context| context.id == result.id)?;
            Some(PresentationContextNegotiated {
                id: result.id,
                reason: result.reason,
                transfer_syntax: clean(&result.transfer_syntax),
                abstract_syntax: asked.abstract_syntax.clone(),
            })
        })
        .collect();
    let mut agreement = Agreement {
        contexts,
        peer_max_pdu: 0,
        peer_implementation_class_uid: String::new(),
        peer_implementation_version_name: String::new(),
        rest,
    };
    take_variables(&mut agreement, &answer.user_variables);
    agreement
}

fn take_variables(agreement: &mut Agreement, variables: &[UserVariableItem]) {
    for variable in variables {
        match variable {
            UserVariableItem::MaxLength(length) => agreement.peer_max_pdu = *length,
            UserVariableItem::ImplementationClassUID(uid) => agreement.peer_implementation_class_uid = clean(uid),
            UserVariableItem::ImplementationVersionName(name) => {
                name.trim().clone_into(&mut agreement.peer_implementation_version_name)
            }
            _ => {}
        }
    }
}

fn clean(uid: &str) -> String {
    uid.trim_matches(|c: char| c == '\0' || c == ' ').to_owned()
}

fn rejected(rejection: &AssociationRJ) -> DimseError {
    let reason = match &rejection.source {
        AssociationRJSource::ServiceUser(User::CallingAETitleNotRecognized) => {
            "the server does not know our calling AE title"
        }
        AssociationRJSource::ServiceUser(User::CalledAETitleNotRecognized) => {
            "the server does not answer to this called AE title"
        }
        AssociationRJSource::ServiceUser(User::ApplicationContextNameNotSupported) => {
            "the server does not support the DICOM application context"
        }
        AssociationRJSource::ServiceProviderPresentation(Provider::TemporaryCongestion) => {
            "the server is congested at present"
        }
        AssociationRJSource::ServiceProviderPresentation(Provider::LocalLimitExceeded) => {
            "the server has reached its limit of associations"
        }
        AssociationRJSource::ServiceProviderASCE(_) => "the server does not support this protocol version",
        _ => "the server gave no reason",
    };
    DimseError::Rejected { transient: rejection.result == AssociationRJResult::Transient, reason }
}

/// A request that came in.
pub struct Requested {
    pub request: AssociationRQ,
    pub rest: BytesMut,
}

/// Waits for an association request.
pub async fn requested(stream: &mut Stream) -> Result<Requested, DimseError> {
    match receive(stream).await? {
        (Pdu::AssociationRQ(mut request), rest) => {
            request.calling_ae_title = request.calling_ae_title.trim().to_owned();
            request.called_ae_title = request.called_ae_title.trim().to_owned();
            Ok(Requested { request, rest })
        }
        _ => Err(protocol("something else than an association request")),
    }
}

/// Accepts a request: `choose` picks the transfer syntax of each context, or says why not.
pub async fn accept(
    stream: &mut Stream,
    requested: Requested,
    our_max_pdu: u32,
    choose: impl Fn(&PresentationContextProposed) -> Result<String, PresentationContextResultReason>,
) -> Result<(Agreement, Vec<String>), DimseError> {
    let Requested { request, rest } = requested;
    let mut agreement = Agreement {
        contexts: Vec::new(),
        peer_max_pdu: 0,
        peer_implementation_class_uid: String::new(),
        peer_implementation_version_name: String::new(),
        rest,
    };
    take_variables(&mut agreement, &request.user_variables);
    let mut results = Vec::new();
    for context in &request.presentation_contexts {
        let (reason, transfer_syntax) = match choose(context) {
            Ok(syntax) => (PresentationContextResultReason::Acceptance, syntax),
            Err(reason) => (reason, uids::IMPLICIT_VR_LITTLE_ENDIAN.to_owned()),
        };
        if reason == PresentationContextResultReason::Acceptance {
            let abstract_syntax = clean(&context.abstract_syntax);
            agreement.contexts.push(PresentationContextNegotiated {
                id: context.id,
                reason: reason.clone(),
                transfer_syntax: transfer_syntax.clone(),
                abstract_syntax,
            });
        }
        results.push(PresentationContextResult { id: context.id, reason, transfer_syntax });
    }
    // Roles as proposed (PS3.7 D.3.3.4): the requestor may be provider of storage classes, which C-GET needs.
    let roles: Vec<(String, RequestorRoles)> = request
        .user_variables
        .iter()
        .filter_map(|variable| match variable {
            UserVariableItem::ScuScpRoleSelectionSubItem(class, roles) => {
                Some((clean(class), RequestorRoles { scu: roles.scu, scp: roles.scp }))
            }
            _ => None,
        })
        .collect();
    let provided = roles.iter().filter(|(_, roles)| roles.scp).map(|(class, _)| class.clone()).collect();
    let pdu = Pdu::AssociationAC(AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title,
        called_ae_title: request.called_ae_title,
        application_context_name: uids::APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: results,
        user_variables: our_variables(our_max_pdu)
            .into_iter()
            .chain(roles.into_iter().map(|(class, roles)| UserVariableItem::ScuScpRoleSelectionSubItem(class, roles)))
            .collect(),
    });
    send(stream, &pdu).await?;
    Ok((agreement, provided))
}

/// Why a caller is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Permanent: calling AE title not recognized.
    UnknownCaller,
    /// Permanent: called AE title not recognized.
    UnknownCalled,
    /// Transient: temporary congestion.
    Congestion,
    /// Transient: local limit exceeded.
    Limit,
}

/// Turns a caller away.
pub async fn reject(stream: &mut Stream, refusal: Refusal) {
    let (result, source) = match refusal {
        Refusal::UnknownCaller => {
            (AssociationRJResult::Permanent, AssociationRJSource::ServiceUser(User::CallingAETitleNotRecognized))
        }
        Refusal::UnknownCalled => {
            (AssociationRJResult::Permanent, AssociationRJSource::ServiceUser(User::CalledAETitleNotRecognized))
        }
        Refusal::Congestion => (
            AssociationRJResult::Transient,
            AssociationRJSource::ServiceProviderPresentation(Provider::TemporaryCongestion),
        ),
        Refusal::Limit => (
            AssociationRJResult::Transient,
            AssociationRJSource::ServiceProviderPresentation(Provider::LocalLimitExceeded),
        ),
    };
    if send(stream, &Pdu::AssociationRJ(AssociationRJ { result, source })).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

async fn send(stream: &mut Stream, pdu: &Pdu) -> Result<(), DimseError> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).map_err(|error| protocol(format!("an association PDU cannot be written: {error}")))?;
    stream.write_all(&bytes).await.map_err(DimseError::Broken)?;
    stream.flush().await.map_err(DimseError::Broken)
}

async fn receive(stream: &mut Stream) -> Result<(Pdu, BytesMut), DimseError> {
    let mut input = BytesMut::with_capacity(16 * 1024);
    loop {
        if let Some(head) = input.first_chunk::<6>() {
            let length = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
            if length > MAX_ASSOCIATION_PDU || !(1..=7).contains(&head[0]) {
                return Err(protocol("this is not a DICOM association"));
            }
            let whole = 6 + length as usize;
            if input.len() >= whole {
                let bytes = input.split_to(whole);
                let pdu =
                    read_pdu(&bytes[..], MAX_ASSOCIATION_PDU, true).map_err(|error| protocol(error.to_string()))?;
                return Ok((pdu.ok_or_else(|| protocol("a PDU that ends in the middle"))?, input));
            }
        }
        if stream.read_buf(&mut input).await.map_err(DimseError::Broken)? == 0 {
            return Err(DimseError::Closed);
        }
        stream.quick_ack();
    }
}
