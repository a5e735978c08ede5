use s3_model::{ListObjectVersionsInput, ListObjectVersionsOutput, ListedVersion, S3Error, VersionListEntry};
use store::{ListVersions, Position, VersionEntry, VersionState, VersionSummary};
use types::Context;

use super::list_objects::listed;
use crate::{Admitted, Service, marker};

impl Service {
    /// ListObjectVersions.
    pub(crate) async fn list_object_versions(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ListObjectVersionsInput,
    ) -> Result<ListObjectVersionsOutput, S3Error> {
        let bucket = admitted.bucket()?;
        let (entries, is_truncated) = if input.max_keys == 0 {
            (Vec::new(), false)
        } else {
            let page = self.store.list_versions(cx, bucket, options(&input)).await;
            let page = page.map_err(|error| admitted.subject().error(cx, error))?;
            (page.entries.into_iter().map(entry).collect(), page.more)
        };
        Ok(ListObjectVersionsOutput {
            bucket: bucket.name.clone(),
            request: input,
            owner: bucket.owner.clone(),
            entries,
            is_truncated,
        })
    }
}

/// A version marker makes its key marker a key, whatever that looks like.
fn options(input: &ListObjectVersionsInput) -> ListVersions {
    let after = match &input.version_id_marker {
        Some(_) => Some(Position::Key(input.key_marker.clone())),
        None => marker::position(&input.key_marker, &input.prefix, input.delimiter.as_deref()),
    };
    ListVersions {
        prefix: input.prefix.clone(),
        delimiter: input.delimiter.clone(),
        after,
        after_version: input.version_id_marker.clone(),
        limit: input.max_keys as usize,
    }
}

fn entry(entry: VersionEntry) -> VersionListEntry {
    match entry {
        VersionEntry::Prefix(prefix) => VersionListEntry::Prefix(prefix),
        VersionEntry::Version(version) => VersionListEntry::Version(version_listed(version)),
    }
}

fn version_listed(version: VersionSummary) -> ListedVersion {
    let VersionSummary { key, version_id, is_latest, modified_at, state } = version;
    match state {
        VersionState::Object(object) => {
            ListedVersion::Object { object: listed(object), version_id, is_latest }
        }
        VersionState::DeleteMarker => ListedVersion::DeleteMarker { key, version_id, is_latest, modified_at },
    }
}
