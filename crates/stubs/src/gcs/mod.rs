//! Cloud Storage, as far as its documentation says: the JSON API, the XML API with its uploads in parts and its side that
//! speaks S3, a token endpoint and a metadata server, all in memory and at one address.

mod auth;
mod interop;
mod json;
mod list;
mod objects;
mod parts;
mod reply;
mod request;
mod upload;
mod world;
mod xml;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use auth::Auth;
use bytes::Bytes;
use http::{Request, Response};
use request::Asked;
use world::World;

use crate::server::Server;

/// What the stand-in is to be like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether every request must bear a token that was issued here.
    pub access: Access,
    /// The smallest part but the last.
    pub part_min_bytes: u64,
    /// Whether there are uploads in parts in the XML API.
    pub xml_uploads: XmlUploads,
    /// The most entries of a page, whatever is asked for.
    pub page_max: usize,
    /// How many bytes one call of a rewrite moves.
    pub rewrite_bytes: u64,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Whoever has a token.
    Tokens,
}

/// Whether the XML API takes uploads in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlUploads {
    /// As documented.
    Documented,
    /// Not at all, as emulators do.
    Missing,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            access: Access::Tokens,
            part_min_bytes: 5 << 20,
            xml_uploads: XmlUploads::Documented,
            page_max: 1000,
            rewrite_bytes: u64::MAX,
        }
    }
}

/// The stand-in; it serves until it is dropped.
pub struct Stub {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    auth: Auth,
    world: Mutex<World>,
}

impl Stub {
    /// Starts it, empty.
    ///
    /// # Errors
    /// Where it cannot listen.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let listen = settings.listen;
        let shared = Arc::new(Shared {
            settings,
            auth: Auth::new().map_err(|()| io::Error::other("no key could be made"))?,
            world: Mutex::new(World::default()),
        });
        let serving = shared.clone();
        let server = Server::start(listen, move |request| {
            let response = answer(&serving, request);
            async move { response }
        })?;
        Ok(Self { server, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its endpoint and how to get in, on one line: an HMAC key, and behind `credentials=` a key file to the end of the line.
    #[must_use]
    pub fn banner(&self) -> String {
        let (id, secret) = self.hmac_key();
        format!(
            "endpoint={} project=project access_key={id} secret_key={secret} credentials={}",
            self.url(),
            self.service_account_json(&self.url())
        )
    }

    /// The id and the secret of its HMAC key.
    #[must_use]
    pub fn hmac_key(&self) -> (&'static str, &'static str) {
        (interop::ACCESS_KEY, interop::SECRET_KEY)
    }

    /// The key file of its service account, whose tokens are issued at `endpoint`: its own address, or that of a server of
    /// faults in front of it.
    #[must_use]
    pub fn service_account_json(&self, endpoint: &str) -> String {
        self.shared.auth.service_account(endpoint)
    }

    /// The file of its authorized user.
    #[must_use]
    pub fn authorized_user_json(&self, endpoint: &str) -> String {
        self.shared.auth.authorized_user(endpoint)
    }

    /// Makes all tokens issued so far worthless.
    pub fn revoke_tokens(&self) {
        self.shared.auth.revoke();
    }

    /// How many tokens were issued.
    #[must_use]
    pub fn tokens_issued(&self) -> usize {
        self.shared.auth.issued()
    }

    /// The names of all objects of a bucket, whatever they are for; of all generations.
    #[must_use]
    pub fn names(&self, bucket: &str) -> Vec<String> {
        self.shared.lock().names(bucket)
    }

    /// How many uploads in parts are unfinished.
    #[must_use]
    pub fn unfinished_uploads(&self) -> usize {
        self.shared.lock().unfinished()
    }

    /// Writes an object as another tool would.
    pub fn put_foreign(&self, bucket: &str, name: &str, data: &[u8], metadata: &[(&str, &str)]) {
        self.shared.lock().put_foreign(bucket, name, data, metadata);
    }

    /// Turns the versions of a bucket on.
    pub fn enable_versions(&self, bucket: &str) {
        self.shared.lock().enable_versions(bucket);
    }

    /// Flips a bit of an object's bytes, its digests left as they were.
    pub fn corrupt(&self, bucket: &str, name: &str) {
        self.shared.lock().corrupt(bucket, name);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(shared: &Shared, request: Request<Bytes>) -> Response<Bytes> {
    let asked = Asked::new(request);
    if let Some(response) = shared.auth.answer(&asked) {
        return response;
    }
    if interop::is_signed(&asked) {
        return interop::answer(&mut shared.lock(), &shared.settings, &asked);
    }
    if shared.settings.access == Access::Tokens && !shared.auth.admits(&asked) {
        return reply::unauthorized(&asked);
    }
    let mut world = shared.lock();
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["storage", "v1", rest @ ..] => json::answer(&mut world, &shared.settings, &asked, rest),
        ["upload", "storage", "v1", "b", bucket, "o"] => upload::answer(&mut world, &asked, bucket),
        [bucket] if asked.query("uploads").is_some() => parts::list(&world, &asked, bucket),
        [bucket, name] => xml::answer(&mut world, &shared.settings, &asked, (bucket, name)),
        _ => reply::xml_error(404, "NoSuchBucket"),
    }
}
