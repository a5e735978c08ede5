use bytes::Bytes;
use meta::{
    Commit, Fold, MetaError, MetaErrorKind, MetaRead, MetaStore, Revision, ScanItem, ScanPage, ScanRequest,
};

/// Commits one record.
pub(super) async fn put(store: &dyn MetaStore, key: &[u8], value: &[u8]) -> Revision {
    let mut commit = Commit::default();
    commit.put(key.to_vec(), value.to_vec());
    store.commit(commit).await.expect("an unconditional put of a fitting record")
}

/// Removes one record.
pub(super) async fn delete(store: &dyn MetaStore, key: &[u8]) {
    let mut commit = Commit::default();
    commit.delete(key.to_vec());
    store.commit(commit).await.expect("an unconditional delete");
}

/// Commits a record under each key, its value being the key again.
pub(super) async fn fill(store: &dyn MetaStore, keys: &[&[u8]]) {
    let mut commit = Commit::default();
    for key in keys {
        commit.put(key.to_vec(), key.to_vec());
    }
    store.commit(commit).await.expect("records that fit into one commit");
}

/// The value under `key`.
pub(super) async fn value(store: &dyn MetaRead, key: &[u8]) -> Option<Bytes> {
    store.get(key).await.expect("a readable store").map(|record| record.value)
}

/// What a caller would do about a failed commit.
pub(super) fn kind<T: std::fmt::Debug>(outcome: Result<T, MetaError>) -> MetaErrorKind {
    outcome.expect_err("a refused call").kind
}

/// A request for `start..end`.
pub(super) fn range(start: &[u8], end: &[u8], limit: usize) -> ScanRequest {
    ScanRequest { start: start.to_vec().into(), end: end.to_vec().into(), limit, fold: None }
}

/// A request for `start..end` that folds.
pub(super) fn folded(start: &[u8], end: &[u8], limit: usize, delimiter: &[u8], from: usize) -> ScanRequest {
    let fold = Fold { delimiter: delimiter.to_vec().into(), from };
    ScanRequest { fold: Some(fold), ..range(start, end, limit) }
}

/// One page.
pub(super) async fn page(store: &dyn MetaRead, request: ScanRequest) -> ScanPage {
    store.scan(request).await.expect("a readable store")
}

/// A page as text: records as `=key`, prefixes as `/prefix`, and `...` where there is more.
pub(super) fn outline(page: &ScanPage) -> Vec<String> {
    let item = |item: &ScanItem| match item {
        ScanItem::Record(record) => format!("={}", record.key.escape_ascii()),
        ScanItem::Prefix(prefix) => format!("/{}", prefix.escape_ascii()),
    };
    page.items.iter().map(item).chain(page.more.then(|| "...".to_owned())).collect()
}

/// All items of a request, fetched in pages of its limit; asserts that a page is full where more follow.
pub(super) async fn all_items(store: &dyn MetaRead, mut request: ScanRequest) -> Vec<ScanItem> {
    let mut items = Vec::new();
    loop {
        let page = page(store, request.clone()).await;
        assert!(page.items.len() <= request.limit, "a page holds at most its limit");
        assert!(
            !page.more || page.items.len() == request.limit,
            "a page of small items is full where more follow"
        );
        let next = page.items.last().map(after);
        items.extend(page.items);
        match next {
            Some(Some(next)) if page.more => request.start = next,
            _ => return items,
        }
    }
}

/// Where to go on behind an item; `None` where nothing can stand behind it.
fn after(item: &ScanItem) -> Option<Bytes> {
    match item {
        ScanItem::Record(record) => Some([&record.key[..], b"\0"].concat().into()),
        ScanItem::Prefix(prefix) => meta::after_prefix(prefix).map(Bytes::from),
    }
}
