use blob::{BlobStore, ScanScope};
use store::{
    Bucket, ListParts, ListUploads, ListVersions, Missing, MultipartStore, ObjectStore, OpenOptions,
    StoreErrorKind, UploadEntry, UploadRef, VersionEntry, VersionState,
};
use types::{ByteRange, VersionId};

use crate::model::{SeenUpload, SeenVersion, State, View};
use crate::process::{Process, key};
use crate::workload::Step;

const PAGE: usize = 1000;
const READ_MAX_BYTES: usize = 16 << 20;

/// Checks that a process sees one of the states, byte for byte, that nothing else is left once it has collected, and that
/// it goes on from there.
pub(crate) async fn check(process: &Process, states: &[&State]) -> Result<(), String> {
    let seen = view(process).await?;
    let state = states.iter().find(|state| state.view() == seen).ok_or_else(|| {
        format!(
            "a client sees {seen:#?}, which is none of {:#?}",
            states.iter().map(|state| state.view()).collect::<Vec<_>>()
        )
    })?;
    contents(process, state).await?;
    process.collect().await.map_err(text)?;
    let left = process.blobs.scan(ScanScope::All, None, usize::MAX).await.map_err(text)?;
    if left.len() != state.blob_count() {
        return Err(format!("{} blobs are left where {} are referred to", left.len(), state.blob_count()));
    }
    if view(process).await? != seen {
        return Err("the collector changed what a client sees".to_owned());
    }
    contents(process, state).await?;
    go_on(process, state).await
}

/// Every listed version has its bytes.
async fn contents(process: &Process, state: &State) -> Result<(), String> {
    if !state.bucket {
        return Ok(());
    }
    let bucket = process.bucket().await.map_err(text)?;
    for (name, version, content) in state.contents() {
        let options =
            OpenOptions { version_id: Some(VersionId::from_text(version)), ..OpenOptions::default() };
        let opened = process.store.open(&process.cx, &bucket, &key(name), options).await.map_err(text)?;
        if opened.info.etag != content.etag {
            return Err(format!("{name} {version} has another tag"));
        }
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.map_err(text)?;
        let bytes =
            body.collect(READ_MAX_BYTES).await.map_err(|error| format!("{name} {version}: {error}"))?;
        if bytes != content.bytes {
            return Err(format!("{name} {version} has other bytes"));
        }
    }
    Ok(())
}

/// The store takes writes again.
async fn go_on(process: &Process, state: &State) -> Result<(), String> {
    let number = 1_000_000;
    let mut state = state.clone();
    let steps = [Step::CreateBucket, Step::Put { key: "later", size: 50_000 }];
    for step in steps.iter().skip(usize::from(state.bucket)) {
        let outcome = process.take(number, step, &state).await.map_err(text)?;
        state = state.after(number, step, &outcome);
    }
    contents(process, &state).await
}

/// What listings tell.
async fn view(process: &Process) -> Result<View, String> {
    let bucket = match process.bucket().await {
        Ok(bucket) => bucket,
        Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {
            return Ok(View::default());
        }
        Err(error) => return Err(text(error)),
    };
    let uploads = uploads(process, &bucket).await?;
    Ok(View { bucket: true, versions: versions(process, &bucket).await?, uploads })
}

async fn versions(process: &Process, bucket: &Bucket) -> Result<Vec<SeenVersion>, String> {
    let options = ListVersions { limit: PAGE, ..ListVersions::default() };
    let page = process.store.list_versions(&process.cx, bucket, options).await.map_err(text)?;
    let version = |entry: VersionEntry| match entry {
        VersionEntry::Version(version) => {
            let content = match version.state {
                VersionState::Object(object) => Some((object.etag, object.size_bytes)),
                VersionState::DeleteMarker => None,
            };
            (version.key.as_str().to_owned(), version.version_id.to_string(), content)
        }
        VersionEntry::Prefix(prefix) => panic!("no delimiter was given, and {prefix} is folded"),
    };
    Ok(page.entries.into_iter().map(version).collect())
}

async fn uploads(process: &Process, bucket: &Bucket) -> Result<Vec<SeenUpload>, String> {
    let options = ListUploads { limit: PAGE, ..ListUploads::default() };
    let page = process.store.list_uploads(&process.cx, bucket, options).await.map_err(text)?;
    let mut found = Vec::new();
    for entry in page.entries {
        let UploadEntry::Upload(upload) = entry else { panic!("no delimiter was given") };
        let named = UploadRef { bucket, key: &upload.key, id: &upload.upload_id };
        let parts = ListParts { after: 0, limit: PAGE };
        let parts = process.store.list_parts(&process.cx, named, parts).await.map_err(text)?.parts;
        let parts = parts.into_iter().map(|part| (part.number, part.outcome.etag)).collect();
        found.push((upload.key.as_str().to_owned(), upload.upload_id.to_string(), parts));
    }
    found.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    Ok(found)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
