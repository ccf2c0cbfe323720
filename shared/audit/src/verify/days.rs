//! The days: every row that stands among the events must be an event of a chain with a head.

use std::collections::HashMap;

use adit_store::items::StoreError;

use super::walk::report_changed;
use super::{Fault, Report, all};
use crate::rows;
use crate::trail::Trail;

/// Chains that are remembered at most.
const REMEMBERED: usize = 1024;

impl Trail {
    /// Looks at every day from `first` on; memory holds one page and a few chains.
    pub(super) async fn days(&self, first: i64, report: &mut Report) -> Result<(), StoreError> {
        let mut heads = HashMap::new();
        let last = rows::day_of(self.clock.now()) + 1;
        for day in first - 1..=last {
            let mut after = None;
            loop {
                let page = self.page(all(rows::day_partition(day), after)).await?;
                for item in &page.items {
                    match self.key.read_event(item) {
                        Ok(linked) if linked.intact => self.has_head(&linked.chain, &mut heads, report).await?,
                        Ok(_) => report_changed(item, report),
                        Err(_) => {
                            let sentence = format!("The row {} of {} is no event.", item.key.sk, item.key.pk);
                            report.add(Fault::Stray, format!("{} {}", item.key.pk, item.key.sk), sentence);
                        }
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn has_head(
        &self,
        chain: &str,
        heads: &mut HashMap<String, bool>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let known = match heads.get(chain) {
            Some(known) => *known,
            None => {
                let known = self.items.get(&rows::head_key(chain)).await?.is_some();
                if heads.len() == REMEMBERED {
                    heads.clear();
                }
                heads.insert(chain.to_owned(), known);
                known
            }
        };
        if !known {
            report.add(Fault::NoHead, chain, format!("Chain {chain} has events, but its head is gone."));
        }
        Ok(())
    }
}
