//! Kinds of events and the codes that the standard has for them: one table.

use serde::{Deserialize, Serialize};

/// Identifies what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// A code of the DICOM ontology (DCM) with its meaning.
    Dcm(&'static str, &'static str),
    /// The standard has no event for it; the kind's own name is the code.
    Own,
}

/// A row of the table.
struct Row {
    kind: Kind,
    /// As it is stored and filtered by.
    name: &'static str,
    /// EventID.
    id: Code,
    /// EventTypeCode.
    type_code: Option<Code>,
    /// EventActionCode: Create, Read, Update, Delete, Execute.
    action: char,
    /// What somebody did, after the name of who did it.
    did: &'static str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $id:expr, $type_code:expr, $action:literal, $did:literal;)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        const TABLE: &[Row] = &[$(Row { kind: Kind::$kind, name: $name, id: $id, type_code: $type_code, action: $action, did: $did },)*];

        impl Kind {
            /// All kinds, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];
        }
    };
}

const ACTIVITY: Code = Code::Dcm("110100", "Application Activity");
const AUTHENTICATION: Code = Code::Dcm("110114", "User Authentication");
const ALERT: Code = Code::Dcm("110113", "Security Alert");
const LOGIN: Option<Code> = Some(Code::Dcm("110122", "Login"));
const USER_ATTRIBUTES: Option<Code> = Some(Code::Dcm("110137", "User Security Attributes Changed"));

kinds! {
    /// A process of ADIT has begun (A.5.3.1).
    ApplicationStarted "application_started" ACTIVITY, Some(Code::Dcm("110120", "Application Start")), 'E', "started ADIT";
    /// A process of ADIT has ended in order (A.5.3.1).
    ApplicationStopped "application_stopped" ACTIVITY, Some(Code::Dcm("110121", "Application Stop")), 'E', "stopped ADIT";
    /// A chain of events has begun (A.5.3.11).
    RecordingStarted "recording_started" ALERT, Some(Code::Dcm("110134", "Audit Recording Started")), 'E', "began a chain of events";
    /// The audit trail was searched, exported or verified (A.5.3.2).
    AuditRead "audit_read" Code::Dcm("110101", "Audit Log Used"), None, 'R', "read the audit trail";
    /// Somebody has logged in (A.5.3.12).
    LoggedIn "logged_in" AUTHENTICATION, LOGIN, 'E', "logged in";
    /// Somebody could not log in (A.5.3.12).
    LogInFailed "log_in_failed" AUTHENTICATION, LOGIN, 'E', "failed to log in";
    /// Somebody has logged out (A.5.3.12).
    LoggedOut "logged_out" AUTHENTICATION, Some(Code::Dcm("110123", "Logout")), 'E', "logged out";
    /// A token was used (A.5.3.12).
    TokenUsed "token_used" AUTHENTICATION, LOGIN, 'E', "used a token";
    /// Something was refused for want of a right (A.5.3.11).
    AccessRefused "access_refused" ALERT, Some(Code::Dcm("110132", "Use of Restricted Function")), 'E', "was refused";
    /// Servers were searched (A.5.3.10). Values that were asked for are not kept, because they name patients.
    Searched "searched" Code::Dcm("110112", "Query"), None, 'E', "searched";
    /// Data of one patient were shown (A.5.3.6).
    PatientDataViewed "patient_data_viewed" Code::Dcm("110103", "DICOM Instances Accessed"), None, 'R', "viewed data of a patient";
    /// A job was made.
    JobCreated "job_created" Code::Own, None, 'C', "created a job";
    /// A job was cancelled, resumed, approved, deleted and so on.
    JobActed "job_acted" Code::Own, None, 'U', "acted on a job";
    /// A transfer has begun (A.5.3.3).
    TransferBegan "transfer_began" Code::Dcm("110102", "Begin Transferring DICOM Instances"), None, 'E', "began a transfer";
    /// A transfer has ended, with its outcome (A.5.3.7).
    InstancesTransferred "instances_transferred" Code::Dcm("110104", "DICOM Instances Transferred"), None, 'R', "transferred images";
    /// Data have left ADIT as files (A.5.3.4).
    Downloaded "downloaded" Code::Dcm("110106", "Export"), None, 'R', "downloaded data";
    /// Data have come to ADIT as files (A.5.3.5).
    Uploaded "uploaded" Code::Dcm("110107", "Import"), None, 'C', "uploaded data";
    /// Servers, rules, projects or settings were changed (A.5.3.11).
    ConfigurationChanged "configuration_changed" ALERT, Some(Code::Dcm("110131", "Software Configuration")), 'E', "changed the configuration";
    /// Groups, their rights or their servers were changed (A.5.3.11).
    RightsChanged "rights_changed" ALERT, Some(Code::Dcm("110136", "Security Roles Changed")), 'E', "changed rights";
    /// An account was made.
    AccountCreated "account_created" ALERT, USER_ATTRIBUTES, 'E', "created an account";
    /// An account was approved.
    AccountApproved "account_approved" ALERT, USER_ATTRIBUTES, 'E', "approved an account";
    /// An account's profile or address was changed.
    AccountChanged "account_changed" ALERT, USER_ATTRIBUTES, 'E', "changed an account";
    /// An account was deactivated.
    AccountDeactivated "account_deactivated" ALERT, USER_ATTRIBUTES, 'E', "deactivated an account";
    /// A password was changed or reset.
    PasswordChanged "password_changed" ALERT, USER_ATTRIBUTES, 'E', "changed a password";
    /// A second factor was set up or removed.
    SecondFactorChanged "second_factor_changed" ALERT, USER_ATTRIBUTES, 'E', "changed a second factor";
    /// A token was made.
    TokenCreated "token_created" ALERT, USER_ATTRIBUTES, 'E', "created a token";
    /// A token was revoked.
    TokenRevoked "token_revoked" ALERT, USER_ATTRIBUTES, 'E', "revoked a token";
    /// A mail to many people was sent.
    MailBroadcast "mail_broadcast" Code::Own, None, 'E', "sent a mail to many";
}

