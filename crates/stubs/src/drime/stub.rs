use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};
use tokio::sync::Barrier;

use super::answer::{Answered, refused};
use super::failures::Failure;
use super::request::Call;
use super::settings::Settings;
use super::world::{Entry, World};
use crate::server::Server;

/// A drive that runs until it is dropped.
pub struct Stub {
    shared: Arc<Shared>,
    api: Server,
    storage: Server,
}

struct Shared {
    world: Mutex<World>,
    gate: Mutex<Option<Arc<Barrier>>>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self) -> Option<Arc<Barrier>> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Stub {
    /// Starts a drive that is empty.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let listen = settings.listen;
        let world = Mutex::new(World::new(settings));
        let shared = Arc::new(Shared { world, gate: Mutex::new(None) });
        let storage =
            Server::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), handler(&shared, of_storage))?;
        let api = Server::start(listen, handler(&shared, of_api))?;
        shared.world().storage = format!("http://{}", storage.address());
        shared.world().site = format!("http://{}", api.address());
        Ok(Self { shared, api, storage })
    }

    /// The base of the API.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}/api/v1", self.api.address())
    }

    /// Where the API listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.api.address()
    }

    /// Where the storage listens.
    #[must_use]
    pub fn storage_address(&self) -> SocketAddr {
        self.storage.address()
    }

    /// URL and token on one line.
    #[must_use]
    pub fn banner(&self) -> String {
        format!("endpoint={} token={}", self.endpoint(), self.shared.world().settings.token)
    }

    /// Lets presigned URLs point at this address, where something stands in front of the storage.
    pub fn present_storage_at(&self, address: SocketAddr) {
        self.shared.world().storage = format!("http://{address}");
    }

    /// Changes the settings from here on; where it listens stays.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.world().settings);
    }

    /// Lets a call fail: the one that comes after `skip` others of this method whose paths hold this text.
    pub fn fail(&self, method: &str, path: &str, skip: u32, failure: Failure) {
        self.shared.world().failures.push(method, path, skip, failure);
    }

    /// Holds small uploads until `count` of them have come in, again and again.
    pub fn gather_uploads(&self, count: usize) {
        let gate = Arc::new(Barrier::new(count));
        *self.shared.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
    }

    /// How many calls there were of this method and path, both as sent; the ids in paths are written `{id}`.
    #[must_use]
    pub fn calls(&self, method: &str, path: &str) -> u64 {
        self.shared.world().calls.get(&format!("{method} {path}")).copied().unwrap_or(0)
    }

    /// How many calls there were in all, those to the storage included.
    #[must_use]
    pub fn calls_in_all(&self) -> u64 {
        self.shared.world().calls.values().sum()
    }

    /// How many requests bore a token to the storage.
    #[must_use]
    pub fn leaked_tokens(&self) -> u64 {
        self.shared.world().leaked_tokens
    }

    /// All entries that are not in the trash, by number.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.shared.world().entries.values().filter(|entry| !entry.in_trash).cloned().collect()
    }

    /// All entries in the trash, by number.
    #[must_use]
    pub fn trash(&self) -> Vec<Entry> {
        self.shared.world().entries.values().filter(|entry| entry.in_trash).cloned().collect()
    }

    /// Uploads in parts that were begun and neither completed nor aborted.
    #[must_use]
    pub fn open_uploads(&self) -> Vec<String> {
        let world = self.shared.world();
        world.uploads.iter().filter(|(_, upload)| !upload.is_complete).map(|(id, _)| id.clone()).collect()
    }

    /// The bytes of an entry.
    #[must_use]
    pub fn bytes(&self, id: u64) -> Option<Bytes> {
        let world = self.shared.world();
        let object = world.entries.get(&id)?.object.as_ref()?;
        world.objects.get(object).cloned()
    }

    /// What somebody else does: makes a folder, whatever is there.
    pub fn put_folder(&self, parent: Option<u64>, name: &str) -> u64 {
        self.shared.world().add(parent, name, None).id
    }

    /// What somebody else does: uploads a file, beside what is there.
    pub fn put_file(&self, parent: Option<u64>, name: &str, bytes: impl Into<Bytes>) -> u64 {
        self.shared.world().add_file(parent, name, bytes.into()).id
    }

    /// What somebody else does: changes an entry in any way.
    pub fn change(&self, id: u64, change: impl FnOnce(&mut Entry)) {
        let mut world = self.shared.world();
        let parent = world.entries.get(&id).and_then(|entry| entry.parent);
        let late = world.settings.late_pages;
        world.hold_listing(parent, late);
        if let Some(entry) = world.entries.get_mut(&id) {
            change(entry);
        }
    }

    /// What somebody else does: deletes an entry for good.
    pub fn delete(&self, id: u64) {
        self.shared.world().remove(id, true);
    }
}

