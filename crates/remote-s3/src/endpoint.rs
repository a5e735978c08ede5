use std::fmt;

use http::Uri;
use http::uri::{Authority, Scheme};
use sigv4::encode::encoded;

/// The region that is signed for until another one is learnt.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// Where the bucket's name stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressing {
    /// In the host name for AWS, in the path for every other service.
    #[default]
    Auto,
    /// `https://ENDPOINT/BUCKET/KEY`.
    Path,
    /// `https://BUCKET.ENDPOINT/KEY`; names with a dot go into the path where TLS is used, since no certificate covers
    /// them.
    Virtual,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidEndpoint(&'static str);

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidEndpoint {}

/// The address of a service that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    authority: Authority,
    addressing: Addressing,
    /// Whether it is AWS, whose host names tell the region.
    aws: Option<AwsDomain>,
}

/// The ends of AWS's host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AwsDomain {
    Global,
    China,
}

impl AwsDomain {
    fn of(host: &str) -> Option<Self> {
        if host.ends_with(".amazonaws.com") {
            Some(Self::Global)
        } else if host.ends_with(".amazonaws.com.cn") {
            Some(Self::China)
        } else {
            None
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Global => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
        }
    }
}

impl Endpoint {
    /// Reads `http://HOST[:PORT]` or `https://HOST[:PORT]`.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] where it is another text, or has a path, a query or a user in it.
    pub fn parse(text: &str, addressing: Addressing) -> Result<Self, InvalidEndpoint> {
        let uri: Uri = text.parse().map_err(|_| InvalidEndpoint("the endpoint is not a URL"))?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.filter(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
        let scheme =
            scheme.ok_or(InvalidEndpoint("the endpoint must begin with \"http://\" or \"https://\""))?;
        let authority = parts.authority.ok_or(InvalidEndpoint("the endpoint has no host"))?;
        if parts.path_and_query.is_some_and(|rest| rest.as_str() != "/") {
            return Err(InvalidEndpoint("the endpoint must be a host without a path or a query"));
        }
        if authority.as_str().contains('@') {
            return Err(InvalidEndpoint("the endpoint must not have a user in it"));
        }
        let aws = AwsDomain::of(authority.host());
        Ok(Self { scheme, authority, addressing, aws })
    }

    /// The endpoint of AWS in a region.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] where the region cannot be a part of a host name.
    pub fn aws(region: &str, addressing: Addressing) -> Result<Self, InvalidEndpoint> {
        if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(InvalidEndpoint("the region must be letters, digits and hyphens"));
        }
        let domain = if region.starts_with("cn-") { AwsDomain::China } else { AwsDomain::Global };
        Self::parse(&format!("https://s3.{region}.{}", domain.suffix()), addressing)
    }

    /// The region that the host name tells.
    pub(crate) fn region(&self) -> Option<&str> {
        let domain = self.aws?.suffix();
        let head = self.authority.host().strip_suffix(domain)?.strip_suffix('.')?;
        head.strip_prefix("s3.").or_else(|| head.strip_prefix("s3-"))
    }

    /// The region that another host of the same service tells, with a bucket's name before it or without.
    pub(crate) fn region_of_host<'h>(&self, host: &'h str) -> Option<&'h str> {
        let head = host.strip_suffix(self.aws?.suffix())?.strip_suffix('.')?;
        let place = head.rfind("s3.").or_else(|| head.rfind("s3-"))?;
        let region = &head[place + "s3.".len()..];
        let begins = place == 0 || head[..place].ends_with('.');
        (begins && is_region(region)).then_some(region)
    }

    /// Whether it is AWS, of which more is known than of other services.
    pub(crate) fn is_aws(&self) -> bool {
        self.aws.is_some()
    }

    /// Whether what is sent can be read and changed on the way.
    pub(crate) fn is_plain(&self) -> bool {
        self.scheme == Scheme::HTTP
    }

    /// The address of a request in `region`. `query` is encoded already.
    pub(crate) fn uri(&self, region: &str, bucket: Option<&str>, key: Option<&str>, query: &str) -> Uri {
        let mut authority = match self.aws {
            // A bucket of another region than the configured one answers at its own.
            Some(domain) if self.region().is_some_and(|own| own != region) => {
                format!("s3.{region}.{}", domain.suffix())
            }
            _ => self.authority.as_str().to_owned(),
        };
        let mut path = String::from("/");
        match bucket {
            Some(bucket) if self.in_host(bucket) => authority = format!("{bucket}.{authority}"),
            Some(bucket) => {
                path.push_str(bucket);
                if key.is_some() {
                    path.push('/');
                }
            }
            None => {}
        }
        if let Some(key) = key {
            path.push_str(&encoded(key, Some(b'/')));
        }
        if !query.is_empty() {
            path.push('?');
            path.push_str(query);
        }
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(authority)
            .path_and_query(path)
            .build()
            .expect("names of buckets and regions are checked, keys and queries encoded")
    }

    fn in_host(&self, bucket: &str) -> bool {
        let fits = self.is_plain() || !bucket.contains('.');
        fits && match self.addressing {
            Addressing::Auto => self.is_aws(),
            Addressing::Path => false,
            Addressing::Virtual => true,
        }
    }
}

/// Whether a text that a service calls a region can be one.
pub(crate) fn is_region(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(endpoint: &str, addressing: Addressing, region: &str, bucket: &str, key: &str) -> String {
        let endpoint = Endpoint::parse(endpoint, addressing).unwrap();
        endpoint.uri(region, Some(bucket), Some(key), "").to_string()
    }

    #[test]
    fn the_bucket_stands_where_the_service_expects_it() {
        use Addressing::{Auto, Path, Virtual};
        let minio = "http://127.0.0.1:9000";
        assert_eq!(uri(minio, Auto, "us-east-1", "b", "k"), "http://127.0.0.1:9000/b/k");
        assert_eq!(uri("http://s3.test:9000", Virtual, "x", "a.b", "k"), "http://a.b.s3.test:9000/k");
        let aws = "https://s3.eu-west-1.amazonaws.com";
        assert_eq!(uri(aws, Auto, "eu-west-1", "b", "k"), "https://b.s3.eu-west-1.amazonaws.com/k");
        assert_eq!(uri(aws, Auto, "eu-west-1", "a.b", "k"), "https://s3.eu-west-1.amazonaws.com/a.b/k");
        assert_eq!(uri(aws, Path, "us-west-2", "b", "k"), "https://s3.us-west-2.amazonaws.com/b/k");
        let china = Endpoint::aws("cn-north-1", Auto).unwrap();
        assert_eq!(
            (china.region(), china.uri("cn-north-1", None, None, "").to_string()),
            (Some("cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn/".to_owned())
        );
    }

    #[test]
    fn keys_are_encoded_and_nothing_is_resolved() {
        let key = "../a//./\u{0}+ %é";
        let written = uri("http://h", Addressing::Path, "r", "b", key);
        assert_eq!(written, "http://h/b/../a//./%00%2B%20%25%C3%A9");
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in ["", "host", "ftp://h", "https://h/path", "https://u@h", "https://h?x=1"] {
            assert!(Endpoint::parse(text, Addressing::Auto).is_err(), "{text}");
        }
        assert!(Endpoint::aws("a.b", Addressing::Auto).is_err());
    }
}