impl Kind {
    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// As it is stored and filtered by: `job_created`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.kind)
    }

    /// EventID of the standard.
    #[must_use]
    pub fn id(self) -> Code {
        self.row().id
    }

    /// EventTypeCode of the standard.
    #[must_use]
    pub fn type_code(self) -> Option<Code> {
        self.row().type_code
    }

    /// EventActionCode of the standard: C, R, U, D or E.
    #[must_use]
    pub fn action(self) -> char {
        self.row().action
    }

    /// What somebody did, as in "ada `created a job`".
    #[must_use]
    pub fn did(self) -> &'static str {
        self.row().did
    }

    /// Whether the standard's message demands the patient.
    #[must_use]
    pub fn names_patient(self) -> bool {
        PatientKind::ALL.iter().any(|kind| Self::from(*kind) == self)
    }
}

/// The kinds whose message in A.5.3 demands the patient: the only ones that may hold a patient id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatientKind {
    /// A.5.3.6 DICOM Instances Accessed.
    Viewed,
    /// A.5.3.3 Begin Transferring DICOM Instances.
    TransferBegan,
    /// A.5.3.7 DICOM Instances Transferred.
    Transferred,
    /// A.5.3.4 Data Export.
    Downloaded,
    /// A.5.3.5 Data Import.
    Uploaded,
}

impl PatientKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Viewed, Self::TransferBegan, Self::Transferred, Self::Downloaded, Self::Uploaded];
}

impl From<PatientKind> for Kind {
    fn from(kind: PatientKind) -> Self {
        match kind {
            PatientKind::Viewed => Self::PatientDataViewed,
            PatientKind::TransferBegan => Self::TransferBegan,
            PatientKind::Transferred => Self::InstancesTransferred,
            PatientKind::Downloaded => Self::Downloaded,
            PatientKind::Uploaded => Self::Uploaded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_kinds_and_its_names_are_those_that_are_stored() {
        for (at, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(TABLE[at].kind, *kind);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
        }
    }

    #[test]
    fn actions_are_those_of_the_standard() {
        assert!(Kind::ALL.iter().all(|kind| "CRUDE".contains(kind.action())));
        assert_eq!(Kind::ALL.iter().filter(|kind| kind.names_patient()).count(), 5);
    }
}
