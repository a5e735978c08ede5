use std::fmt::Write;

use super::{Method, Operation, OperationRow, PathClass, Status};

pub(super) fn json() -> String {
    let rows: Vec<_> = Operation::table().iter().map(json_row).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

/// No text of the table needs escaping: names, methods and parameters are plain ASCII words.
fn json_row(row: &OperationRow) -> String {
    let query: Vec<_> = row.query.iter().map(|condition| format!("\"{condition}\"")).collect();
    let text = |value: Option<&str>| value.map_or("null".to_owned(), |value| format!("\"{value}\""));
    format!(
        "  {{\"name\": \"{}\", \"method\": \"{}\", \"path\": \"{}\", \"query\": [{}], \"header\": {}, \"action\": {}, \
         \"status\": \"{}\"}}",
        row.name,
        row.method.as_str(),
        path(row.path),
        query.join(", "),
        text(row.header),
        text(row.action),
        status(row.status),
    )
}

const fn path(class: PathClass) -> &'static str {
    match class {
        PathClass::Service => "/",
        PathClass::Bucket => "/{Bucket}",
        PathClass::Object => "/{Bucket}/{Key+}",
        PathClass::Any => "*",
        PathClass::Fixed(path) => path,
    }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Implemented => "Implemented",
        Status::Answered => "Answered",
        Status::NotImplemented => "NotImplemented",
        Status::SameAs(_) => "SameAs",
    }
}

const HEAD: &str = "\
# Compatibility

Every operation of the S3 API, and what Sluice does with it; below, how each kind of store does it. The first part is
printed from the table in `crates/s3-model/src/operation/table.rs` by `cargo run -p s3-model --example compatibility`; a test
keeps the two in step, and another compares the table with the service model of botocore.

- **yes**: carried out.
- **answered**: a setting that cannot be made yet. Reading it answers what S3 answers where it was never made, writing
  the value that it has succeeds, deleting it succeeds, any other value is `NotImplemented`.
- **no**: refused with `NotImplemented` and the operation's name.

";

pub(super) fn markdown() -> String {
    let mut page = String::from(HEAD);
    let count = |wanted: &str| Operation::table().iter().filter(|row| mark(row.status) == wanted).count();
    let _ = writeln!(
        page,
        "Of {} operations {} are carried out, {} answered, {} refused.\n",
        Operation::table().len(),
        count("yes"),
        count("answered"),
        count("no"),
    );
    page.push_str("| operation | request | | action |\n|---|---|---|---|\n");
    let mut rows: Vec<_> = Operation::table().iter().collect();
    rows.sort_by_key(|row| row.name);
    for row in rows {
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {} |",
            row.name,
            request(row),
            mark(row.status),
            row.action.map(|action| format!("`{action}`")).unwrap_or_default(),
        );
    }
    page
}

const fn mark(status: Status) -> &'static str {
    match status {
        Status::Implemented => "yes",
        Status::NotImplemented => "no",
        Status::Answered => "answered",
        Status::SameAs(operation) => mark(operation.status()),
    }
}

fn request(row: &OperationRow) -> String {
    let mut text = format!("{} {}", row.method.as_str(), path(row.path));
    for (place, condition) in row.query.iter().enumerate() {
        let _ = write!(text, "{}{condition}", if place == 0 { '?' } else { '&' });
    }
    if let Some(header) = row.header {
        let _ = write!(text, " with {header}");
    }
    if row.method == Method::Post && row.operation == Operation::PostObject {
        text.push_str(" with a form");
    }
    text
}
