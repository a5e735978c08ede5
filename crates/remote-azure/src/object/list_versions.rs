use store::{
    Bucket, ListEntry, ListObjects, ListVersions, StoreError, VersionEntry, VersionPage, VersionState,
    VersionSummary,
};
use types::{Context, VersionId};

use crate::store::Azure;

impl Azure {
    /// Every object is its key's null version, and its only one.
    pub(crate) async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let options = ListObjects {
            prefix: options.prefix,
            delimiter: options.delimiter,
            after: options.after,
            limit: options.limit,
        };
        let page = self.list(cx, bucket, &options).await?;
        let entry = |entry| match entry {
            ListEntry::Prefix(prefix) => VersionEntry::Prefix(prefix),
            ListEntry::Object(summary) => VersionEntry::Version(VersionSummary {
                key: summary.key.clone(),
                version_id: VersionId::Null,
                is_latest: true,
                modified_at: summary.modified_at,
                state: VersionState::Object(summary),
            }),
        };
        Ok(VersionPage { entries: page.entries.into_iter().map(entry).collect(), more: page.more })
    }
}
