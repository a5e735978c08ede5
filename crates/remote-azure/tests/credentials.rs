//! Every way to prove who is asking, held by the stand-in to the service's rules.

#![allow(clippy::unwrap_used, reason = "a step that cannot go on has failed")]

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use common::StubWorld;
use remote::{Limits, RemoteError};
use remote_azure::{
    AzureOptions, AzureStore, Credential, FederatedToken, IdentityEndpoint, ManagedIdentity, TokenCache,
    TokenSource, WorkloadIdentity,
};
use store::{
    BucketStore, CompleteOptions, CompletedPart, CreateUploadOptions, ListObjects, MultipartStore,
    ObjectStore, OpenOptions, PutOptions, UploadRef,
};
use stubs::azure::Settings;
use types::{Body, BucketName, ByteRange, Context, ObjectKey, TagSet};

fn world() -> StubWorld {
    StubWorld::new(Settings::default())
}

fn store(world: &StubWorld, credential: Credential) -> AzureStore {
    AzureStore::new(AzureOptions { credential, ..world.options() })
}

/// Puts, lists, reads, uploads in parts (where the service reads for us), deletes.
async fn works(store: &AzureStore) {
    let (cx, name, key) =
        (Context::background(), BucketName::new("bucket").unwrap(), ObjectKey::new("a b/ü").unwrap());
    let bucket = store.create_bucket(&cx, &name, &common::root(), &TagSet::default()).await.unwrap();
    store.put(&cx, &bucket, &key, Body::from_bytes("abc".into()), PutOptions::default()).await.unwrap();
    let id = store.create_upload(&cx, &bucket, &key, CreateUploadOptions::default()).await.unwrap();
    let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
    let part =
        store.put_part(&cx, upload, 1, Body::from_bytes("part".into()), Default::default()).await.unwrap();
    let parts = vec![CompletedPart { number: 1, etag: part.etag, checksum: None }];
    store.complete_upload(&cx, upload, parts, CompleteOptions::default()).await.unwrap();
    let opened = store.open(&cx, &bucket, &key, OpenOptions::default()).await.unwrap();
    let body = opened.content.read(ByteRange { start: 0, end: 4 }).await.unwrap();
    assert_eq!(body.collect(10).await.unwrap(), "part");
    let options = ListObjects { limit: 10, ..ListObjects::default() };
    assert_eq!(store.list(&cx, &bucket, options).await.unwrap().entries.len(), 1);
    store.delete(&cx, &bucket, &key, Default::default()).await.unwrap();
    store.delete_bucket(&cx, &bucket).await.unwrap();
    store.settle().await;
}

fn tokens(source: impl TokenSource + 'static) -> (Arc<TokenCache>, Credential) {
    let cache = Arc::new(TokenCache::new(source));
    (cache.clone(), Credential::Token(cache))
}

#[tokio::test]
async fn the_accounts_key_works() {
    let world = world();
    works(&world.store()).await;
}

#[tokio::test]
async fn a_shared_access_signature_works() {
    let world = world();
    let sas = world.stub.account_sas("rwdlct", "2099-01-01T00:00:00Z");
    works(&store(&world, Credential::shared_access(&format!("?{sas}")))).await;
}

#[tokio::test]
async fn the_identity_of_a_virtual_machine_works_with_one_token() {
    let world = world();
    let endpoint = IdentityEndpoint::Instance { base: format!("http://{}", world.stub.address()) };
    let source =
        ManagedIdentity::new(common::client(Limits::default()), endpoint, Some("a client".to_owned()));
    works(&store(&world, tokens(source).1)).await;
    assert_eq!(world.stub.tokens_issued(), 1);
}

#[tokio::test]
async fn the_identity_of_an_app_service_works() {
    let world = world();
    let url = format!("http://{}/msi/token", world.stub.address());
    let endpoint = IdentityEndpoint::AppService { url, header: "identity-header".to_owned() };
    let source = ManagedIdentity::new(common::client(Limits::default()), endpoint, None);
    works(&store(&world, tokens(source).1)).await;
}

struct Federated(&'static str);

#[async_trait]
impl FederatedToken for Federated {
    async fn read(&self) -> Result<String, RemoteError> {
        Ok(format!("{}\n", self.0))
    }
}

fn workload(world: &StubWorld, token: &'static str) -> WorkloadIdentity {
    WorkloadIdentity {
        client: common::client(Limits::default()),
        authority: format!("http://{}/", world.stub.address()),
        tenant_id: "tenant".to_owned(),
        client_id: "client".to_owned(),
        federated: Arc::new(Federated(token)),
    }
}

#[tokio::test]
async fn the_identity_of_a_workload_works() {
    let world = world();
    works(&store(&world, tokens(workload(&world, "federated-token")).1)).await;
    assert_eq!(world.stub.tokens_issued(), 1);
}

#[tokio::test]
async fn a_token_that_the_service_does_not_take_any_more_is_replaced_at_once() {
    let world = world();
    let store = store(&world, tokens(workload(&world, "federated-token")).1);
    works(&store).await;
    world.stub.revoke_tokens();
    works(&store).await;
    assert_eq!(world.stub.tokens_issued(), 2);
}

#[tokio::test]
async fn a_token_that_is_about_to_expire_is_replaced_before() {
    let world = StubWorld::new(Settings { token_lifetime_secs: 60, ..Settings::default() });
    works(&store(&world, tokens(workload(&world, "federated-token")).1)).await;
    assert!(world.stub.tokens_issued() > 5, "a token with a minute to live is not waited with");
}

#[tokio::test]
async fn a_refused_exchange_says_so() {
    let world = world();
    let store = store(&world, tokens(workload(&world, "somebody else's")).1);
    let name = BucketName::new("bucket").unwrap();
    let made = store.create_bucket(&Context::background(), &name, &common::root(), &TagSet::default()).await;
    let error = made.unwrap_err();
    assert!(format!("{:?}", error.source).contains("Credentials"), "{error:?}");
}
