//! Groups: for administrators; and the own active group.

use adit_api::groups::{
    ChooseGroup, GrantInput, GrantView, GroupInput, GroupPage, GroupView, MemberInput, MemberPage, MemberView, Standing,
};
use adit_api::jobs::JobPage;
use adit_api::paths;
use adit_domain::{GroupId, NodeId, UserId};

use crate::Answer;
use crate::request::{get, send, send_empty};

/// A page of groups; `after` is from the page before.
pub async fn groups(after: Option<&str>) -> Answer<GroupPage> {
    get(&page(paths::GROUPS, after)).await
}

/// One group.
pub async fn group(id: &GroupId) -> Answer<GroupView> {
    get(&paths::fill(paths::GROUP, &[id.as_str()])).await
}

/// Adds a group, or changes the one with this id.
pub async fn save_group(id: Option<&GroupId>, input: &GroupInput) -> Answer<GroupView> {
    match id {
        Some(id) => send("PUT", &paths::fill(paths::GROUP, &[id.as_str()]), input).await,
        None => send("POST", paths::GROUPS, input).await,
    }
}

/// Deletes a group.
pub async fn delete_group(id: &GroupId) -> Answer<()> {
    send_empty("DELETE", &paths::fill(paths::GROUP, &[id.as_str()])).await
}

/// A page of the members of a group.
pub async fn members(id: &GroupId, after: Option<&str>) -> Answer<MemberPage> {
    get(&page(&paths::fill(paths::GROUP_MEMBERS, &[id.as_str()]), after)).await
}

/// Lets a person belong to a group.
pub async fn add_member(id: &GroupId, username: &str) -> Answer<MemberView> {
    let input = MemberInput { username: username.to_owned() };
    send("POST", &paths::fill(paths::GROUP_MEMBERS, &[id.as_str()]), &input).await
}

/// Lets a person belong to a group no longer.
pub async fn remove_member(id: &GroupId, user: &UserId) -> Answer<()> {
    send_empty("DELETE", &paths::fill(paths::GROUP_MEMBER, &[id.as_str(), user.as_str()])).await
}

/// The servers and folders of a group.
pub async fn grants_of_group(id: &GroupId) -> Answer<Vec<GrantView>> {
    get(&paths::fill(paths::GROUP_GRANTS, &[id.as_str()])).await
}

/// The groups of a server or folder.
pub async fn grants_on_node(id: &NodeId) -> Answer<Vec<GrantView>> {
    get(&paths::fill(paths::NODE_GRANTS, &[id.as_str()])).await
}

/// Sets what a group may do with a server or folder.
pub async fn set_grant(group: &GroupId, node: &NodeId, input: GrantInput) -> Answer<GrantView> {
    send("PUT", &paths::fill(paths::GROUP_GRANT, &[group.as_str(), node.as_str()]), &input).await
}

/// Chooses the group that one acts for.
pub async fn choose_group(group: &GroupId) -> Answer<Standing> {
    send("PUT", paths::ACTIVE_GROUP, &ChooseGroup { group: group.clone() }).await
}

/// Jobs of the active group that wait for approval.
pub async fn waiting_jobs(after: Option<&str>) -> Answer<JobPage> {
    get(&page(paths::WAITING_JOBS, after)).await
}

fn page(path: &str, after: Option<&str>) -> String {
    after.map_or_else(|| path.to_owned(), |after| format!("{path}?after={after}"))
}
