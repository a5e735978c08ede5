use std::io::Write as _;

use aws_lc_rs::{digest, hmac};
use time::OffsetDateTime;
use types::{Clock, SystemClock};

use crate::args::Auth;
use crate::endpoint::Endpoint;

/// How long a presigned request stays valid: longer than any round.
const EXPIRES_SECONDS: u32 = 3600;
/// The payload that is not hashed.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What a request says, before it is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The method.
    pub(crate) method: &'a str,
    /// Bucket and key with a leading slash, escaped as it goes onto the wire.
    pub(crate) path: &'a str,
    /// The query in canonical form (sorted, escaped, every name with `=`), without the question mark.
    pub(crate) query: &'a str,
    /// The value of `x-amz-content-sha256`.
    pub(crate) payload: &'a str,
    /// Headers to sign beside the usual three: lower case, sorted, behind `x-amz-date` in byte order.
    pub(crate) signed: &'a [(&'a str, &'a str)],
    /// Content length of the request, where there is a body.
    pub(crate) length_bytes: Option<u64>,
}

/// Writes request heads, signed with Signature Version 4 at one moment; a head is valid for fifteen minutes.
///
/// The signing key is derived once; a head costs two SHA-256 and one HMAC.
pub(crate) struct Signer {
    auth: Auth,
    host: String,
    base_path: String,
    access_key: String,
    key: hmac::Key,
    scope: String,
    moment: String,
    canonical: Vec<u8>,
}

impl Signer {
    /// A signer for this endpoint, at the present moment.
    pub(crate) fn new(endpoint: &Endpoint, auth: Auth, keys: (&str, &str), region: &str) -> Self {
        let now = OffsetDateTime::from_unix_timestamp(SystemClock.now().as_secs().cast_signed())
            .expect("the present is a date");
        let date = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
        let moment = format!("{date}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{}", keys.1).as_bytes());
        for step in [date.as_str(), region, "s3", "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, step.as_bytes()).as_ref());
        }
        Self {
            auth,
            host: endpoint.host.clone(),
            base_path: endpoint.base_path.clone(),
            access_key: keys.0.to_owned(),
            key,
            scope: format!("{date}/{region}/s3/aws4_request"),
            moment,
            canonical: Vec::with_capacity(1024),
        }
    }

    /// Appends the head of a request to `head`, its blank line included.
    pub(crate) fn head(&mut self, call: &Call<'_>, head: &mut Vec<u8>) {
        match self.auth {
            Auth::Header => self.header_signed(call, head),
            Auth::Presigned => self.presigned(call, head),
            Auth::None => {
                self.start(call, call.query, head);
                finish(call, head);
            }
        }
    }

    fn header_signed(&mut self, call: &Call<'_>, head: &mut Vec<u8>) {
        let mut names = String::from("host;x-amz-content-sha256;x-amz-date");
        let canonical = &mut self.canonical;
        canonical.clear();
        write_to(
            canonical,
            format_args!("{}\n{}{}\n{}\n", call.method, self.base_path, call.path, call.query),
        );
        write_to(
            canonical,
            format_args!(
                "host:{}\nx-amz-content-sha256:{}\nx-amz-date:{}\n",
                self.host, call.payload, self.moment
            ),
        );
        for (name, value) in call.signed {
            write_to(canonical, format_args!("{name}:{value}\n"));
            names.push(';');
            names.push_str(name);
        }
        write_to(canonical, format_args!("\n{names}\n{}", call.payload));
        let signature = self.signature();
        self.start(call, call.query, head);
        write_to(
            head,
            format_args!(
                "x-amz-date: {}\r\nx-amz-content-sha256: {}\r\nauthorization: AWS4-HMAC-SHA256 Credential={}/{}, \
                 SignedHeaders={names}, Signature={signature}\r\n",
                self.moment, call.payload, self.access_key, self.scope
            ),
        );
        finish(call, head);
    }

    fn presigned(&mut self, call: &Call<'_>, head: &mut Vec<u8>) {
        let mut names = String::from("host");
        call.signed.iter().for_each(|(name, _)| {
            names.push_str("%3B");
            names.push_str(name);
        });
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{}&X-Amz-Date={}&X-Amz-Expires={EXPIRES_SECONDS}\
             &X-Amz-SignedHeaders={names}{}{}",
            self.access_key,
            self.scope.replace('/', "%2F"),
            self.moment,
            if call.query.is_empty() { "" } else { "&" },
            call.query
        );
        let canonical = &mut self.canonical;
        canonical.clear();
        write_to(canonical, format_args!("{}\n{}{}\n{query}\n", call.method, self.base_path, call.path));
        write_to(canonical, format_args!("host:{}\n", self.host));
        for (name, value) in call.signed {
            write_to(canonical, format_args!("{name}:{value}\n"));
        }
        write_to(canonical, format_args!("\n{}\n{UNSIGNED_PAYLOAD}", names.replace("%3B", ";")));
        let signature = self.signature();
        self.start(call, &format!("{query}&X-Amz-Signature={signature}"), head);
        finish(call, head);
    }

    fn start(&self, call: &Call<'_>, query: &str, head: &mut Vec<u8>) {
        let mark = if query.is_empty() { "" } else { "?" };
        write_to(
            head,
            format_args!(
                "{} {}{}{mark}{query} HTTP/1.1\r\nhost: {}\r\n",
                call.method, self.base_path, call.path, self.host
            ),
        );
    }

    fn signature(&self) -> String {
        let hashed = hex(digest::digest(&digest::SHA256, &self.canonical).as_ref());
        let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{}\n{hashed}", self.moment, self.scope);
        hex(hmac::sign(&self.key, to_sign.as_bytes()).as_ref())
    }
}

