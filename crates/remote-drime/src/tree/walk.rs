use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use store::Position;
use types::Context;

use crate::api::{ApiError, ApiErrorKind, Entry, FolderId, Lane};
use crate::copy::STAGING;
use crate::drive::Drive;
use crate::folders::{Freshness, Label, Node};

/// The most folders looked into at once while walking through one after the other.
const AHEAD_MAX: usize = 8;

/// The objects of a bucket in byte order of keys, from a prefix and a position on. Folders are looked into only when the
/// walk comes to them.
pub(crate) struct Walk<'a> {
    drive: &'a Drive,
    cx: &'a Context,
    lane: Lane,
    from: From<'a>,
    stack: Vec<Frame>,
    /// How many folders to look into at once: one at first, more the longer the walk goes on.
    ahead: usize,
}

/// Where a walk begins.
#[derive(Clone, Copy)]
pub(crate) struct From<'a> {
    /// The bucket's folder.
    pub(crate) bucket: FolderId,
    /// Only keys that begin so.
    pub(crate) prefix: &'a str,
    /// Only keys behind this.
    pub(crate) after: Option<&'a Position>,
}

/// What a walk comes to.
#[derive(Debug)]
pub(crate) enum Stop {
    /// An object: its key, and the file, or the empty folder that is its own marker.
    Object(String, Entry),
    /// A folder with all that is in it: keys that begin so, at least one.
    Folder(String),
}

struct Frame {
    path: String,
    children: Vec<Child>,
    next: usize,
}

struct Child {
    key: String,
    what: What,
}

enum What {
    File(Arc<Node>),
    Folder(Vec<Arc<Node>>),
}

impl From<'_> {
    /// Whether any key that begins with `path` may be asked for.
    fn may_be_in(&self, path: &str) -> bool {
        let in_prefix = path.starts_with(self.prefix) || self.prefix.starts_with(path);
        let behind = match self.after {
            None => true,
            Some(Position::Key(after)) => path > after.as_str() || after.starts_with(path),
            Some(Position::Prefix(after)) => {
                !path.starts_with(after.as_str()) && (path > after.as_str() || after.starts_with(path))
            }
        };
        in_prefix && behind
    }

    /// Whether all keys that begin with `path` are asked for, so that it need not be looked into to know that one is.
    fn covers(&self, path: &str) -> bool {
        let behind = match self.after {
            None => true,
            Some(Position::Key(after) | Position::Prefix(after)) => {
                path > after.as_str() && !path.starts_with(after.as_str())
                    || matches!(self.after, Some(Position::Key(key)) if path > key.as_str())
            }
        };
        path.starts_with(self.prefix) && behind
    }
}

impl<'a> Walk<'a> {
    pub(crate) async fn begin(
        drive: &'a Drive,
        cx: &'a Context,
        lane: Lane,
        from: From<'a>,
    ) -> Result<Self, ApiError> {
        let mut walk = Self { drive, cx, lane, from, stack: Vec::new(), ahead: 1 };
        // The prefix leads straight to the one folder that all keys are in.
        let (dir, _) = super::split(from.prefix);
        let opened = drive.open_dir(cx, lane, from.bucket, dir, Freshness::Recent).await?;
        let folders: Vec<FolderId> = opened.iter().map(|opened| opened.folder).collect();
        if !folders.is_empty() {
            let marker = match (folders.first(), dir.is_empty()) {
                (Some(FolderId::Entry(id)), false) => walk.marker(dir, *id).await?,
                _ => None,
            };
            walk.enter(dir.to_owned(), &folders, marker).await?;
        }
        Ok(walk)
    }

    /// The folder of the prefix itself, which is an object where it is empty.
    async fn marker(&self, dir: &str, id: crate::api::EntryId) -> Result<Option<Arc<Node>>, ApiError> {
        let (parent, segment) = super::split(&dir[..dir.len() - 1]);
        let parents =
            self.drive.open_dir(self.cx, self.lane, self.from.bucket, parent, Freshness::Recent).await?;
        let label = Label::Folder(segment.to_owned());
        for opened in parents {
            let found = self.drive.find_in(self.cx, self.lane, &opened.cell, &label).await?;
            if let Some(node) = found.into_iter().find(|node| node.entry.id == id) {
                return Ok(Some(node));
            }
        }
        Ok(None)
    }

    /// What comes next; a folder is passed by unless [`Walk::descend`] is asked for it.
    pub(crate) async fn next(&mut self) -> Result<Option<Stop>, ApiError> {
        while let Some(frame) = self.stack.last_mut() {
            let Some(child) = frame.children.get(frame.next) else {
                self.stack.pop();
                continue;
            };
            frame.next += 1;
            match &child.what {
                What::File(node) => return Ok(Some(Stop::Object(child.key.clone(), node.entry.clone()))),
                What::Folder(_) if !self.from.may_be_in(&child.key) => {}
                What::Folder(_) => return Ok(Some(Stop::Folder(child.key.clone()))),
            }
        }
        Ok(None)
    }

