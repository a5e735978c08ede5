use http::{StatusCode, header};
use s3_model::{PostObjectOutput, PostSuccess};

use super::headers::{set, set_checksum, set_etag, set_version};
use super::{document_with, empty, object_url};
use crate::percent::{self, Keep};
use crate::xml::Writer;
use crate::{Reply, Routed, Scheme};

/// Source: "POST Object" in the Amazon S3 API reference.
pub(super) fn encode(output: &PostObjectOutput, routed: &Routed, scheme: Scheme) -> Reply {
    let (bucket, key) = (output.bucket.as_str(), output.key.as_str());
    let url = object_url(routed, scheme, &output.bucket, &output.key);
    let (mut reply, location) = match &output.success {
        PostSuccess::NoContent => (empty(StatusCode::NO_CONTENT), url),
        PostSuccess::Ok => (empty(StatusCode::OK), url),
        PostSuccess::Created => {
            let mut xml = Writer::bare(512);
            xml.open("PostResponse")
                .text("Location", &url)
                .text("Bucket", bucket)
                .text("Key", key)
                .etag(&output.etag);
            (document_with(StatusCode::CREATED, xml.finish("PostResponse")), url)
        }
        PostSuccess::Redirect(target) => (empty(StatusCode::SEE_OTHER), redirect(target, output)),
    };
    set(&mut reply.headers, header::LOCATION, &location);
    set_etag(&mut reply.headers, &output.etag);
    set_version(&mut reply.headers, output.version_id.as_ref());
    set_checksum(&mut reply.headers, output.checksum.as_ref());
    reply
}

/// The URL with `bucket`, `key` and `etag` added to its query.
fn redirect(target: &str, output: &PostObjectOutput) -> String {
    let (front, fragment) =
        target.split_once('#').map_or((target, None), |(front, back)| (front, Some(back)));
    let mark = if front.contains('?') { '&' } else { '?' };
    let encode = |text: &str| percent::encode(text, Keep::Query);
    let etag = encode(&format!("\"{}\"", output.etag));
    let key = encode(output.key.as_str());
    let mut url = format!("{front}{mark}bucket={}&key={key}&etag={etag}", output.bucket);
    if let Some(fragment) = fragment {
        url.push('#');
        url.push_str(fragment);
    }
    url
}

#[cfg(test)]
mod tests {
    use s3_model::Output;
    use types::{BucketName, ETag, ObjectKey};

    use super::*;
    use crate::encode::testing::{header, reply, text};

    fn posted(success: PostSuccess) -> Reply {
        reply(Output::PostObject(Box::new(PostObjectOutput {
            bucket: BucketName::new("bucket").unwrap(),
            key: ObjectKey::new("a b").unwrap(),
            etag: ETag::from_text("e"),
            checksum: None,
            version_id: None,
            success,
        })))
    }

    #[test]
    fn each_answer_a_form_can_ask_for() {
        let none = posted(PostSuccess::NoContent);
        assert_eq!((none.status.as_u16(), header(&none, "etag").as_deref()), (204, Some("\"e\"")));
        assert_eq!(header(&none, "location").as_deref(), Some("http://localhost:9000/bucket/a%20b"));
        assert_eq!(posted(PostSuccess::Ok).status.as_u16(), 200);
        let created = posted(PostSuccess::Created);
        assert_eq!(created.status.as_u16(), 201);
        assert!(text(&created).ends_with(
            "<PostResponse><Location>http://localhost:9000/bucket/a%20b</Location><Bucket>bucket</Bucket><Key>a b</Key>\
             <ETag>&quot;e&quot;</ETag></PostResponse>"
        ));
    }

    #[test]
    fn a_redirect_says_what_was_stored() {
        for (target, url) in [
            ("http://h/p", "http://h/p?bucket=bucket&key=a%20b&etag=%22e%22"),
            ("http://h/p?x=1#f", "http://h/p?x=1&bucket=bucket&key=a%20b&etag=%22e%22#f"),
        ] {
            let reply = posted(PostSuccess::Redirect(target.to_owned()));
            assert_eq!((reply.status.as_u16(), header(&reply, "location").as_deref()), (303, Some(url)));
        }
    }
}
