use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use crate::NodeId;

/// The root of every tree.
pub(crate) const ROOT: NodeId = 0;

/// Directories and files as they are in memory or on the device. Nodes keep their number for ever, named or not.
#[derive(Debug, Clone)]
pub struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>),
    Directory(BTreeMap<String, NodeId>),
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    File,
    /// Names.
    Directory,
}

impl Default for Tree {
    /// An empty root.
    fn default() -> Self {
        Self { nodes: vec![Node::Directory(BTreeMap::new())] }
    }
}

impl Tree {
    /// The paths of all files, in order.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect_files(ROOT, "", &mut found);
        found
    }

    fn collect_files(&self, directory: NodeId, prefix: &str, found: &mut Vec<String>) {
        for (name, node) in self.entries(directory).into_iter().flatten() {
            match self.kind(*node) {
                Kind::File => found.push(format!("{prefix}{name}")),
                Kind::Directory => self.collect_files(*node, &format!("{prefix}{name}/"), found),
            }
        }
    }

    /// Adds a node without a name.
    pub(crate) fn add(&mut self, kind: Kind) -> NodeId {
        self.nodes.push(match kind {
            Kind::File => Node::File(Vec::new()),
            Kind::Directory => Node::Directory(BTreeMap::new()),
        });
        self.nodes.len() - 1
    }

    pub(crate) fn kind(&self, node: NodeId) -> Kind {
        match self.nodes[node] {
            Node::File(_) => Kind::File,
            Node::Directory(_) => Kind::Directory,
        }
    }

    pub(crate) fn file(&self, node: NodeId) -> &[u8] {
        match &self.nodes[node] {
            Node::File(bytes) => bytes,
            Node::Directory(_) => panic!("only files are opened"),
        }
    }

    pub(crate) fn file_mut(&mut self, node: NodeId) -> &mut Vec<u8> {
        match &mut self.nodes[node] {
            Node::File(bytes) => bytes,
            Node::Directory(_) => panic!("only files are opened"),
        }
    }

    pub(crate) fn entries(&self, directory: NodeId) -> io::Result<&BTreeMap<String, NodeId>> {
        match &self.nodes[directory] {
            Node::Directory(entries) => Ok(entries),
            Node::File(_) => Err(Errno::NOTDIR.into()),
        }
    }

    pub(crate) fn entries_mut(&mut self, directory: NodeId) -> io::Result<&mut BTreeMap<String, NodeId>> {
        match &mut self.nodes[directory] {
            Node::Directory(entries) => Ok(entries),
            Node::File(_) => Err(Errno::NOTDIR.into()),
        }
    }

    /// Follows a path from the root.
    pub(crate) fn find(&self, path: &Path) -> io::Result<NodeId> {
        let mut node = ROOT;
        for part in path {
            let name = part.to_str().ok_or(Errno::INVAL)?;
            node = *self.entries(node)?.get(name).ok_or(Errno::NOENT)?;
        }
        Ok(node)
    }

    /// The directory and the name of a path's last part.
    pub(crate) fn place(&self, path: &Path) -> io::Result<(NodeId, String)> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(Errno::INVAL)?;
        let directory = self.find(path.parent().unwrap_or(Path::new("")))?;
        self.entries(directory)?;
        Ok((directory, name.to_owned()))
    }

    /// Bytes of all files that have a name.
    #[must_use]
    pub fn reachable_bytes(&self) -> u64 {
        self.bytes_below(ROOT)
    }

    fn bytes_below(&self, node: NodeId) -> u64 {
        match &self.nodes[node] {
            Node::File(bytes) => bytes.len() as u64,
            Node::Directory(entries) => entries.values().map(|node| self.bytes_below(*node)).sum(),
        }
    }

    pub(crate) fn write(&mut self, file: NodeId, offset: u64, bytes: &[u8]) {
        let file = self.file_mut(file);
        let start = offset as usize;
        if file.len() < start + bytes.len() {
            file.resize(start + bytes.len(), 0);
        }
        file[start..start + bytes.len()].copy_from_slice(bytes);
    }
}
