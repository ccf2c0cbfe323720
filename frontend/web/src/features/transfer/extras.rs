//! Options that few transfers need.

use adit_domain::transfer::TransferOptions;
use leptos::prelude::*;

use super::identity::IdentityFields;
use crate::ui::{Check, Text};

/// The options as signals.
#[derive(Clone, Copy)]
pub struct ExtraFields {
    trial_id: RwSignal<String>,
    trial_name: RwSignal<String>,
    pub documents: RwSignal<bool>,
    direct: RwSignal<bool>,
    pub nifti: RwSignal<bool>,
    mail: RwSignal<bool>,
}

impl ExtraFields {
    /// What was chosen before.
    pub fn of(options: &TransferOptions) -> Self {
        Self {
            trial_id: RwSignal::new(options.trial_protocol_id.clone()),
            trial_name: RwSignal::new(options.trial_protocol_name.clone()),
            documents: RwSignal::new(options.include_documents),
            direct: RwSignal::new(options.direct_move),
            nifti: RwSignal::new(options.convert_to_nifti),
            mail: RwSignal::new(options.send_finished_mail),
        }
    }

    /// Includes documents, converts and asks for a mail as last time.
    pub fn remembered(documents: bool, nifti: bool, mail: bool) -> Self {
        Self::of(&TransferOptions {
            include_documents: documents,
            convert_to_nifti: nifti,
            send_finished_mail: mail,
            ..TransferOptions::default()
        })
    }

    /// Whether a mail is wanted when the transfer has ended.
    pub fn wants_mail(self) -> bool {
        self.mail.get_untracked()
    }

    /// Writes the choices into the options of a job, whose identity is known already. `to_folder`: only there NIfTI files can go.
    pub fn put_into(self, options: &mut TransferOptions, to_folder: bool) {
        options.trial_protocol_id = self.trial_id.get_untracked().trim().to_owned();
        options.trial_protocol_name = self.trial_name.get_untracked().trim().to_owned();
        options.include_documents = self.documents.get_untracked();
        options.send_finished_mail = self.mail.get_untracked();
        options.convert_to_nifti = self.nifti.get_untracked() && to_folder;
        options.direct_move = self.direct.get_untracked() && options.leaves_unchanged();
    }

    /// Whether a trial is written into the images.
    fn marks(self) -> bool {
        [self.trial_id, self.trial_name].iter().any(|text| text.with(|text| !text.trim().is_empty()))
    }
}

/// `between_servers`: whether the images come from a server, which could send them straight to another one. `to_folder`: whether they go
/// into a folder, where they can become NIfTI files.
#[component]
pub fn Extras(
    fields: ExtraFields,
    identity: IdentityFields,
    #[prop(default = Signal::stored(true), into)] between_servers: Signal<bool>,
    #[prop(into)] to_folder: Signal<bool>,
) -> impl IntoView {
    let modifies = Signal::derive(move || identity.pseudonymises() || fields.marks());
    view! {
        <details class="mt-3">
            <summary class="cursor-pointer text-sm">"More options"</summary>
            <div class="mt-2 grid grid-cols-1 items-end gap-3 md:grid-cols-3">
                <Text label="Trial ID" value=fields.trial_id/>
                <Text label="Trial name" value=fields.trial_name/>
                <div class="flex flex-col gap-2">
                    <Check label="Mail when finished" value=fields.mail/>
                    <Show when=move || to_folder.get()>
                        <Check label="Convert to NIfTI" value=fields.nifti/>
                    </Show>
                    <Show when=move || between_servers.get() && !to_folder.get()>
                        <Check label="Send straight from source to destination" value=fields.direct disabled=modifies/>
                    </Show>
                </div>
            </div>
        </details>
    }
}
