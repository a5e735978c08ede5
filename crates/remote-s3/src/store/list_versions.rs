use http::Method;
use remote::RemoteError;
use store::{Bucket, ListVersions, StoreError, VersionEntry, VersionPage, VersionState, VersionSummary};
use types::{Context, VersionId};

use crate::store::list::{is_encoded, is_no_name, key, name, next, object};
use crate::store::walk::{Place, Placed, Walk};
use crate::store::{Inner, PAGE_MAX};
use crate::wire::{Call, Seen};
use crate::{date, xml};

const OPERATION: &str = "list versions";

impl Inner {
    pub(super) async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let version = options.after_version.map(|version| version.as_str().to_owned());
        let mut walk = Walk::new(options.after, version);
        let wanted = options.limit.max(1);
        let mut page = VersionPage::default();
        loop {
            let size = (wanted - page.entries.len()).min(PAGE_MAX).to_string();
            let marker = walk.token().cloned().or_else(|| walk.marker());
            let call = Call::bucket(Method::GET, bucket.name.as_str())
                .of("versions")
                .with("encoding-type", "url")
                .with("max-keys", &size)
                .with("prefix", &options.prefix)
                .with_some("delimiter", options.delimiter.as_deref())
                .with_some("key-marker", marker.as_ref().map(|(key, _)| key.as_str()))
                .with_some("version-id-marker", marker.as_ref().and_then(|(_, version)| version.as_deref()));
            let root = match self.wire.document(cx, call).await {
                Ok(document) => document.root,
                Err(failure) if marker.is_none() && is_no_name(&failure) => break,
                Err(failure) => return Err(failure.into_store(Seen::default(), OPERATION)),
            };
            let found = entries(&root).map_err(|error| error.into_store(OPERATION))?;
            let count = walk.take(found, &mut page.entries);
            page.more = root.flag("IsTruncated");
            if !page.more || page.entries.len() >= wanted {
                break;
            }
            let turned = walk.turn(count, || next(&root, "NextVersionIdMarker"));
            turned.map_err(|error| error.into_store(OPERATION))?;
        }
        if options.limit == 0 {
            return Ok(VersionPage { more: !page.entries.is_empty(), entries: Vec::new() });
        }
        page.more |= page.entries.len() > wanted;
        page.entries.truncate(wanted);
        Ok(page)
    }
}

fn entries(root: &xml::Element) -> Result<Vec<VersionEntry>, RemoteError> {
    let encoded = is_encoded(root);
    let mut entries = Vec::new();
    for element in root.children() {
        match element.name() {
            "Version" => {
                let object = object(element, encoded)?;
                let (key, modified_at) = (object.key.clone(), object.modified_at);
                let state = VersionState::Object(object);
                entries.push(VersionEntry::Version(VersionSummary {
                    key,
                    version_id: VersionId::from_text(element.need("VersionId")?),
                    is_latest: element.flag("IsLatest"),
                    modified_at,
                    state,
                }));
            }
            "DeleteMarker" => entries.push(VersionEntry::Version(VersionSummary {
                key: key(element.need("Key")?, encoded)?,
                version_id: VersionId::from_text(element.need("VersionId")?),
                is_latest: element.flag("IsLatest"),
                modified_at: element.get("LastModified").and_then(date::of_document).unwrap_or_default(),
                state: VersionState::DeleteMarker,
            })),
            "CommonPrefixes" => {
                entries.push(VersionEntry::Prefix(name(element.need("Prefix")?, encoded)?));
            }
            _ => {}
        }
    }
    // Versions of one key stay in the order told, unless objects and markers were told apart: then the newest comes first.
    let apart = is_told_apart(root);
    entries.sort_by(|a, b| {
        let by_age = || if apart { age(b).cmp(&age(a)) } else { std::cmp::Ordering::Equal };
        a.place().text().cmp(b.place().text()).then_with(by_age)
    });
    Ok(entries)
}

/// Whether all markers come behind all objects though some key has both: then their order says nothing of their age.
fn is_told_apart(root: &xml::Element) -> bool {
    let names: Vec<&str> = root.children().iter().map(xml::Element::name).collect();
    let first_marker = names.iter().position(|name| *name == "DeleteMarker");
    let last_version = names.iter().rposition(|name| *name == "Version");
    matches!((first_marker, last_version), (Some(marker), Some(version)) if version < marker)
}

impl Placed for VersionEntry {
    fn place(&self) -> Place<'_> {
        match self {
            Self::Version(version) => Place::Key(version.key.as_str(), Some(version.version_id.as_str())),
            Self::Prefix(prefix) => Place::Prefix(prefix),
        }
    }
}

fn age(entry: &VersionEntry) -> (bool, u64) {
    match entry {
        VersionEntry::Version(version) => (version.is_latest, version.modified_at.as_nanos()),
        VersionEntry::Prefix(_) => (false, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(document: &str) -> Vec<String> {
        let root = xml::parse(document.as_bytes()).unwrap();
        let show = |entry: &VersionEntry| match entry {
            VersionEntry::Version(version) => format!("{}@{}", version.key, version.version_id),
            VersionEntry::Prefix(prefix) => prefix.clone(),
        };
        entries(&root).unwrap().iter().map(show).collect()
    }

    fn version(element: &str, key: &str, id: &str, second: u32) -> String {
        format!(
            "<{element}><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>false</IsLatest>\
            <LastModified>2020-01-01T00:00:{second:02}Z</LastModified><ETag>e</ETag><Size>1</Size></{element}>"
        )
    }

    #[test]
    fn versions_and_markers_of_a_key_stay_in_the_services_order() {
        let body = [
            version("Version", "a", "3", 1),
            version("DeleteMarker", "a", "2", 1),
            version("Version", "a", "1", 1),
            "<CommonPrefixes><Prefix>A/</Prefix></CommonPrefixes>".to_owned(),
        ];
        assert_eq!(shown(&format!("<R>{}</R>", body.concat())), ["A/", "a@3", "a@2", "a@1"]);
    }

    #[test]
    fn markers_told_behind_all_objects_come_back_to_their_age() {
        let body = [
            version("Version", "a", "3", 3),
            version("Version", "a", "1", 1),
            version("DeleteMarker", "a", "2", 2),
        ];
        assert_eq!(shown(&format!("<R>{}</R>", body.concat())), ["a@3", "a@2", "a@1"]);
    }
}
