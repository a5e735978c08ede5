use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;
use remote::{RemoteError, RemoteErrorKind};

/// The deepest nesting of any document of S3, with room.
const MAX_DEPTH: usize = 12;
/// The most elements of a document: a page of 1,000 entries has at most some twenty each.
const MAX_ELEMENTS: usize = 64 * 1024;

/// An element of a document: its name without a prefix, its text, its children in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Its name, without a namespace.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children.
    pub(crate) fn children(&self) -> &[Self] {
        &self.children
    }

    /// All children of that name, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.child(name).map(Self::text)
    }

    /// The text of a child that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, RemoteError> {
        self.get(name).ok_or_else(|| malformed("an element is missing"))
    }

    /// The text of a child as a number.
    pub(crate) fn number(&self, name: &str) -> Result<u64, RemoteError> {
        self.need(name)?.trim().parse().map_err(|_| malformed("an element is no number"))
    }

    /// Whether a child says `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
    }
}

fn malformed(how: &'static str) -> RemoteError {
    RemoteErrorKind::Malformed(how).into()
}

/// Reads a document. Entities other than XML's own five and references to characters are refused, and so is everything
/// behind the root.
///
/// # Errors
/// `Malformed`.
pub(crate) fn parse(document: &[u8]) -> Result<Element, RemoteError> {
    let text = std::str::from_utf8(document).map_err(|_| malformed("it is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|_| malformed("it is not XML"))? {
            Event::Start(start) => {
                elements += 1;
                if root.is_some() || open.len() == MAX_DEPTH || elements > MAX_ELEMENTS {
                    return Err(malformed("it has too many elements"));
                }
                open.push(element(start.local_name().as_ref()));
            }
            Event::Empty(empty) => {
                elements += 1;
                if root.is_some() || elements > MAX_ELEMENTS {
                    return Err(malformed("it has too many elements"));
                }
                close(element(empty.local_name().as_ref()), &mut open, &mut root);
            }
            Event::End(_) => {
                let ended = open.pop().ok_or_else(|| malformed("an element ends that did not begin"))?;
                close(ended, &mut open, &mut root);
            }
            Event::Text(text) => append(&text.xml10_content(), &mut open)?,
            Event::CData(text) => append(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let resolved = resolve(&reference).ok_or_else(|| malformed("an unknown entity"))?;
                append(&resolved, &mut open)?;
            }
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::DocType(_) => return Err(malformed("it has a document type")),
            Event::Eof => break,
        }
    }
    root.filter(|_| open.is_empty()).ok_or_else(|| malformed("it has no end"))
}

fn element(name: &str) -> Element {
    Element { name: name.to_owned(), ..Element::default() }
}

fn close(ended: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(ended),
        None => *root = Some(ended),
    }
}

fn append(text: &str, open: &mut [Element]) -> Result<(), RemoteError> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        // Some services keep a connection alive with spaces before the document.
        None if text.trim().is_empty() => {}
        None => return Err(malformed("it has text outside its root")),
    }
    Ok(())
}

fn resolve(name: &str) -> Option<Cow<'static, str>> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?).map(|character| Cow::Owned(character.to_string()));
    }
    Some(Cow::Borrowed(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_is_read_whatever_its_dress() {
        let document = " <?xml version=\"1.0\"?>\n<s3:R xmlns:s3=\"x\"><K>a&amp;&#x26;<![CDATA[<b>]]></K><K/>\n<N> 7 </N><T>true</T></s3:R>";
        let root = parse(document.as_bytes()).unwrap();
        assert_eq!((root.name(), root.get("K")), ("R", Some("a&&<b>")));
        assert_eq!(root.all("K").count(), 2);
        assert_eq!((root.number("N").unwrap(), root.flag("T"), root.flag("N")), (7, true, false));
        assert!(root.need("absent").is_err());
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in
            ["", "<a>", "<a></b>", "<a/><b/>", "x<a/>", "<a>&x;</a>", "<!DOCTYPE a><a/>", "<a>&#55296;</a>"]
        {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"<a>\xff</a>").is_err());
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        let wide = |count: usize| format!("<r>{}</r>", "<a/>".repeat(count));
        assert!(parse(wide(MAX_ELEMENTS - 1).as_bytes()).is_ok());
        assert!(parse(wide(MAX_ELEMENTS).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_document_panics(text in "[<>a&;#x/\" !\\[\\]\\-?]{0,40}") {
            let _ = parse(text.as_bytes());
        }
    }
}
