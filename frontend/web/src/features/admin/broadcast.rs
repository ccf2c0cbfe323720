//! A mail to many.

use adit_api::groups::GroupView;
use adit_api::installation::BroadcastInput;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::format::counted;
use crate::ui::{Confirm, Panel, Problem, Select, Text, TextArea};

#[component]
pub fn Broadcast() -> impl IntoView {
    let [subject, markdown, group, problem, sent] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let state = shared();
    let groups = RwSignal::new(Vec::<GroupView>::new());
    spawn_local(async move {
        match adit_api_client::groups(None).await {
            Ok(page) => {
                groups.try_set(page.groups);
            }
            Err(error) => state.refuse(&error),
        }
    });
    let options = Signal::derive(move || {
        let members = |group: GroupView| (group.id.to_string(), format!("Members of {}", group.config.name));
        let mut options = vec![(String::new(), "Everybody with an account in use".to_owned())];
        options.extend(groups.get().into_iter().map(members));
        options
    });
    let send = move || {
        problem.set(String::new());
        sent.set(String::new());
        let input = BroadcastInput {
            subject: subject.get_untracked(),
            markdown: markdown.get_untracked(),
            group: group.get_untracked().parse().ok(),
        };
        spawn_local(async move {
            match adit_api_client::broadcast(&input).await {
                Ok(result) => {
                    let mails = counted(usize::try_from(result.mails).unwrap_or(usize::MAX), "mail is", "mails are");
                    let without = match result.without_address {
                        0 => String::new(),
                        1 => " One person has no mail address and gets none.".to_owned(),
                        many => format!(" {many} people have no mail address and get none."),
                    };
                    sent.set(format!("{mails} on the way.{without}"));
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <Panel title="Mail to many">
            <div class="flex flex-col gap-3">
                <Select label="To" value=group options=options/>
                <Text label="Subject" value=subject/>
                <TextArea label="Text" value=markdown hint="Markdown. Each person gets a mail of their own and does not see who else gets it."/>
                <Problem text=problem/>
                <Show when=move || sent.with(|text| !text.is_empty())><p role="status" class="text-sm">{move || sent.get()}</p></Show>
                <div><Confirm label="Send mail" question="Send this mail to all of them now?" on_yes=send/></div>
            </div>
        </Panel>
    }
}
