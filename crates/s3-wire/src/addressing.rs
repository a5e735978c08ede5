/// The domains under which a bucket's name may stand in front of the host name.
///
/// With no domain, and for any other host, the bucket is the first piece of the path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressing {
    domains: Vec<String>,
}

impl Addressing {
    /// Takes domains such as `s3.example.org`, in any letter case, with or without a dot before them.
    #[must_use]
    pub fn new(domains: impl IntoIterator<Item = String>) -> Self {
        let clean = |domain: String| domain.trim_matches('.').to_ascii_lowercase();
        let mut domains: Vec<_> =
            domains.into_iter().map(clean).filter(|domain| !domain.is_empty()).collect();
        // The longest first, so that of two domains of which one ends with the other the closer one holds.
        domains.sort_by_key(|domain| std::cmp::Reverse(domain.len()));
        Self { domains }
    }

    /// The bucket that stands in front of a domain in `host`, which may bear a port. Not checked as a name.
    pub(crate) fn bucket_in<'a>(&self, host: &'a str) -> Option<&'a str> {
        if self.domains.is_empty() {
            return None;
        }
        let host = without_port(host);
        if self.domains.iter().any(|domain| host.eq_ignore_ascii_case(domain)) {
            return None;
        }
        self.domains.iter().find_map(|domain| {
            let (front, back) = host.split_at_checked(host.len().checked_sub(domain.len())?)?;
            back.eq_ignore_ascii_case(domain).then(|| front.strip_suffix('.')).flatten()
        })
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_stand_before_configured_domains_only() {
        let addressing = Addressing::new(["S3.example.org".to_owned(), ".org".to_owned()]);
        for (host, bucket) in [
            ("bucket.s3.example.org", Some("bucket")),
            ("a.b.S3.Example.ORG:9000", Some("a.b")),
            ("s3.example.org", None),
            ("s3.example.org:80", None),
            ("xs3.example.net", None),
            ("bucket.org", Some("bucket")),
            ("[::1]:9000", None),
            ("", None),
        ] {
            assert_eq!(addressing.bucket_in(host), bucket, "{host}");
        }
        assert_eq!(Addressing::default().bucket_in("bucket.s3.example.org"), None);
    }
}
