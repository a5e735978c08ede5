use store::{Bucket, ListVersions, SharedStore, VersionEntry, VersionState};

use crate::look::{self, Look};
use crate::model::Content;
use crate::world::cx;

/// Every key that a target holds, with the contents of its versions, newest first. A delete marker is left out where a
/// target may have made fewer of them than the mirror, so markers are told only by what is current.
pub(crate) async fn everything(
    target: &SharedStore,
    bucket: &Bucket,
    versioned: bool,
) -> Vec<(String, Vec<Content>)> {
    if !versioned {
        let entries = look::list(target, bucket, None, 100).await.expect("the target is well");
        let mut held = Vec::new();
        for key in look::shown(&entries).into_keys() {
            if let Look::Found(Some(content), _) = look::look(target, bucket, &key, None).await {
                held.push((key, vec![content]));
            }
        }
        return held;
    }
    let options = ListVersions { limit: 100_000, ..ListVersions::default() };
    let page = target.list_versions(&cx(), bucket, options).await.expect("the target is well");
    let mut held: Vec<(String, Vec<Content>)> = Vec::new();
    for entry in page.entries {
        let VersionEntry::Version(version) = entry else { continue };
        let name = version.key.as_str().to_owned();
        if held.last().is_none_or(|(last, _)| *last != name) {
            held.push((name.clone(), Vec::new()));
        }
        if let VersionState::Object(_) = version.state {
            let look = look::look(target, bucket, &name, Some(version.version_id)).await;
            let Look::Found(Some(content), _) = look else { panic!("a version of {name:?} cannot be read") };
            held.last_mut().expect("pushed above").1.push(content);
        }
    }
    held.retain(|(_, contents)| !contents.is_empty());
    held
}
