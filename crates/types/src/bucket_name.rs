use std::fmt;
use std::sync::Arc;

/// A legal general-purpose bucket name: 3 to 63 bytes of `a-z`, `0-9`, `.` and `-`.
///
/// Source: "General purpose bucket naming rules" in the Amazon S3 user guide. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(Arc<str>);

/// The text is not a legal bucket name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidBucketName;

impl fmt::Display for InvalidBucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bucket name is 3 to 63 of a-z, 0-9, '.' and '-', begins and ends with a letter or digit, and is not an IP address")
    }
}

impl std::error::Error for InvalidBucketName {}

const RESERVED_PREFIXES: [&str; 2] = ["xn--", "sthree-"];
const RESERVED_SUFFIXES: [&str; 4] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3"];

impl BucketName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`InvalidBucketName`] when a naming rule is broken.
    pub fn new(name: &str) -> Result<Self, InvalidBucketName> {
        if is_legal(name) { Ok(Self(name.into())) } else { Err(InvalidBucketName) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_legal(name: &str) -> bool {
    let bytes = name.as_bytes();
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'-'))
        && bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !RESERVED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_legal_names_up_to_both_limits() {
        for name in ["abc", "a.b", "my-bucket.example", "0ab", &"a".repeat(63)] {
            assert!(BucketName::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn refuses_each_broken_rule() {
        let long = "a".repeat(64);
        for name in [
            "",
            "ab",
            &long,
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            ".ab",
            "a..b",
            "192.168.5.4",
            "xn--abc",
            "abc-s3alias",
        ] {
            assert!(BucketName::new(name).is_err(), "{name}");
        }
    }
}
