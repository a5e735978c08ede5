//! The part of the compatibility page that is about stores, held to what they say of themselves.

use std::fmt::Write as _;
use std::sync::Arc;

use store::{Capabilities, Support};
use types::{Budget, SystemClock};

use super::{capabilities_of, operations};
use crate::config::{Durability, Environment, Flags, load};
use crate::random::SystemRandom;
use crate::stores::{Surroundings, open_bare};

const PAGE: &str = include_str!("../../../../docs/compatibility.md");
/// Where the part of this test begins; what stands before it is held by a test of `s3-model`.
const HEADING: &str = "## Stores\n";

const HEAD: &str = "\
## Stores

How the operations above are done on each kind of store. This part is made from what the stores say of themselves, which the
conformance suite holds them to, by a test of `server`; the admin listener answers the same for the stores of a running
server (`GET /v1/capabilities`, signed).

- **native**: by the store itself.
- **supplied**: by what Sluice adds to the service that holds the data; the note says how.
- **refused**: `NotImplemented`, with the reason of the note.

What is shown of `s3` is a service that does everything that S3 does, of `gcs` Google's own; another service is believed
once it has shown it, and what it does not do is refused. `drime` is shown with `conditional = \"exclusive\"`.

";

/// One store of each kind, as far as each can do things.
const STORES: &str = r#"
[store.azure]
kind = "azure"
account = "account"
key = "a2V5"
[store.drime]
kind = "drime"
token = "token"
conditional = "exclusive"
[store.gcs]
kind = "gcs"
credentials = "none"
[store.memory]
kind = "memory"
[store.s3]
kind = "s3"
access_key = "id"
secret_key = "secret"
conditional = "native"
[bucket."*"]
store = "memory"
"#;

/// The kinds in the order of the columns. `memory` stands for both stores of Sluice's own, which are one and the same above
/// their engines.
const COLUMNS: [(&str, &str); 5] =
    [("memory", "local, memory"), ("s3", "s3"), ("gcs", "gcs"), ("azure", "azure"), ("drime", "drime")];

/// What each capability means to a user.
const MEANINGS: [(&str, &str); 21] = [
    ("conditional_put", "`If-Match` and `If-None-Match` on puts and completions, atomic"),
    ("conditional_copy", "`If-Match` and `If-None-Match` on copies, atomic"),
    ("conditional_delete", "`If-Match` on deletes, atomic"),
    ("versioning", "versions"),
    ("multipart", "uploads in parts"),
    ("ordered_listing", "listings in byte order"),
    ("metadata", "headers and user metadata"),
    ("object_tags", "tags of objects"),
    ("copy", "copies without the bytes passing through here"),
    ("checksums", "checksums of every algorithm are kept (they are always verified)"),
    ("any_key", "every legal key"),
    ("storage_classes", "storage classes are kept"),
    ("any_metadata", "metadata that no header can bear"),
    ("bucket_tags", "tags of buckets"),
    ("open_outlives_overwrite", "a read goes on after its object was replaced (else it fails)"),
    ("exact_times", "a write tells the time that the object then shows"),
    ("supplied_identity", "copies from another store keep their ETag"),
    ("part_listing", "all parts of an object are listed"),
    ("repeated_completion", "a repeated completion answers as the first"),
    ("bucket_identity", "a removed bucket is never taken for its successor"),
    ("exclusive_bucket_removal", "removing a bucket and writing into it exclude each other"),
];

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

/// What each column's store says of itself. Nothing is sent anywhere.
async fn columns() -> Vec<Capabilities> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sluice.toml");
    std::fs::write(&file, STORES).unwrap();
    let config = load(&Flags { config: Some(file), ..Flags::default() }, &Nothing).unwrap();
    let around = Surroundings {
        durability: Durability::Relaxed,
        budget: Budget::new(16 << 20),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        state_dir: None,
        environment: Arc::new(Nothing),
    };
    let mut columns = Vec::new();
    for (name, _) in COLUMNS {
        let settings = config.stores.iter().find(|store| store.name == name).unwrap();
        columns.push(capabilities_of(&open_bare(settings, &around).await.unwrap().port()));
    }
    columns
}

/// The notes below the tables: each text once, by number.
#[derive(Default)]
struct Notes(Vec<&'static str>);

impl Notes {
    fn number(&mut self, text: &'static str) -> usize {
        let place = self.0.iter().position(|known| *known == text);
        place.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        }) + 1
    }

    fn cell(&mut self, support: Support) -> String {
        match support {
            Support::Yes => "native".to_owned(),
            Support::Supplied(how) => format!("supplied ({})", self.number(how)),
            Support::No(why) => format!("**refused** ({})", self.number(why)),
        }
    }
}

fn row(page: &mut String, title: &str, cells: &[String]) {
    writeln!(page, "| {title} | {} |", cells.join(" | ")).unwrap();
}

fn begin_table(page: &mut String, title: &str) {
    row(page, title, &COLUMNS.map(|(_, heading)| heading.to_owned()));
    writeln!(page, "|---|{}", "---|".repeat(COLUMNS.len())).unwrap();
}

fn made(columns: &[Capabilities]) -> String {
    let (mut page, mut notes) = (HEAD.to_owned(), Notes::default());
    begin_table(&mut page, "operation");
    for operation in operations() {
        let cell = |of: &Capabilities| notes.cell(service::support(operation.operation, of));
        row(&mut page, operation.name, &columns.iter().map(cell).collect::<Vec<_>>());
    }
    page.push('\n');
    begin_table(&mut page, "beyond operations");
    for (place, (name, _)) in columns[0].rows().into_iter().enumerate() {
        let meaning = MEANINGS.iter().find(|(known, _)| *known == name);
        let (_, meaning) = meaning.unwrap_or_else(|| panic!("{name} has no meaning for users yet"));
        let cell = |of: &Capabilities| notes.cell(of.rows()[place].1);
        row(&mut page, meaning, &columns.iter().map(cell).collect::<Vec<_>>());
    }
    page.push('\n');
    for (place, note) in notes.0.iter().enumerate() {
        writeln!(page, "{}. {note}", place + 1).unwrap();
    }
    page
}

#[tokio::test]
async fn the_page_says_what_the_stores_say() {
    let wanted = made(&columns().await);
    let there = PAGE.find(HEADING).map_or("", |place| &PAGE[place..]);
    if there != wanted {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/compatibility-stores.md");
        std::fs::write(path, &wanted).unwrap();
        panic!(
            "docs/compatibility.md must end with target/compatibility-stores.md, which was written just now"
        );
    }
}
