//! `adit nodes`.

use std::process::ExitCode;

use adit_api::nodes::{NodeTest, NodeView};
use adit_api::paths;
use adit_domain::node::NodeKind;
use anyhow::{Context, Result};
use clap::Subcommand;

use super::connection::Connection;
use super::output::table;

/// What to do with nodes.
#[derive(Subcommand)]
pub enum Action {
    /// List them (the default)
    List,
    /// Test the connection to one
    Test {
        /// Its name
        name: String,
    },
}

pub async fn run(connection: &Connection, action: Option<Action>, json: bool) -> Result<ExitCode> {
    let nodes: Vec<NodeView> = connection.get(paths::NODES).await?;
    match action.unwrap_or(Action::List) {
        Action::List if json => println!("{}", serde_json::to_string(&nodes)?),
        Action::List => {
            let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
            let rows: Vec<Vec<String>> = nodes
                .iter()
                .map(|node| {
                    let place = match &node.config.kind {
                        NodeKind::Server(server) => format!("{}@{}:{}", server.ae_title, server.host, server.port),
                        NodeKind::Folder(folder) => folder.path.clone(),
                        NodeKind::Bucket(bucket) => format!("s3://{}/{}", bucket.bucket, bucket.prefix),
                    };
                    vec![
                        node.config.name.clone(),
                        place,
                        yes(node.can_be_source),
                        yes(node.can_be_destination),
                        yes(node.config.enabled),
                    ]
                })
                .collect();
            table(&["Name", "Where", "Source", "Destination", "Enabled"], &rows);
        }
        Action::Test { name } => {
            let node = by_name(&nodes, &name)?;
            let test: NodeTest = connection.post(&paths::fill(paths::NODE_TEST, &[node.id.as_str()]), &()).await?;
            if json {
                println!("{}", serde_json::to_string(&test)?);
            } else {
                println!("{}", test.summary);
                test.facts.iter().for_each(|(label, value)| println!("  {label}: {value}"));
            }
            return Ok(if test.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The node of this name, without regard to case.
pub fn by_name<'a>(nodes: &'a [NodeView], name: &str) -> Result<&'a NodeView> {
    let found = nodes.iter().find(|node| node.config.name.to_lowercase() == name.to_lowercase());
    found.with_context(|| format!("there is no server or folder named {name:?}; `adit nodes` lists them"))
}
