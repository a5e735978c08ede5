//! AWS's own examples of Signature Version 2. Source: "Signing and authenticating REST requests (AWS signature version 2)".

use s3_auth::Scheme;
use types::Timestamp;

use crate::support::*;

/// That time of 2007-03-27.
fn near(hour: u64, minute: u64) -> Timestamp {
    Timestamp::from_secs(1_174_953_600 + hour * 3600 + minute * 60)
}

#[test]
fn authorization_headers() {
    let host = "Host: johnsmith.s3.amazonaws.com\n";
    for (line, headers, signature, now) in [
        (
            "GET /photos/puppy.jpg",
            format!("{host}Date: Tue, 27 Mar 2007 19:36:42 +0000"),
            "bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
            near(19, 36),
        ),
        (
            "PUT /photos/puppy.jpg",
            format!(
                "{host}Content-Type: image/jpeg\nContent-Length: 94328\nDate: Tue, 27 Mar 2007 21:15:45 +0000"
            ),
            "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
            near(21, 15),
        ),
        (
            "GET /?prefix=photos&max-keys=50&marker=puppy",
            format!("{host}User-Agent: Mozilla/5.0\nDate: Tue, 27 Mar 2007 19:42:41 +0000"),
            "htDYFYduRNen8P9ZfE/s9SuKy0U=",
            near(19, 42),
        ),
        (
            "GET /?acl",
            format!("{host}Date: Tue, 27 Mar 2007 19:44:46 +0000"),
            "c2WLPFtWHVgbEmeEG93a4cG37dM=",
            near(19, 44),
        ),
        (
            "DELETE /awsexamplebucket1/photos/puppy.jpg",
            "Host: s3.amazonaws.com\nDate: Tue, 27 Mar 2007 21:20:26 +0000".to_owned(),
            "XbyTlbQdu9Xw5o8P4iMwPktxQd8=",
            near(21, 20),
        ),
        (
            "GET /",
            "Host: s3.amazonaws.com\nDate: Wed, 28 Mar 2007 01:29:59 +0000".to_owned(),
            "qGdzdERIC03wnaRNKh6OqZehG9s=",
            near(25, 29),
        ),
        (
            "GET /dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
            "Host: s3.amazonaws.com\nDate: Wed, 28 Mar 2007 01:49:49 +0000".to_owned(),
            "DNEZGsoieTZ92F3bUfSPQcbGmlM=",
            near(25, 49),
        ),
    ] {
        let parts = request(&format!("{line}\n{headers}\nAuthorization: AWS {KEY_ID}:{signature}"));
        let authenticated = verify(&parts, now).unwrap_or_else(|error| panic!("{line}: {error:?}"));
        assert_eq!(authenticated.scheme, Scheme::V2Header, "{line}");
    }
}

#[test]
fn upload_with_repeated_metadata() {
    // The example's bucket is the host name `static.johnsmith.net`; path style makes the same resource of it.
    let parts = request(&format!(
        "PUT /static.johnsmith.net/db-backup.dat.gz
        User-Agent: curl/7.15.5
        Host: s3.amazonaws.com
        Date: Tue, 27 Mar 2007 21:06:08 +0000
        x-amz-acl: public-read
        content-type: application/x-download
        Content-MD5: 4gJE4saaMU4BqNR0kLY+lw==
        X-Amz-Meta-ReviewedBy: joe@johnsmith.net
        X-Amz-Meta-ReviewedBy: jane@johnsmith.net
        X-Amz-Meta-FileChecksum: 0x02661779
        X-Amz-Meta-ChecksumAlgorithm: crc32
        Content-Disposition: attachment; filename=database.dat
        Content-Encoding: gzip
        Content-Length: 5913339
        Authorization: AWS {KEY_ID}:ilyl83RwaSoYIEdixDQcA4OnAnc="
    ));
    verify(&parts, near(21, 6)).unwrap();
}

#[test]
fn presigned_url() {
    let url = format!(
        "GET /photos/puppy.jpg?AWSAccessKeyId={KEY_ID}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620
        Host: johnsmith.s3.amazonaws.com"
    );
    let expires = Timestamp::from_secs(1_175_139_620);
    assert_eq!(verify(&request(&url), expires).unwrap().scheme, Scheme::V2Query);
    let error = verify(&request(&url), after(expires, 1)).unwrap_err();
    assert_eq!(error.message, "Request has expired");
    // The same with the signature's characters unescaped, as careless programs send it.
    verify(&request(&url.replace("%2B", "+").replace("%3D", "=")), expires).unwrap();
}
