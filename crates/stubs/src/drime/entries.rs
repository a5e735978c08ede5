use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answered, Refusal, json_with, ok, refused, unprocessable};
use super::form::Form;
use super::request::{Call, entry_ids, number, text};
use super::world::{Entry, World, is_legal_name};

impl World {
    /// `POST /folders`.
    pub(super) fn make_folder(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        let (name, parent) = (text(&body, "name")?, number(&body, "parentId")?);
        self.check_place(parent, name)?;
        let twin = |entry: &&Entry| entry.is_folder && entry.name.to_lowercase() == name.to_lowercase();
        if self.children(parent).any(|entry| twin(&entry)) {
            return Err(unprocessable("Folder with same name already exists."));
        }
        let folder = self.add(parent, name, None);
        Ok(ok(&json!({ "status": "success", "folder": folder.shown(None) })))
    }

    /// `POST /uploads`: a whole small file.
    pub(super) fn upload(&mut self, call: &Call<'_>) -> Answered {
        let malformed = || refused(400, "The form is malformed.");
        let form = Form::read(&call.parts.headers, call.body).ok_or_else(malformed)?;
        let file = form.file.as_ref().ok_or_else(|| unprocessable("The file field is required."))?;
        if file.bytes.len() > self.settings.small_max_bytes {
            return Err(refused(413, "The file is too large."));
        }
        let fields = Value::Object(form.fields.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect());
        let parent = number(&fields, "parentId")?;
        if form.fields.contains_key("relativePath") && parent.is_some() {
            return Err(unprocessable("The parentId and relativePath differ."));
        }
        self.check_place(parent, &file.name)?;
        let mut entry = self.add_file(parent, &file.name, file.bytes.clone());
        entry.mime.clone_from(&file.mime);
        self.entries.insert(entry.id, entry.clone());
        Ok(made(&entry))
    }

    /// `POST /file-entries/delete`. An id that is gone fails the whole call.
    pub(super) fn delete(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        let ids = entry_ids(&body)?;
        let forever = body.get("deleteForever").and_then(Value::as_bool).unwrap_or(false);
        let there = |id: &u64| self.entries.get(id).is_some_and(|entry| forever || !entry.in_trash);
        if !ids.iter().all(there) {
            return Err(unprocessable("The selected entry ids is invalid."));
        }
        for id in ids {
            self.remove(id, forever);
        }
        Ok(ok(&json!({ "status": "success" })))
    }

    /// `POST /file-entries/{id}` with the method overridden: another name.
    pub(super) fn rename(&mut self, call: &Call<'_>, id: u64) -> Answered {
        let overridden = call.parts.headers.get("x-http-method-override");
        if overridden.is_none_or(|method| method != "PUT") {
            return Err(refused(405, "The POST method is not supported for this route."));
        }
        let body = call.json()?;
        let name = text(&body, "name")?;
        let parent = self.live(id)?.parent;
        self.check_place(parent, name)?;
        self.hold_listing(parent, self.settings.late_pages);
        let entry = self.change(id, |entry| name.clone_into(&mut entry.name));
        Ok(ok(&json!({ "status": "success", "fileEntry": entry })))
    }

    /// `POST /file-entries/move`.
    pub(super) fn move_entries(&mut self, call: &Call<'_>) -> Answered {
        let body = call.json()?;
        let (ids, destination) = (entry_ids(&body)?, self.destination(&body)?);
        let mut shown = Vec::new();
        for id in ids {
            let from = self.live(id)?.parent;
            self.hold_listing(from, self.settings.late_pages);
            self.hold_listing(destination, self.settings.late_pages);
            shown.push(self.change(id, |entry| entry.parent = destination));
        }
        Ok(ok(&json!({ "status": "success", "entries": shown })))
    }

    /// `POST /file-entries/duplicate`. A name that is taken gets a word behind it.
    pub(super) fn duplicate(&mut self, call: &Call<'_>) -> Answered {
        if !self.settings.duplicates {
            return Err(refused(404, "Not found."));
        }
        let body = call.json()?;
        let (ids, destination) = (entry_ids(&body)?, self.destination(&body)?);
        let mut shown = Vec::new();
        for id in ids {
            let source = self.live(id)?.clone();
            let bytes = source.object.as_ref().and_then(|object| self.objects.get(object)).cloned();
            let bytes = bytes.ok_or_else(|| unprocessable("Folders are not copied here."))?;
            let taken = self.children(destination).any(|entry| entry.name == source.name);
            let name = if taken { format!("{} - Copy", source.name) } else { source.name.clone() };
            let mut copy = self.add_file(destination, &name, bytes);
            copy.size_bytes = source.size_bytes;
            self.entries.insert(copy.id, copy.clone());
            shown.push(copy.shown(None));
        }
        Ok(ok(&json!({ "status": "success", "entries": shown })))
    }

    /// `GET /file-entries/{id}/download`: where the bytes are.
    pub(super) fn download(&mut self, id: u64) -> Answered {
        let entry = self.live(id)?;
        let object = entry.object.as_ref().ok_or_else(|| unprocessable("A folder has no bytes."))?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::FOUND;
        let location = format!("{}/{object}?signature={}", self.storage, super::storage::sign(object));
        let location = location.parse().map_err(|_| refused(500, "The location is malformed."))?;
        response.headers_mut().insert("location", location);
        Ok(response)
    }

    /// `GET /user/space-usage`.
    pub(super) fn space(&self) -> Answered {
        let used: u64 = self.entries.values().map(|entry| entry.size_bytes).sum();
        Ok(ok(&json!({ "used": used, "available": 1_u64 << 40, "status": "success" })))
    }

    pub(super) fn live(&self, id: u64) -> Result<&Entry, Refusal> {
        let live = self.entries.get(&id).filter(|entry| !entry.in_trash);
        live.ok_or_else(|| refused(404, "File entry not found."))
    }

    pub(super) fn check_place(&self, parent: Option<u64>, name: &str) -> Result<(), Refusal> {
        if parent.is_some_and(|id| self.folder(id).is_none()) {
            return Err(unprocessable("The selected parent id is invalid."));
        }
        if !is_legal_name(name) {
            return Err(unprocessable("The name format is invalid."));
        }
        Ok(())
    }

    fn destination(&self, body: &Value) -> Result<Option<u64>, Refusal> {
        let destination = number(body, "destinationId")?.filter(|id| *id != 0);
        match destination {
            Some(id) if self.folder(id).is_none() => {
                Err(unprocessable("The selected destination id is invalid."))
            }
            found => Ok(found),
        }
    }

    pub(super) fn change(&mut self, id: u64, change: impl FnOnce(&mut Entry)) -> Value {
        let Some(entry) = self.entries.get_mut(&id) else { return Value::Null };
        change(entry);
        entry.updated_at = Self::now();
        entry.shown(None)
    }
}

pub(super) fn made(entry: &Entry) -> Response<Bytes> {
    json_with(StatusCode::CREATED, &json!({ "status": "success", "fileEntry": entry.shown(None) }))
}
