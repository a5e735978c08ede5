/// The size of the whole, from `Content-Range: bytes 0-4/10`. Source: RFC 9110, section 14.4.
pub(crate) fn total_of(content_range: &str) -> Option<u64> {
    content_range.strip_prefix("bytes ")?.rsplit_once('/')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_behind_the_slash() {
        assert_eq!(total_of("bytes 0-4/10"), Some(10));
        assert_eq!(total_of("bytes 0-4/*"), None);
        assert_eq!(total_of("0-4/10"), None);
    }
}
