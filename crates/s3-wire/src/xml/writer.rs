use types::{Checksum, Owner, Timestamp};

use crate::date;

/// The namespace of all S3 documents but errors.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Writes a document into one buffer, without intermediate text.
pub(crate) struct Writer {
    buffer: Vec<u8>,
}

impl Writer {
    /// A document in S3's namespace, its outermost element begun.
    pub(crate) fn begin(root: &str, capacity_bytes: usize) -> Self {
        let mut writer = Self::bare(capacity_bytes);
        writer.raw("<").raw(root).raw(" xmlns=\"").raw(NAMESPACE).raw("\">");
        writer
    }

    /// A document without a namespace, nothing begun.
    pub(crate) fn bare(capacity_bytes: usize) -> Self {
        let mut writer = Self { buffer: Vec::with_capacity(capacity_bytes) };
        writer.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        writer
    }

    /// A piece of a document, for writing once what stands in it many times.
    pub(crate) fn fragment() -> Self {
        Self { buffer: Vec::new() }
    }

    /// What was written to a fragment.
    pub(crate) fn into_text(self) -> String {
        String::from_utf8(self.buffer).expect("only text was written")
    }

    /// Ends the outermost element.
    pub(crate) fn finish(mut self, root: &str) -> Vec<u8> {
        self.close(root);
        self.buffer
    }

    /// Text that is known to need no escaping.
    pub(crate) fn raw(&mut self, text: &str) -> &mut Self {
        self.buffer.extend_from_slice(text.as_bytes());
        self
    }

    /// Begins an element.
    pub(crate) fn open(&mut self, name: &str) -> &mut Self {
        self.raw("<").raw(name).raw(">")
    }

    /// Ends an element.
    pub(crate) fn close(&mut self, name: &str) -> &mut Self {
        self.raw("</").raw(name).raw(">")
    }

    /// An element with text, escaped.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.open(name).escaped(text).close(name)
    }

    /// An element with text, where there is one.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            self.text(name, text);
        }
        self
    }

    /// An element with a number.
    pub(crate) fn number(&mut self, name: &str, mut number: u64) -> &mut Self {
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.open(name);
        self.buffer.extend_from_slice(&digits[start..]);
        self.close(name)
    }

    /// An element with `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        self.open(name).raw(if flag { "true" } else { "false" }).close(name)
    }

    /// An element with a moment.
    pub(crate) fn moment(&mut self, name: &str, moment: Timestamp) -> &mut Self {
        self.open(name);
        date::write_iso(&mut self.buffer, moment);
        self.close(name)
    }

    /// `ETag`, in quotes.
    pub(crate) fn etag(&mut self, etag: &types::ETag) -> &mut Self {
        self.raw("<ETag>&quot;").escaped(etag.as_str()).raw("&quot;</ETag>")
    }

    /// An owner or initiator. S3 has not written display names since 2025; clients still read them where they are.
    pub(crate) fn owner(&mut self, name: &str, owner: &Owner) -> &mut Self {
        self.open(name).text("ID", owner.id.as_str()).text("DisplayName", &owner.display_name).close(name)
    }

    /// The element of a checksum's own algorithm, such as `ChecksumCRC32`.
    pub(crate) fn checksum(&mut self, checksum: &Checksum) -> &mut Self {
        let algorithm = checksum.algorithm.name();
        self.raw("<Checksum").raw(algorithm).raw(">");
        self.raw(&crate::checksum::value_text(checksum)).raw("</Checksum").raw(algorithm).raw(">")
    }

    /// Text, percent-encoded where the listing asked for it, else escaped.
    pub(crate) fn key(
        &mut self,
        name: &str,
        key: &str,
        encoding: Option<s3_model::EncodingType>,
    ) -> &mut Self {
        self.open(name);
        match encoding {
            Some(s3_model::EncodingType::Url) => {
                crate::percent::encode_into(key, crate::percent::Keep::Listing, &mut self.buffer);
            }
            None => {
                self.escaped(key);
            }
        }
        self.close(name)
    }

    /// Text, escaped. Control characters that XML 1.0 has no way to write are written by number, as S3 does; a client that
    /// must read them asks for `encoding-type=url`.
    pub(crate) fn escaped(&mut self, text: &str) -> &mut Self {
        let bytes = text.as_bytes();
        let mut written = 0;
        for (place, byte) in bytes.iter().enumerate() {
            if !NEEDS_ESCAPE[usize::from(*byte)] {
                continue;
            }
            self.buffer.extend_from_slice(&bytes[written..place]);
            written = place + 1;
            self.escape(*byte);
        }
        self.buffer.extend_from_slice(&bytes[written..]);
        self
    }

    fn escape(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        match byte {
            b'&' => self.buffer.extend_from_slice(b"&amp;"),
            b'<' => self.buffer.extend_from_slice(b"&lt;"),
            b'>' => self.buffer.extend_from_slice(b"&gt;"),
            b'"' => self.buffer.extend_from_slice(b"&quot;"),
            control => {
                self.buffer.extend_from_slice(b"&#x");
                if control >> 4 > 0 {
                    self.buffer.push(DIGITS[usize::from(control >> 4)]);
                }
                self.buffer.extend_from_slice(&[DIGITS[usize::from(control & 15)], b';']);
            }
        }
    }
}

/// The bytes that do not stand for themselves.
const NEEDS_ESCAPE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < b' ' as usize {
        table[byte] = byte != b'\t' as usize && byte != b'\n' as usize;
        byte += 1;
    }
    table[b'&' as usize] = true;
    table[b'<' as usize] = true;
    table[b'>' as usize] = true;
    table[b'"' as usize] = true;
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut writer = Writer::bare(0);
        writer.text("K", text);
        String::from_utf8(writer.buffer).unwrap().split_once('\n').unwrap().1.to_owned()
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(written("a&b<c>\"d\"'e'\t\n"), "<K>a&amp;b&lt;c&gt;&quot;d&quot;'e'\t\n</K>");
        assert_eq!(written("\r\u{1}\u{1f}\0é"), "<K>&#xd;&#x1;&#x1f;&#x0;é</K>");
    }

    #[test]
    fn numbers_are_written_whole() {
        let mut writer = Writer::bare(0);
        writer.number("N", 0).number("N", u64::MAX);
        assert!(writer.buffer.ends_with(b"<N>0</N><N>18446744073709551615</N>"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "[\\PC\t\n\r\u{1}-\u{1f}<>&\"']{0,40}") {
            let mut writer = Writer::begin("Root", 0);
            writer.text("K", &text);
            let root = crate::xml::parse(&writer.finish("Root"), "Root").unwrap();
            // A line end that is not a line feed is always written by number, except what XML 1.1 alone calls one.
            prop_assert_eq!(&root.child("K").unwrap().text, &text);
        }
    }
}
