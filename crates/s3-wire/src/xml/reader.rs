use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use s3_model::{ErrorCode, S3Error};

/// The most elements in a document: 10,000 parts of five elements each, with room.
const ELEMENTS_MAX: usize = 100_000;
/// The deepest nesting; S3's own documents have at most six levels.
const DEPTH_MAX: usize = 16;

/// An element of a document that has been read whole. Namespaces and attributes are not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// The name without its prefix.
    pub(crate) name: String,
    /// All text directly inside, exactly as it stands.
    pub(crate) text: String,
    /// The elements inside, in order.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first element inside of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All elements inside of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first element inside of that name, without white space around it.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }
}

/// `MalformedXML` with what is wrong.
pub(crate) fn malformed(what: &str) -> S3Error {
    let message = format!("{}: {what}", ErrorCode::MalformedXML.message());
    S3Error::with_message(ErrorCode::MalformedXML, message)
}

/// Reads a document whose outermost element has this name. Comments, processing instructions and attributes are skipped.
///
/// # Errors
/// `MalformedXML` where it is not well-formed, has a document type (so nothing can be expanded), names an entity beyond the
/// five of XML, is too deep, or has another outermost element.
pub(crate) fn parse(document: &[u8], root: &str) -> Result<Element, S3Error> {
    let text = std::str::from_utf8(document).map_err(|_| malformed("it is not UTF-8"))?;
    let found = Tree::read(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    if found.name != root {
        return Err(malformed(&format!("the outermost element must be {root}")));
    }
    Ok(found)
}

/// The elements that are open, outermost first.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn read(text: &str) -> Result<Element, S3Error> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let mut tree = Self::default();
        loop {
            match reader.read_event().map_err(|error| malformed(&error.to_string()))? {
                Event::Start(tag) => tree.begin(local(tag.name().as_ref()))?,
                Event::Empty(tag) => {
                    tree.begin(local(tag.name().as_ref()))?;
                    tree.end();
                }
                Event::End(_) => tree.end(),
                Event::Text(text) => tree.text(&text.xml10_content())?,
                Event::CData(text) => tree.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => tree.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?,
                Event::DocType(_) => return Err(malformed("a document type is not allowed")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        match tree.root {
            Some(root) if tree.open.is_empty() => Ok(root),
            _ => Err(malformed("an element is not closed")),
        }
    }

    fn begin(&mut self, name: &str) -> Result<(), S3Error> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(malformed("it has too many elements"));
        }
        if self.open.len() == DEPTH_MAX {
            return Err(malformed("it is nested too deeply"));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(malformed("it has two outermost elements"));
        }
        self.open.push(Element { name: name.to_owned(), ..Element::default() });
        Ok(())
    }

    fn end(&mut self) {
        let Some(done) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), S3Error> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(malformed("text stands outside the outermost element")),
        }
        Ok(())
    }
}

/// The name behind the prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// One of XML's five entities, or a character by its number. Characters that XML 1.0 does not allow are taken: keys may
/// hold them.
fn resolve(reference: &BytesRef<'_>) -> Result<char, S3Error> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Ok(character);
    }
    match &*reference.xml10_content() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(malformed("it names an unknown entity")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn namespaces_white_space_and_comments_do_not_matter() {
        let document = b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- x --><s3:Tagging xmlns:s3='u'>\n <s3:TagSet a=\"b\">\
            <Tag><Key> k&amp;&#65;&#x42; </Key><Value><![CDATA[<v>]]></Value></Tag><Tag/></s3:TagSet></s3:Tagging>\n";
        let root = parse(document, "Tagging").unwrap();
        let tags: Vec<_> = root.child("TagSet").unwrap().all("Tag").collect();
        assert_eq!(tags.len(), 2);
        assert_eq!(tags[0].child("Key").unwrap().text, " k&AB ");
        assert_eq!(tags[0].value("Key"), Some("k&AB"));
        assert_eq!(tags[0].value("Value"), Some("<v>"));
        assert_eq!(tags[0].value("Other"), None);
    }

    #[test]
    fn control_characters_by_number_are_taken() {
        assert_eq!(parse(b"<K>&#1;&#xD;</K>", "K").unwrap().text, "\u{1}\r");
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(DEPTH_MAX + 1), "</a>".repeat(DEPTH_MAX + 1));
        for document in [
            "",
            " ",
            "text",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><a/>",
            "<a/>text",
            "<b/>",
            "<a>&unknown;</a>",
            "<a>&#xFFFFFFFF;</a>",
            "<a>& </a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<!DOCTYPE a><a/>",
            &deep,
        ] {
            assert_eq!(
                parse(document.as_bytes(), "a").unwrap_err().code,
                ErrorCode::MalformedXML,
                "{document}"
            );
        }
        assert!(parse(b"<a>\xff</a>", "a").is_err());
    }

    #[test]
    fn the_bounds_hold_at_and_past_them() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(parse(nested(DEPTH_MAX).as_bytes(), "a").is_ok());
        assert!(parse(nested(DEPTH_MAX + 1).as_bytes(), "a").is_err());
        let wide = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
        assert!(parse(wide(ELEMENTS_MAX).as_bytes(), "a").is_ok());
        assert!(parse(wide(ELEMENTS_MAX + 1).as_bytes(), "a").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(document in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&document, "a");
        }

        #[test]
        fn no_markup_panics(document in "(<a>|</a>|<a/>|<!--|-->|<\\?|&amp;|&#1;|&|<!\\[CDATA\\[|\\]\\]>|<!DOCTYPE|>|x| ){0,20}") {
            let _ = parse(document.as_bytes(), "a");
        }
    }
}
