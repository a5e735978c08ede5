use bytes::Bytes;

/// Writes a document.
#[derive(Debug)]
pub(crate) struct Writer(String);

impl Writer {
    /// A document with this root, open.
    pub(crate) fn root(name: &str) -> Self {
        Self(format!("<{name} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"))
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &str) {
        self.0.push_str(&format!("<{name}>"));
    }

    /// Closes an element.
    pub(crate) fn close(&mut self, name: &str) {
        self.0.push_str(&format!("</{name}>"));
    }

    /// An element with text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                // Written as they are they would be read as a line's end, or trimmed.
                '\r' | '\n' | '\t' => self.0.push_str(&format!("&#{};", character as u32)),
                character => self.0.push(character),
            }
        }
        self.close(name);
    }

    /// The document, its root closed.
    pub(crate) fn finish(mut self, name: &str) -> Bytes {
        self.close(name);
        self.0.into()
    }
}

/// Whether XML 1.0 can bear a text at all. Source: its production `Char`.
pub(crate) fn bears(text: &str) -> bool {
    text.chars().all(|character| {
        matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::parse;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "\\PC{0,20}[\r\n\t<&>\"']{0,3}") {
            let mut writer = Writer::root("R");
            writer.text("T", &text);
            let root = parse(&writer.finish("R")).unwrap();
            prop_assert_eq!(root.get("T"), Some(text.as_str()));
        }
    }

    #[test]
    fn control_characters_cannot_be_borne() {
        assert!(bears("a\n\u{1F600}"));
        assert!(["\0", "a\u{1}", "\u{fffe}"].iter().all(|text| !bears(text)));
    }
}
