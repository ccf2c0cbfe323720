//! Rules, by which transfers begin by themselves: list, form, trying out. For administrators.

mod arrival;
mod card;
mod dry_run;
mod filter;
mod firings;
mod form;
mod identity;
mod list;
mod places;
mod rhythm;
mod schedule;
mod trigger;

pub use list::RulesPage;
