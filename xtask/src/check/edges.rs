use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::run::{cargo, output};
use crate::tree::{fenced_block, read};

type Edges = BTreeMap<String, BTreeSet<String>>;

/// Stands for every crate.
const ANY: &str = "*";

/// Edges of the workspace that `ARCHITECTURE.md` does not list, and crates that it does not name.
pub(super) fn findings() -> Result<Vec<String>, String> {
    let text = read(Path::new("ARCHITECTURE.md"))?;
    let block = |info: &str| {
        let lines = fenced_block(&text, info);
        parse(&lines.ok_or_else(|| format!("ARCHITECTURE.md: no block `{info}`"))?)
    };
    let (allowed, allowed_dev) = (block("edges")?, block("dev-edges")?);
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--offline"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let (real, real_dev) = real_edges(&metadata);
    let mut findings = compare(&real, &allowed);
    let unnamed = allowed.keys().filter(|name| !real.contains_key(*name));
    findings.extend(unnamed.map(|name| format!("{name} stands in ARCHITECTURE.md, but is no crate")));
    let mut both = allowed_dev;
    for (name, edges) in allowed {
        both.entry(name).or_default().extend(edges);
    }
    findings.extend(compare(&real_dev, &both).into_iter().map(|finding| format!("for tests: {finding}")));
    Ok(findings)
}

fn compare(real: &Edges, allowed: &Edges) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, edges) in real {
        let Some(listed) = allowed.get(name) else {
            findings.push(format!("{name} is not listed in ARCHITECTURE.md"));
            continue;
        };
        let unlisted = edges.iter().filter(|edge| !listed.contains(*edge) && !listed.contains(ANY));
        findings.extend(unlisted.map(|edge| format!("{name} -> {edge} is not listed in ARCHITECTURE.md")));
    }
    findings
}

fn parse(lines: &[&str]) -> Result<Edges, String> {
    lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (name, edges) =
                line.split_once("->").ok_or_else(|| format!("ARCHITECTURE.md: `{line}` has no ->"))?;
            Ok((name.trim().to_owned(), edges.split_whitespace().map(str::to_owned).collect()))
        })
        .collect()
}

/// Dependencies inside the workspace: those of the product, builds included, and those of tests.
fn real_edges(metadata: &Value) -> (Edges, Edges) {
    let (mut edges, mut dev_edges) = (Edges::new(), Edges::new());
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        edges.entry(name.clone()).or_default();
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        for dependency in dependencies.filter(|dependency| dependency["path"].is_string()) {
            let kind = if dependency["kind"] == "dev" { &mut dev_edges } else { &mut edges };
            let target = dependency["name"].as_str().unwrap_or_default().to_owned();
            kind.entry(name.clone()).or_default().insert(target);
        }
    }
    (edges, dev_edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_is_not_listed_is_found() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "a", "dependencies": [
                { "name": "b", "path": "x", "kind": null },
                { "name": "c", "path": "x", "kind": "dev" },
                { "name": "serde", "kind": null },
            ]},
            { "name": "b", "dependencies": [] },
        ]});
        let (real, dev) = real_edges(&metadata);
        assert_eq!(compare(&real, &parse(&["a -> b", "b ->"]).unwrap()), Vec::<String>::new());
        assert_eq!(compare(&real, &parse(&["a ->", "b ->"]).unwrap()).len(), 1);
        assert_eq!(compare(&real, &parse(&["a -> b"]).unwrap()).len(), 1);
        assert_eq!(compare(&dev, &parse(&["a -> *"]).unwrap()), Vec::<String>::new());
        assert_eq!(compare(&dev, &parse(&["a -> b"]).unwrap()).len(), 1);
    }
}
