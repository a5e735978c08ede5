use bytes::Bytes;
use http::Request;

/// A request, taken apart.
pub(super) struct Message<'a> {
    pub(super) request: &'a Request<Bytes>,
    pub(super) target: Target,
}

/// What a URL names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The path as it was written.
    pub(super) raw_path: String,
    pub(super) account: String,
    pub(super) container: String,
    pub(super) blob: String,
    /// Decoded, in the order written.
    pub(super) query: Vec<(String, String)>,
}

impl Target {
    /// Reads a path and query; `None` where an escape is broken.
    pub(super) fn parse(path: &str, query: Option<&str>) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.splitn(3, '/');
        let mut part = || decode(parts.next().unwrap_or_default());
        let (account, container, blob) = (part()?, part()?, part()?);
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let query = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name)?, decode(value)?))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self { raw_path: path.to_owned(), account, container, blob, query })
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Message<'_> {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    pub(super) fn body(&self) -> &Bytes {
        self.request.body()
    }
}

/// Decodes percent escapes; `None` where one is broken or the text is not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Writes text so that it may stand in a document.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            character => escaped.push(character),
        }
    }
    escaped
}

/// The texts of all elements of these names in a small, flat document, in their order, with their names.
pub(super) fn elements(document: &str, names: &[&'static str]) -> Vec<(&'static str, String)> {
    let mut found: Vec<(usize, &'static str, String)> = Vec::new();
    for name in names {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let mut from = 0;
        while let Some(start) = document[from..].find(&open).map(|place| from + place + open.len()) {
            let Some(length) = document[start..].find(&close) else { break };
            found.push((start, name, unescape(&document[start..start + length])));
            from = start + length;
        }
    }
    found.sort_by_key(|(place, ..)| *place);
    found.into_iter().map(|(_, name, text)| (name, text)).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}
