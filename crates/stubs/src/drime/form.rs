use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A form as `multipart/form-data` has it. Source: RFC 7578.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) fields: BTreeMap<String, String>,
    pub(super) file: Option<FormFile>,
}

#[derive(Debug)]
pub(super) struct FormFile {
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) bytes: Bytes,
}

impl Form {
    /// Reads a form; `None` where it is none or is cut short.
    pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let boundary = kind.strip_prefix("multipart/form-data")?.split_once("boundary=")?.1.trim_matches('"');
        let delimiter = format!("\r\n--{boundary}");
        let opening = format!("--{boundary}");
        let mut at = body.starts_with(opening.as_bytes()).then_some(opening.len())?;
        let mut form = Self::default();
        loop {
            let rest = &body[at..];
            if rest.starts_with(b"--\r\n") || rest == b"--" {
                return Some(form);
            }
            at += rest.starts_with(b"\r\n").then_some(2)?;
            let head_end = at + find(&body[at..], b"\r\n\r\n")?;
            let value_end = head_end + 4 + find(&body[head_end + 4..], delimiter.as_bytes())?;
            form.take(std::str::from_utf8(&body[at..head_end]).ok()?, body.slice(head_end + 4..value_end))?;
            at = value_end + delimiter.len();
        }
    }

    fn take(&mut self, head: &str, value: Bytes) -> Option<()> {
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
            Some(line[name.len()..].trim_start_matches(':').trim())
        };
        let disposition = header("content-disposition")?;
        let name = parameter(disposition, "name")?;
        match parameter(disposition, "filename") {
            Some(file) => {
                let mime = header("content-type").unwrap_or("application/octet-stream").to_owned();
                self.file = Some(FormFile { name: file, mime, bytes: value });
            }
            None => {
                self.fields.insert(name, String::from_utf8(value.to_vec()).ok()?);
            }
        }
        Some(())
    }
}

fn parameter(disposition: &str, name: &str) -> Option<String> {
    let start = disposition.find(&format!("; {name}=\""))? + name.len() + 4;
    let end = start + disposition[start..].find('"')?;
    Some(disposition[start..end].to_owned())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
