use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::node::{Label, Node};
use crate::api::{Entry, EntryId};

/// How long an own change is laid over listings even after they show it: another of the service's machines may not yet.
const SETTLING: Duration = Duration::from_secs(30);
/// How long an own change is laid over listings that do not show it: after that the service is believed.
const UNSETTLED_MAX: Duration = Duration::from_secs(600);

/// Our own changes to a folder that its listings may not show yet.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    shown: HashMap<EntryId, (Arc<Node>, Instant)>,
    by_text: HashMap<String, BTreeSet<EntryId>>,
}

impl Overlay {
    pub(super) fn show(&mut self, entry: Entry, now: Instant) {
        self.unshow(entry.id);
        let node = Arc::new(Node::new(entry));
        self.by_text.entry(node.label.text()).or_default().insert(node.entry.id);
        self.shown.insert(node.entry.id, (node, now));
    }

    pub(super) fn unshow(&mut self, id: EntryId) {
        let Some((node, _)) = self.shown.remove(&id) else { return };
        let text = node.label.text();
        if let Some(ids) = self.by_text.get_mut(&text) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_text.remove(&text);
            }
        }
    }

    /// Whether the listing's word on this entry counts.
    pub(super) fn leaves(&self, id: EntryId) -> bool {
        !self.shown.contains_key(&id)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.shown.values().map(|(node, _)| node)
    }

    pub(super) fn find(&self, label: &Label) -> impl Iterator<Item = &Arc<Node>> {
        let ids = self.by_text.get(&label.text()).into_iter().flatten();
        ids.filter_map(|id| self.shown.get(id)).map(|(node, _)| node).filter(move |node| node.label == *label)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Compares our changes with a listing that was asked for at `begun_at`, and lets go of those that it settles.
    pub(super) fn settle(&mut self, listed: &HashMap<EntryId, Arc<Node>>, begun_at: Instant) {
        let now = Instant::now();
        let is_settled = |(node, since): &(Arc<Node>, Instant)| {
            let age = now.saturating_duration_since(*since);
            if *since > begun_at {
                return false;
            }
            match listed.get(&node.entry.id).map(|found| &found.entry) {
                // Somebody has changed it after us.
                Some(found) if found.updated_at > node.entry.updated_at => true,
                Some(found) if found.name == node.entry.name => age > SETTLING,
                _ => age > UNSETTLED_MAX,
            }
        };
        let settled: Vec<EntryId> =
            self.shown.iter().filter(|(_, shown)| is_settled(shown)).map(|(id, _)| *id).collect();
        settled.into_iter().for_each(|id| self.unshow(id));
    }
}
