use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::answer::{Answered, Refusal, ok, refused, unprocessable};
use super::entries::made;
use super::request::{Call, number, text};
use super::storage::sign;
use super::world::{Upload, World};

/// The most parts of an upload.
const PARTS_MAX: u64 = 10_000;

impl World {
    /// `POST /s3/multipart/create`.
    pub(super) fn create_upload(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        let (name, parent) = (text(&body, "filename")?, number(&body, "parentId")?);
        for field in ["mime", "extension"] {
            text(&body, field)?;
        }
        number(&body, "size")?.ok_or_else(|| unprocessable("The size field is required."))?;
        self.check_place(parent, name)?;
        let number = self.issue();
        let (id, key) = (format!("upload-{number}"), format!("uploads/{number}/object-{number}"));
        self.uploads.insert(id.clone(), Upload { key: key.clone(), ..Upload::default() });
        Ok(ok(&json!({ "uploadId": id, "key": key })))
    }

    /// `POST /s3/multipart/batch-sign-part-urls`.
    pub(super) fn sign_parts(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        let (id, _) = self.open_upload(&body)?;
        let numbers = body.get("partNumbers").and_then(Value::as_array).cloned().unwrap_or_default();
        let sign = |value: &Value| {
            let number = value.as_u64().filter(|number| (1..=PARTS_MAX).contains(number))?;
            let object = format!("parts/{id}/{number}");
            let url = format!("{}/{object}?signature={}", self.storage, sign(&object));
            Some(json!({ "url": url, "partNumber": number }))
        };
        let urls: Option<Vec<Value>> = numbers.iter().map(sign).collect();
        let urls = urls.filter(|urls| !urls.is_empty());
        let urls = urls.ok_or_else(|| unprocessable("The part numbers field is invalid."))?;
        Ok(ok(&json!({ "urls": urls })))
    }

    /// `POST /s3/multipart/complete`. The upload stays open where the parts are wrong.
    pub(super) fn complete_upload(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        let twice = self.settings.complete_twice;
        let found = self.uploads.get(text(&body, "uploadId")?);
        let upload = found.filter(|upload| upload.key == body["key"].as_str().unwrap_or_default());
        let upload = upload.ok_or_else(|| refused(404, "The upload does not exist."))?;
        if upload.is_complete {
            return if twice {
                Ok(ok(&json!({ "location": upload.key })))
            } else {
                Err(refused(404, "Gone."))
            };
        }
        let whole = self.assemble(upload, body.get("parts").and_then(Value::as_array))?;
        let (id, key) = (text(&body, "uploadId")?.to_owned(), upload.key.clone());
        self.objects.insert(key.clone(), whole);
        if let Some(upload) = self.uploads.get_mut(&id) {
            upload.is_complete = true;
            upload.parts.clear();
        }
        Ok(ok(&json!({ "location": key })))
    }

    fn assemble(&self, upload: &Upload, listed: Option<&Vec<Value>>) -> Result<Bytes, Refusal> {
        let invalid = || unprocessable("One or more of the specified parts could not be found.");
        let listed = listed.filter(|parts| !parts.is_empty()).ok_or_else(invalid)?;
        let (mut whole, mut before) = (BytesMut::new(), 0);
        for (place, part) in listed.iter().enumerate() {
            let number = part.get("PartNumber").and_then(Value::as_u64).ok_or_else(invalid)?;
            let number = u32::try_from(number).map_err(|_| invalid())?;
            let etag = part.get("ETag").and_then(Value::as_str).ok_or_else(invalid)?;
            let (kept, bytes) = upload.parts.get(&number).ok_or_else(invalid)?;
            let is_last = place + 1 == listed.len();
            if kept != etag || number <= before {
                return Err(invalid());
            }
            if !is_last && (bytes.len() as u64) < self.settings.part_min_bytes {
                return Err(refused(500, "Your proposed upload is smaller than the minimum allowed size."));
            }
            before = number;
            whole.extend_from_slice(bytes);
        }
        Ok(whole.freeze())
    }

    /// `POST /s3/entries`: the entry of a completed upload. The size told is believed.
    pub(super) fn make_entry(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        for field in ["clientMime", "clientExtension"] {
            text(&body, field)?;
        }
        let (name, parent) = (text(&body, "clientName")?, number(&body, "parentId")?);
        let size = number(&body, "size")?.ok_or_else(|| unprocessable("The size field is required."))?;
        let file = text(&body, "filename")?;
        if body.get("relativePath").is_some_and(|path| !path.is_null()) && parent.is_some() {
            return Err(unprocessable("The parentId and relativePath differ."));
        }
        self.check_place(parent, name)?;
        let upload = self.uploads.values().find(|upload| upload.key.rsplit('/').next() == Some(file));
        let key = upload.map(|upload| upload.key.clone()).unwrap_or_else(|| format!("uploads/{file}"));
        let entry = self.add(parent, name, Some((size, key)));
        Ok(made(&entry))
    }

    /// `POST /s3/multipart/abort`.
    pub(super) fn abort_upload(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        let (id, _) = self.open_upload(&body)?;
        self.uploads.remove(&id);
        Ok(ok(&json!({ "status": "success" })))
    }

    fn open_upload(&self, body: &Value) -> Result<(String, String), Refusal> {
        let (id, key) = (text(body, "uploadId")?, text(body, "key")?);
        match self.uploads.get(id) {
            Some(upload) if upload.key == key && !upload.is_complete => Ok((id.to_owned(), key.to_owned())),
            _ => Err(refused(404, "The upload does not exist.")),
        }
    }
}
