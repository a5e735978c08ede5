use hash::Md5;
use types::ETag;

/// The entity tag of a blob that tells no MD5 and was not written through Sluice: a pure function of Azure's own tag, so
/// that it is the same on every node and after the loss of all our records. It never looks like the MD5 of bytes.
pub(crate) fn dress(azure_etag: &str) -> ETag {
    ETag::multipart(Md5::digest(azure_etag.as_bytes()), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dressed_tag_depends_on_the_version_alone_and_is_no_md5() {
        let tag = dress("0x8D4BCC2E4835CD0");
        assert_eq!(tag, dress("0x8D4BCC2E4835CD0"));
        assert_ne!(tag, dress("0x8D4BCC2E4835CD1"));
        assert_eq!(tag.md5(), None);
        assert_eq!(tag.as_str().len(), 34);
    }
}
