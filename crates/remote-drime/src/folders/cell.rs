use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::{BoxFuture, Shared};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::gone::Gone;
use super::node::{Label, Node};
use super::overlay::Overlay;
use crate::api::{ApiError, Entry, EntryId};
use crate::names::are_twins;

/// A listing that is under way.
#[derive(Clone)]
pub(super) struct Flight {
    /// When it was asked for.
    pub(super) begun_at: Instant,
    /// Its end.
    pub(super) future: Shared<BoxFuture<'static, Result<(), ApiError>>>,
}

/// One folder.
pub(crate) struct Cell {
    state: Mutex<State>,
    gone: Arc<Gone>,
}

#[derive(Default)]
pub(super) struct State {
    listing: Option<Listing>,
    pub(super) overlay: Overlay,
    pub(super) flight: Option<Flight>,
}

struct Listing {
    begun_at: Instant,
    nodes: HashMap<EntryId, Arc<Node>>,
    by_text: HashMap<String, Vec<EntryId>>,
    beginnings: Vec<EntryId>,
}

impl Listing {
    fn new(entries: Vec<Entry>, begun_at: Instant) -> Self {
        let mut listing = Self {
            begun_at,
            nodes: HashMap::with_capacity(entries.len()),
            by_text: HashMap::with_capacity(entries.len()),
            beginnings: Vec::new(),
        };
        for node in entries.into_iter().map(Node::new) {
            let id = node.entry.id;
            if matches!(node.label, Label::Beginning(_)) {
                listing.beginnings.push(id);
            }
            listing.by_text.entry(node.label.text()).or_default().push(id);
            listing.nodes.insert(id, Arc::new(node));
        }
        listing
    }
}

/// Everything in a folder, in no order.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// The entries.
    pub(crate) nodes: Vec<Arc<Node>>,
}

impl State {
    pub(super) fn listed_since(&self, moment: Instant) -> bool {
        self.listing.as_ref().is_some_and(|listing| listing.begun_at >= moment)
    }

    pub(super) fn size(&self) -> usize {
        self.listing.as_ref().map_or(0, |listing| listing.nodes.len())
    }

    pub(super) fn begun_at(&self) -> Option<Instant> {
        self.listing.as_ref().map(|listing| listing.begun_at)
    }

    /// Whether nothing is lost that could not be asked for again.
    pub(super) fn is_droppable(&self) -> bool {
        self.overlay.is_empty() && self.flight.is_none()
    }

    /// Whether an entry is listed, or laid over the listing.
    pub(super) fn holds(&self, id: EntryId) -> bool {
        let is_listed = self.listing.as_ref().is_some_and(|listing| listing.nodes.contains_key(&id));
        is_listed || !self.overlay.leaves(id)
    }

    /// Lets the next look ask again.
    pub(super) fn expire(&mut self) {
        self.listing = None;
    }

    fn listed(&self, id: EntryId, gone: &Gone) -> Option<&Arc<Node>> {
        self.listing.as_ref()?.nodes.get(&id).filter(|_| self.overlay.leaves(id) && !gone.contains(id))
    }
}

impl Cell {
    pub(super) fn new(gone: Arc<Gone>) -> Self {
        Self { state: Mutex::default(), gone }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Takes a listing that has come in.
    pub(super) fn land(&self, entries: Vec<Entry>, begun_at: Instant) {
        let listing = Listing::new(entries, begun_at);
        self.gone.seen(listing.nodes.keys().copied());
        let mut state = self.state();
        state.overlay.settle(&listing.nodes, begun_at);
        state.listing = Some(listing);
        state.flight = None;
    }

    /// The entries that are just this.
    pub(crate) fn find(&self, label: &Label) -> Vec<Arc<Node>> {
        let state = self.state();
        let ids = state.listing.as_ref().and_then(|listing| listing.by_text.get(&label.text()));
        let listed = ids.into_iter().flatten().filter_map(|id| state.listed(*id, &self.gone));
        let listed = listed.filter(|node| node.label == *label);
        listed.chain(state.overlay.find(label).filter(|node| self.is_there(node))).cloned().collect()
    }

    /// The folders with whose text a segment may begin that is too long for one name.
    pub(crate) fn beginnings(&self, of: &str) -> Vec<Arc<Node>> {
        let state = self.state();
        let ids = state.listing.as_ref().map(|listing| listing.beginnings.as_slice()).unwrap_or_default();
        let listed = ids.iter().filter_map(|id| state.listed(*id, &self.gone));
        let begins = |node: &&Arc<Node>| match &node.label {
            Label::Beginning(text) => of.starts_with(text.as_str()),
            _ => false,
        };
        listed.chain(self.shown(&state)).filter(begins).cloned().collect()
    }

    /// An entry by its number.
    pub(crate) fn entry(&self, id: EntryId) -> Option<Arc<Node>> {
        let state = self.state();
        let shown = self.shown(&state).find(|node| node.entry.id == id).cloned();
        shown.or_else(|| state.listed(id, &self.gone).cloned())
    }

    /// Whether a folder of this name, in any letter case, is there.
    pub(crate) fn has_twin(&self, name: &str) -> bool {
        let state = self.state();
        let is_twin = |node: &Arc<Node>| node.entry.is_folder && are_twins(&node.entry.name, name);
        self.all(&state).any(is_twin)
    }

    /// Everything.
    pub(crate) fn content(&self) -> Content {
        let state = self.state();
        Content { nodes: self.all(&state).cloned().collect() }
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.state();
        self.all(&state).next().is_none()
    }

    fn all<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Arc<Node>> {
        let ids = state.listing.as_ref().map(|listing| listing.nodes.keys()).into_iter().flatten();
        ids.filter_map(|id| state.listed(*id, &self.gone)).chain(self.shown(state))
    }

    fn shown<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Arc<Node>> {
        state.overlay.nodes().filter(|node| self.is_there(node))
    }

    fn is_there(&self, node: &Node) -> bool {
        !self.gone.contains(node.entry.id)
    }
}
