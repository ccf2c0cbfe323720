//! What a request is about, as far as its path says: names are looked up before the handler, which may delete the thing.

use adit_api::paths;
use adit_audit::{Entity, Role};
use adit_domain::{GroupId, NodeId, UserId};

use crate::App;
use crate::table::Route;

/// The things that a path names. `values` are its placeholders; one that cannot be what it should be names nothing.
pub async fn of(app: &App, row: &Route, values: &[(String, String)]) -> Vec<Entity> {
    let mut entities = Vec::new();
    for (name, value) in values {
        entities.extend(one(app, row.path, name, value).await);
    }
    entities
}

/// What exactly is done, where the path says it: `cancel`.
pub fn action(values: &[(String, String)]) -> Option<&str> {
    values.iter().find(|(name, value)| name == "action" && value.len() < 20).map(|(_, value)| value.as_str())
}

async fn one(app: &App, path: &str, name: &str, value: &str) -> Option<Entity> {
    let below = |root: &str| path.starts_with(root);
    match name {
        "id" if below(paths::JOBS) => Some(Entity::Job { id: value.parse().ok()? }),
        "task_id" => Some(Entity::Task { id: value.parse().ok()? }),
        "id" if below(paths::NODES) => node(app, value).await,
        "node" => node(app, value).await,
        "server" => {
            let (id, name) = app.engine.server_by_title(value).await?;
            Some(Entity::Node { id, name, role: Role::Object })
        }
        "study" => Some(Entity::Study { uid: value.parse().ok()? }),
        "id" if below(paths::GROUPS) => group(app, value).await,
        "user" if below(paths::GROUPS) => person(app, value).await,
        "id" if below(paths::PEOPLE) => person(app, value).await,
        "prefix" if below(paths::TOKENS) => Some(Entity::Token { prefix: value.chars().take(8).collect() }),
        "id" if below(paths::RULES) => Some(thing("rule", value.parse::<adit_domain::RuleId>().ok()?.as_str(), "")),
        "name" if below(paths::PROJECTS) => Some(thing("project", value, value)),
        _ => None,
    }
}

async fn node(app: &App, value: &str) -> Option<Entity> {
    let id: NodeId = value.parse().ok()?;
    let name = app.engine.name_of_node(&id).await;
    Some(Entity::Node { id, name, role: Role::Object })
}

async fn group(app: &App, value: &str) -> Option<Entity> {
    let id: GroupId = value.parse().ok()?;
    let name = app.engine.group(&id).await.map(|group| group.config.name).unwrap_or_default();
    Some(thing("group", id.as_str(), &name))
}

async fn person(app: &App, value: &str) -> Option<Entity> {
    let id: UserId = value.parse().ok()?;
    let name = app.access.known(&id).await.ok().flatten().map(|person| person.username).unwrap_or_default();
    Some(Entity::Person { id, name })
}

/// Something that has a name.
pub fn thing(what: &str, id: &str, name: &str) -> Entity {
    // A name is a short text; what was typed into an address may be anything.
    let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(80).collect();
    Entity::Thing { what: what.to_owned(), id: short(id), name: short(name) }
}