type Handling = std::pin::Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

fn handler<F, A>(
    shared: &Arc<Shared>,
    handle: F,
) -> impl Fn(Request<Bytes>) -> Handling + Send + Sync + 'static
where
    F: Fn(Arc<Shared>, Request<Bytes>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Bytes>> + Send + 'static,
{
    let shared = shared.clone();
    move |request| Box::pin(handle(shared.clone(), request))
}

async fn of_storage(shared: Arc<Shared>, request: Request<Bytes>) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let mut world = shared.world();
    *world.calls.entry(format!("{} storage", parts.method)).or_default() += 1;
    failing(&mut world, &parts, |world| world.store(&parts, &body))
}

async fn of_api(shared: Arc<Shared>, request: Request<Bytes>) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let is_upload = parts.uri.path().ends_with("/uploads");
    if let Some(gate) = shared.gate().filter(|_| is_upload) {
        gate.wait().await;
    }
    let mut world = shared.world();
    let Some(left) = world.count_call() else { return throttled(30) };
    let limit = world.settings.calls_per_minute;
    let mut response = failing(&mut world, &parts, |world| route(world, &Call::new(&parts, &body)));
    for (name, value) in [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", left)] {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}

fn either(answered: Answered) -> Response<Bytes> {
    answered.unwrap_or_else(Response::from)
}

fn throttled(seconds: u32) -> Response<Bytes> {
    let mut response = Response::from(refused(429, "Too Many Attempts."));
    response.headers_mut().insert("retry-after", HeaderValue::from(seconds));
    response
}

/// The call's answer, or the failure that waits for it.
fn failing(world: &mut World, parts: &Parts, handle: impl FnOnce(&mut World) -> Answered) -> Response<Bytes> {
    match world.failures.take(parts) {
        None => either(handle(world)),
        Some(Failure::Refused(status)) => refused(status, "Server Error").into(),
        Some(Failure::Throttled(seconds)) => throttled(seconds),
        Some(Failure::Lost(status)) => {
            either(handle(world).and_then(|_| Err(refused(status, "Server Error"))))
        }
    }
}

fn route(world: &mut World, call: &Call<'_>) -> Answered {
    let path = call.parts.uri.path();
    let path = path.strip_prefix("/api/v1").ok_or_else(|| refused(404, "Not found."))?;
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let shown: Vec<&str> =
        segments.iter().map(|part| if part.parse::<u64>().is_ok() { "{id}" } else { part }).collect();
    *world.calls.entry(format!("{} /{}", call.parts.method, shown.join("/"))).or_default() += 1;
    if !call.bears(&world.settings.token) {
        return Err(refused(401, "Unauthenticated."));
    }
    world.check_workspace(call)?;
    let id = segments.get(1).and_then(|segment| segment.parse::<u64>().ok());
    match (&call.parts.method, &segments[..], id) {
        (&Method::GET, ["drive", "file-entries"], _) => world.list(call),
        (&Method::POST, ["folders"], _) => world.make_folder(call),
        (&Method::POST, ["uploads"], _) => world.upload(call),
        (&Method::POST, ["s3", "multipart", "create"], _) => world.create_upload(call),
        (&Method::POST, ["s3", "multipart", "batch-sign-part-urls"], _) => world.sign_parts(call),
        (&Method::POST, ["s3", "multipart", "complete"], _) => world.complete_upload(call),
        (&Method::POST, ["s3", "multipart", "abort"], _) => world.abort_upload(call),
        (&Method::POST, ["s3", "entries"], _) => world.make_entry(call),
        (&Method::POST, ["file-entries", "delete"], _) => world.delete(call),
        (&Method::POST, ["file-entries", "move"], _) => world.move_entries(call),
        (&Method::POST, ["file-entries", "duplicate"], _) => world.duplicate(call),
        (&Method::POST, ["file-entries", _], Some(id)) => world.rename(call, id),
        (&Method::GET, ["file-entries", _, "download"], Some(id)) => world.download(id),
        (&Method::GET, ["user", "space-usage"], _) => world.space(),
        _ => Err(refused(404, "Not found.")),
    }
}
