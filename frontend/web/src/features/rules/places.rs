//! Servers, folders and buckets to choose from.

use adit_api::nodes::NodeView;

/// Choices for a select: what may be used, and what is chosen already, whatever became of it.
pub fn places(nodes: &[NodeView], may: impl Fn(&NodeView) -> bool, chosen: &str) -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), "Choose ...".to_owned())];
    if !chosen.is_empty() && !nodes.iter().any(|node| node.id.as_str() == chosen) {
        choices.push((chosen.to_owned(), "(deleted)".to_owned()));
    }
    choices.extend(nodes.iter().filter_map(|node| {
        let is_chosen = node.id.as_str() == chosen;
        let name = &node.config.name;
        let text = if node.config.enabled { name.clone() } else { format!("{name} (disabled)") };
        (is_chosen || (node.config.enabled && may(node))).then(|| (node.id.to_string(), text))
    }));
    choices
}
