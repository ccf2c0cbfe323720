//! Triggers by which images come in: from a sender, or as files. And when a study counts as complete.

use adit_api::nodes::NodeView;
use adit_domain::rule::{Complete, Trigger};
use leptos::prelude::*;
use leptos_router::components::A;

use super::places::places;
use crate::context::shared;
use crate::ui::{Check, Number, Select, Text};

/// The fields of both triggers as signals.
#[derive(Clone, Copy)]
pub struct ArrivalFields {
    senders: RwSignal<String>,
    source: RwSignal<String>,
    prefix: RwSignal<String>,
    remove: RwSignal<bool>,
    quiet: RwSignal<u32>,
    count: RwSignal<u32>,
}

impl ArrivalFields {
    /// What was entered before; empty fields for another trigger.
    pub fn of(trigger: Option<&Trigger>) -> Self {
        let complete = trigger.and_then(Trigger::complete).unwrap_or_default();
        let senders = match trigger {
            Some(Trigger::Inbox { calling_ae_titles, .. }) => calling_ae_titles.join(", "),
            _ => String::new(),
        };
        let (source, prefix, remove) = match trigger {
            Some(Trigger::Objects { source, prefix, remove_afterwards, .. }) => {
                (source.to_string(), prefix.clone(), *remove_afterwards)
            }
            _ => Default::default(),
        };
        Self {
            senders: RwSignal::new(senders),
            source: RwSignal::new(source),
            prefix: RwSignal::new(prefix),
            remove: RwSignal::new(remove),
            quiet: RwSignal::new(complete.quiet_seconds),
            count: RwSignal::new(complete.count),
        }
    }

    fn complete(self) -> Complete {
        Complete { quiet_seconds: self.quiet.get_untracked(), count: self.count.get_untracked() }
    }

    /// The trigger "images arrive", or what is missing.
    pub fn inbox(self) -> Result<Trigger, String> {
        let senders = self.senders.get_untracked();
        let titles: Vec<String> =
            senders.split([',', '\n']).map(str::trim).filter(|title| !title.is_empty()).map(str::to_owned).collect();
        if titles.is_empty() {
            return Err("Enter the AE title of at least one sender.".to_owned());
        }
        Ok(Trigger::Inbox { calling_ae_titles: titles, complete: self.complete() })
    }

    /// The trigger "files appear", or what is missing.
    pub fn objects(self) -> Result<Trigger, String> {
        let source = self.source.get_untracked().parse().map_err(|_| "Choose what is watched.".to_owned())?;
        Ok(Trigger::Objects {
            source,
            prefix: self.prefix.get_untracked().trim().to_owned(),
            complete: self.complete(),
            remove_afterwards: self.remove.get_untracked(),
        })
    }
}

#[component]
pub fn InboxForm(fields: ArrivalFields) -> impl IntoView {
    let state = shared();
    let address = move || {
        let session = state.session.get().flatten()?;
        Some(match session.scp_port {
            Some(port) => {
                format!("The senders must know this ADIT as a DICOM node: AE title {}, port {port}.", session.ae_title)
            }
            None => "ADIT's DICOM receiver is not running here, so nothing can arrive.".to_owned(),
        })
    };
    view! {
        <div class="grid gap-3 md:grid-cols-2">
            <Text label="Senders" value=fields.senders placeholder="CT1, MR2" hint="Their AE titles, separated by commas"/>
        </div>
        <p class="mt-2 text-sm">{address}</p>
        <CompleteForm fields=fields/>
    }
}

#[component]
pub fn ObjectsForm(fields: ArrivalFields, nodes: StoredValue<Vec<NodeView>>) -> impl IntoView {
    let choices = Signal::derive(move || {
        nodes.with_value(|nodes| places(nodes, |node| node.config.can_be_watched(), &fields.source.get_untracked()))
    });
    let nothing = nodes.with_value(|nodes| !nodes.iter().any(|node| node.config.can_be_watched()));
    view! {
        {nothing.then(|| view! {
            <p class="mb-2 text-sm">"There is no folder or bucket yet. Add one under "<A href="/servers" attr:class="link">"Servers"</A>"."</p>
        })}
        <div class="grid gap-3 md:grid-cols-2">
            <Select label="Watched folder or bucket" value=fields.source options=choices/>
            <Text label="Only below" value=fields.prefix placeholder="incoming/" hint="Names of files begin with this; empty: all files"/>
        </div>
        <div class="mt-2"><Check label="Remove the files after everything of them has arrived at the destination" value=fields.remove/></div>
        <CompleteForm fields=fields/>
    }
}

#[component]
fn CompleteForm(fields: ArrivalFields) -> impl IntoView {
    view! {
        <h3 class="mt-4 mb-1 text-sm font-semibold">"When is a study complete?"</h3>
        <p class="mb-2 text-sm">"A study comes image by image, and nobody says which one is the last. ADIT takes it as complete when nothing new has come for a while, or as soon as it has a number of images that you know; then the transfer begins. Images that come later, such as a reconstruction, are sent too."</p>
        <div class="grid gap-3 md:grid-cols-2">
            <Number label="Quiet time in seconds" value=fields.quiet hint="60 suits most scanners. Take 600 or more if series are added by hand"/>
            <Number label="Number of images" value=fields.count hint="0: the quiet time alone decides"/>
        </div>
    }
}