fn finish(call: &Call<'_>, head: &mut Vec<u8>) {
    for (name, value) in call.signed {
        write_to(head, format_args!("{name}: {value}\r\n"));
    }
    if let Some(length) = call.length_bytes {
        write_to(head, format_args!("content-length: {length}\r\n"));
    }
    head.extend_from_slice(b"\r\n");
}

fn write_to(bytes: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    bytes.write_fmt(text).expect("a vector takes every byte");
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits =
        bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

/// Escapes one query value as the canonical request wants it.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the S3 API reference, "Authenticating Requests: Using Query Parameters".
    #[test]
    fn a_presigned_request_is_the_one_of_the_s3_reference() {
        let endpoint = Endpoint {
            address: "127.0.0.1:80".parse().unwrap(),
            host: "examplebucket.s3.amazonaws.com".into(),
            base_path: String::new(),
        };
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let mut signer =
            Signer::new(&endpoint, Auth::Presigned, ("AKIAIOSFODNN7EXAMPLE", secret), "us-east-1");
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
        for step in ["20130524", "us-east-1", "s3", "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, step.as_bytes()).as_ref());
        }
        signer.key = key;
        signer.moment = "20130524T000000Z".into();
        signer.scope = "20130524/us-east-1/s3/aws4_request".into();
        signer.canonical =
            b"GET\n/test.txt\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE\
            %2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400\
            &X-Amz-SignedHeaders=host\nhost:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD"
                .to_vec();
        assert_eq!(signer.signature(), "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    }

    #[test]
    fn a_head_ends_with_a_blank_line_and_names_its_signed_headers() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9000").unwrap();
        let mut signer = Signer::new(&endpoint, Auth::Header, ("id", "secret"), "us-east-1");
        let call = Call {
            method: "PUT",
            path: "/b/k",
            query: "",
            payload: UNSIGNED_PAYLOAD,
            signed: &[("x-amz-trailer", "x-amz-checksum-crc64nvme")],
            length_bytes: Some(3),
        };
        let mut head = Vec::new();
        signer.head(&call, &mut head);
        let text = String::from_utf8(head).unwrap();
        assert!(text.starts_with("PUT /b/k HTTP/1.1\r\nhost: 127.0.0.1:9000\r\n"));
        assert!(text.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-trailer, "));
        assert!(text.ends_with("content-length: 3\r\n\r\n"));
    }

    #[test]
    fn slashes_of_a_query_value_are_escaped() {
        assert_eq!(escape("a/b c~"), "a%2Fb%20c~");
    }
}
