use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use remote::{RemoteError, RemoteErrorKind};

use crate::encode::percent_decode;

/// The deepest nesting; the service's documents have six levels.
const DEPTH_MAX: usize = 16;
/// The most elements: 5,000 blobs with their properties and metadata.
const ELEMENTS_MAX: usize = 2_000_000;

/// An element of a document.
#[derive(Debug, Clone, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// All text directly inside, exactly as it stands.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
    /// The text is written in percent escapes.
    encoded: bool,
}

impl Element {
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element of that name, where it is not empty.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }
}

fn malformed(how: &'static str) -> RemoteError {
    RemoteErrorKind::Malformed(how).into()
}

/// Reads a document whose outermost element has this name. Document types are refused, so nothing can be expanded.
pub(super) fn parse(document: &[u8], root: &str) -> Result<Element, RemoteError> {
    let text = std::str::from_utf8(document).map_err(|_| malformed("a document that is not UTF-8"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    loop {
        let event = reader.read_event();
        match event.map_err(|_| malformed("a document that is not well-formed"))? {
            Event::Start(tag) => {
                elements += 1;
                if elements > ELEMENTS_MAX || open.len() == DEPTH_MAX {
                    return Err(malformed("a document that is too large"));
                }
                open.push(element(&tag)?);
            }
            Event::Empty(tag) => close(&mut open, element(&tag)?),
            Event::End(_) => {
                let mut done = open.pop().ok_or(malformed("a document that is not well-formed"))?;
                if done.encoded {
                    done.text = percent_decode(&done.text).ok_or(malformed("a name with a broken escape"))?;
                }
                if open.is_empty() {
                    return if done.name == root { Ok(done) } else { Err(malformed("another document")) };
                }
                close(&mut open, done);
            }
            Event::Text(text) => push(&mut open, &text.xml10_content()),
            Event::CData(text) => push(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref().map_err(|_| malformed("bad text"))? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_xml_entity(&reference)
                        .ok_or(malformed("an unknown entity"))?
                        .to_owned(),
                };
                push(&mut open, &text);
            }
            Event::DocType(_) => return Err(malformed("a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return Err(malformed("a document that breaks off")),
        }
    }
}

fn element(tag: &BytesStart<'_>) -> Result<Element, RemoteError> {
    let name = tag.local_name().as_ref().to_owned();
    let mut encoded = false;
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| malformed("a bad attribute"))?;
        encoded |= attribute.key.as_ref() == "Encoded" && &*attribute.value == "true";
    }
    Ok(Element { name, encoded, ..Element::default() })
}

fn close(open: &mut [Element], done: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(done);
    }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_exactly_and_escaped_names_are_read() {
        let document = "\u{feff}<?xml version=\"1.0\"?><R><N> a&amp;b&#x20;</N><N Encoded=\"true\">x%EF%BF%BE</N><E/></R>";
        let found = parse(document.as_bytes(), "R").unwrap();
        let texts: Vec<_> = found.children.iter().map(|child| child.text.as_str()).collect();
        assert_eq!(texts, [" a&b ", "x\u{fffe}", ""]);
        for wrong in ["", "<R>", "<X></X>", "<R>&no;</R>", "<!DOCTYPE x><R></R>", "<R></S>"] {
            assert!(parse(wrong.as_bytes(), "R").is_err(), "{wrong}");
        }
        let deep = "<R>".repeat(DEPTH_MAX + 1);
        assert!(parse(deep.as_bytes(), "R").is_err());
    }
}
