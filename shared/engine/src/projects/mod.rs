//! Use cases on projects: list, look, add, change. A change makes a new revision; jobs keep the one they were made with.

mod deidentifiers;
mod preview;

use adit_api::projects::ProjectInput;
use adit_domain::project::{MAX_DESCRIPTION, Project, Revision, check_rules_text, parse_project_name};
use adit_domain::transfer::TransferOptions;
use adit_store::items::{Kind, StoreError};
use adit_store::repositories::Versioned;

pub(crate) use deidentifiers::Deidentifiers;
pub use preview::PreviewRun;

use crate::{Actor, Engine, Refusal, now};

impl Engine {
    /// All projects, the built-in one first, without their rules.
    pub async fn projects(&self) -> Result<Vec<Project>, Refusal> {
        let mut projects = vec![self.built_in().project];
        projects.extend(self.0.projects.list().await?);
        Ok(projects)
    }

    /// The newest revision of a project with its rules.
    pub async fn project(&self, name: &str) -> Result<Revision, Refusal> {
        let head = self.project_head(name).await?.value;
        self.revision(&head.name, head.revision).await
    }

    /// Adds a project.
    pub async fn add_project(&self, actor: &Actor, input: ProjectInput) -> Result<Revision, Refusal> {
        let project = Project {
            name: parse_project_name(&input.name)?,
            description: String::new(),
            profile: self.0.settings.default_profile.clone(),
            key_version: 0,
            revision: 1,
            archived: false,
            changed: now(),
            changed_by: actor.username.clone(),
        };
        let revision = self.checked_revision(project, input)?;
        self.0.projects.put(&revision, None).await.map_err(name_taken)?;
        tracing::info!(user = %actor.user_id, "project added");
        Ok(revision)
    }

    /// Changes a project: makes its next revision. A stale one is refused.
    pub async fn change_project(&self, actor: &Actor, name: &str, input: ProjectInput) -> Result<Revision, Refusal> {
        let Versioned { value: before, version } = self.project_head(name).await?;
        if input.revision.is_some_and(|revision| revision != before.revision) {
            return Err(Refusal::conflict(
                "Somebody else changed this project meanwhile. Reload the page and enter your change again.",
            ));
        }
        let project = Project {
            key_version: before.key_version + u32::from(input.rotate_key),
            revision: before.revision + 1,
            changed: now(),
            changed_by: actor.username.clone(),
            ..before
        };
        let revision = self.checked_revision(project, input)?;
        self.0.projects.put(&revision, Some(version)).await?;
        let Project { revision: number, key_version, .. } = revision.project;
        tracing::info!(user = %actor.user_id, revision = number, key_version, "project changed");
        Ok(revision)
    }

    /// Takes over what a person entered, after reading the rules: a bad one is refused with its line.
    fn checked_revision(&self, mut project: Project, input: ProjectInput) -> Result<Revision, Refusal> {
        input.description.trim().clone_into(&mut project.description);
        if project.description.chars().count() > MAX_DESCRIPTION {
            return Err(Refusal::invalid(format!("The description may have {MAX_DESCRIPTION} characters at most."))
                .at("description"));
        }
        check_rules_text("rules", &input.rules)?;
        check_rules_text("pixel rules", &input.pixel_rules)?;
        if !input.profile.is_empty() {
            project.profile = input.profile;
        }
        project.archived = input.archived;
        let revision = Revision { project, rules: input.rules, pixel_rules: input.pixel_rules };
        deidentifiers::build(&self.0.settings.project_key, &revision, "")?;
        Ok(revision)
    }

    /// Writes down whose rules count for a new job, so that they count for its retries too.
    pub(crate) async fn choose_project(&self, options: &mut TransferOptions) -> Result<(), Refusal> {
        if !options.pseudonymises() {
            (options.project_revision, options.profile) = (0, String::new());
            return Ok(());
        }
        let project = if options.project.is_empty() {
            self.built_in().project
        } else {
            self.project_head(&options.project).await.map_err(|error| error.at("project"))?.value
        };
        if project.archived {
            return Err(Refusal::conflict(format!(
                "The project {} is archived. Choose another one, or ask an administrator to open it again.",
                project.name
            ))
            .at("project"));
        }
        if options.profile.is_empty() {
            options.profile = project.profile;
        }
        (options.project, options.project_revision) = (project.name, project.revision);
        Ok(())
    }

    /// One revision of a project; the built-in one has only revision 0.
    pub(crate) async fn revision(&self, name: &str, number: u32) -> Result<Revision, Refusal> {
        if name.is_empty() {
            return Ok(self.built_in());
        }
        self.0.projects.revision(name, number).await?.ok_or_else(|| Refusal::not_found("project"))
    }

    async fn project_head(&self, name: &str) -> Result<Versioned<Project>, Refusal> {
        self.0.projects.get(name).await?.ok_or_else(|| Refusal::not_found("project"))
    }

    fn built_in(&self) -> Revision {
        Revision::built_in(&self.0.settings.default_profile)
    }
}

/// A conflict on a new project means that its name exists.
fn name_taken(error: StoreError) -> Refusal {
    match error.kind {
        Kind::Conflict { .. } => {
            Refusal::conflict("Another project has this name already. Choose a different one.").at("name")
        }
        _ => error.into(),
    }
}
