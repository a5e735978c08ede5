use http::Method;
use quick_xml::escape::escape;
use remote::{Payload, RemoteErrorKind};
use types::{Context, TagSet};

use super::blob::drain;
use super::xml::parse;
use super::{Api, Call, Failure, Place};
use crate::encode::{decode_tag, encode_tag};

/// The largest document of ten tags.
const DOCUMENT_MAX_BYTES: usize = 64 * 1024;

impl Api {
    /// Source: "Get Blob Tags".
    pub(crate) async fn tags(&self, cx: &Context, container: &str, blob: &str) -> Result<TagSet, Failure> {
        let call = Call::new(Method::GET, Place::Blob(container, blob)).param("comp", "tags");
        let document = self.send(cx, call).await?.collect(DOCUMENT_MAX_BYTES).await?;
        let found = parse(&document, "Tags")?;
        let set = found.child("TagSet").ok_or(MALFORMED)?;
        let decoded = |text: &str| decode_tag(text).into_owned();
        let tags = set.children.iter().map(|tag| {
            let (key, value) = (tag.child("Key")?, tag.child("Value"));
            Some((decoded(&key.text), value.map(|value| decoded(&value.text)).unwrap_or_default()))
        });
        let tags = tags.collect::<Option<Vec<_>>>().ok_or(MALFORMED)?;
        Ok(TagSet::new(tags, TagSet::OBJECT_MAX).map_err(|_| MALFORMED)?)
    }

    /// Source: "Set Blob Tags".
    pub(crate) async fn set_tags(
        &self,
        cx: &Context,
        (container, blob): (&str, &str),
        tags: &TagSet,
    ) -> Result<(), Failure> {
        let mut document = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><Tags><TagSet>");
        for (key, value) in tags.iter() {
            let (key, value) = (encode_tag(key), encode_tag(value));
            document.push_str(&format!(
                "<Tag><Key>{}</Key><Value>{}</Value></Tag>",
                escape(&*key),
                escape(&*value)
            ));
        }
        document.push_str("</TagSet></Tags>");
        let call = Call::new(Method::PUT, Place::Blob(container, blob))
            .param("comp", "tags")
            .header("content-type", "application/xml")
            .body(Payload::Bytes(document.into()));
        drain(self.send(cx, call).await?).await;
        Ok(())
    }
}

const MALFORMED: remote::RemoteError =
    remote::RemoteError { kind: RemoteErrorKind::Malformed("tags that are none"), source: None };