    /// Whether a folder that the walk has come to holds at least one key that is asked for, as can be told from outside.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.from.covers(path)
    }

    /// Goes into the folder that the walk has just come to.
    pub(crate) async fn descend(&mut self) -> Result<(), ApiError> {
        let Some(frame) = self.stack.last() else { return Ok(()) };
        let place = frame.next.saturating_sub(1);
        let Some(Child { key, what: What::Folder(nodes) }) = frame.children.get(place) else { return Ok(()) };
        let (path, nodes) = (key.clone(), nodes.clone());
        self.look_ahead(place).await;
        let folders: Vec<FolderId> = nodes.iter().map(|node| FolderId::Entry(node.entry.id)).collect();
        match self.enter(path.clone(), &folders, nodes.into_iter().next()).await {
            // It went away while we were on our way to it.
            Err(error) if error.kind == ApiErrorKind::Gone => Ok(()),
            entered => entered,
        }
    }

    /// Asks for the folders that come next all at once: a walk through many is not to wait for each.
    async fn look_ahead(&mut self, place: usize) {
        let Some(frame) = self.stack.last() else { return };
        let mut folders = Vec::new();
        for child in &frame.children[place..] {
            match &child.what {
                What::Folder(nodes) if self.from.may_be_in(&child.key) => {
                    folders.extend(nodes.iter().map(|node| FolderId::Entry(node.entry.id)));
                }
                _ => {}
            }
            if folders.len() >= self.ahead {
                break;
            }
        }
        let looks = folders
            .into_iter()
            .map(|folder| self.drive.folders.content(self.cx, self.lane, folder, Freshness::Recent));
        // What fails here fails again when the walk comes to it.
        join_all(looks).await;
        self.ahead = (2 * self.ahead).min(AHEAD_MAX);
    }

    /// Leaves everything out that begins so.
    pub(crate) fn skip(&mut self, prefix: &str) {
        for frame in &mut self.stack {
            let rest = &frame.children[frame.next..];
            frame.next += rest.iter().take_while(|child| child.key.starts_with(prefix)).count();
        }
        while self
            .stack
            .last()
            .is_some_and(|frame| frame.path.starts_with(prefix) && frame.path.len() >= prefix.len())
        {
            self.stack.pop();
        }
    }

    async fn enter(
        &mut self,
        path: String,
        folders: &[FolderId],
        marker: Option<Arc<Node>>,
    ) -> Result<(), ApiError> {
        let mut children = BTreeMap::new();
        self.gather(&path, folders, &mut children).await?;
        if children.is_empty()
            && let Some(node) = marker.filter(|node| !self.is_hidden(node))
        {
            children.insert(path.clone(), What::File(node));
        }
        let children: Vec<Child> = children.into_iter().map(|(key, what)| Child { key, what }).collect();
        let next = children.partition_point(|child| !self.is_asked_for(child));
        self.stack.push(Frame { path, children, next });
        Ok(())
    }

    /// Whether a child may be the first one: those before it are neither behind the position nor in the prefix.
    fn is_asked_for(&self, child: &Child) -> bool {
        let behind = match self.from.after {
            None => true,
            Some(Position::Key(after) | Position::Prefix(after)) => {
                child.key > *after || after.starts_with(&child.key)
            }
        };
        behind && (child.key.as_str() >= self.from.prefix || self.from.prefix.starts_with(&child.key))
    }

    /// A folder that was made for a file which is still on its way.
    fn is_hidden(&self, node: &Node) -> bool {
        self.drive.paths.is_unfilled(FolderId::Entry(node.entry.id))
    }

    /// Collects what is in the folders of one path, and in those that the beginnings of long segments are.
    fn gather<'b>(
        &'b self,
        path: &'b str,
        folders: &'b [FolderId],
        children: &'b mut BTreeMap<String, What>,
    ) -> BoxFuture<'b, Result<(), ApiError>> {
        Box::pin(async move {
            for folder in folders {
                let cell = self.drive.content(self.cx, self.lane, *folder, Freshness::Recent).await?;
                for node in cell.content().nodes {
                    let key = format!("{path}{}", node.label.text());
                    match &node.label {
                        Label::Beginning(_) => {
                            self.gather(&key, &[FolderId::Entry(node.entry.id)], children).await?;
                        }
                        Label::File(_) => keep_newest(children, key, node),
                        Label::Folder(_) if self.is_hidden(&node) => {}
                        Label::Folder(name) if *folder == FolderId::Root && name == STAGING => {}
                        Label::Folder(_) => keep_all(children, key, node),
                    }
                }
            }
            Ok(())
        })
    }
}

/// Of files of one name the newest counts.
fn keep_newest(children: &mut BTreeMap<String, What>, key: String, node: Arc<Node>) {
    match children.get_mut(&key) {
        Some(What::File(kept)) if kept.entry.age() >= node.entry.age() => {}
        _ => {
            children.insert(key, What::File(node));
        }
    }
}

/// Folders of one name count as one.
fn keep_all(children: &mut BTreeMap<String, What>, key: String, node: Arc<Node>) {
    match children.entry(key).or_insert_with(|| What::Folder(Vec::new())) {
        What::Folder(nodes) => {
            nodes.push(node);
            nodes.sort_by_key(|node| node.entry.id);
        }
        What::File(_) => {}
    }
}
