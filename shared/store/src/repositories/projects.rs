//! Projects: the newest state for lists, and every revision for good.

use std::sync::Arc;

use adit_domain::project::{Project, Revision};

use super::encoding::{Versioned, item, key, value};
use crate::items::{Condition, Index, ItemStore, Key, Query, SkRange, StoreError, Write};

const PARTITION: &str = "PROJECTS";

/// Repository of projects.
#[derive(Clone)]
pub struct Projects {
    items: Arc<dyn ItemStore>,
}

impl Projects {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// The newest state of all projects, by name. An installation has tens of them.
    pub async fn list(&self) -> Result<Vec<Project>, StoreError> {
        let mut projects = Vec::new();
        let mut after = None;
        loop {
            let query = Query {
                index: Index::Primary,
                pk: PARTITION.into(),
                sk: SkRange::All,
                descending: false,
                limit: 100,
                after,
            };
            let page = self.items.query(query).await?;
            for found in page.items {
                projects.push(value::<Project>(found)?.value);
            }
            after = page.next;
            if after.is_none() {
                return Ok(projects);
            }
        }
    }

    /// The newest state of a project, found without regard to case.
    pub async fn get(&self, name: &str) -> Result<Option<Versioned<Project>>, StoreError> {
        self.items.get(&head_key(name)).await?.map(value).transpose()
    }

    /// One revision of a project.
    pub async fn revision(&self, name: &str, number: u32) -> Result<Option<Revision>, StoreError> {
        let found = self.items.get(&revision_key(name, number)).await?;
        Ok(found.map(value::<Revision>).transpose()?.map(|revision| revision.value))
    }

    /// Writes a revision and makes it the newest. `before`: the version at which the newest state was read; `None` for a new project.
    /// A conflict means that the name is taken or that somebody else was faster.
    pub async fn put(&self, revision: &Revision, before: Option<u64>) -> Result<(), StoreError> {
        let Project { name, revision: number, .. } = &revision.project;
        let condition = before.map_or(Condition::Absent, Condition::Version);
        let writes = vec![
            Write::Put { item: item(head_key(name), &revision.project)?, condition },
            Write::Put { item: item(revision_key(name, *number), revision)?, condition: Condition::Absent },
        ];
        self.items.transact(writes).await
    }
}

fn head_key(name: &str) -> Key {
    key(PARTITION, name.to_lowercase())
}

fn revision_key(name: &str, number: u32) -> Key {
    key(format!("PROJECT#{}", name.to_lowercase()), format!("REVISION#{number:010}"))
}
