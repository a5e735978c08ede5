use crate::sign::{Call, Signer, UNSIGNED_PAYLOAD, escape};

/// Names the generator's keys.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    bucket: String,
    prefix: String,
}

impl Keys {
    /// Keys below `prefix` in `bucket`.
    ///
    /// # Errors
    /// Where the prefix holds a character that would need escaping.
    pub(crate) fn new(bucket: &str, prefix: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if prefix.bytes().all(plain) && bucket.bytes().all(plain) {
            Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
        } else {
            Err(format!("{bucket}/{prefix}: letters, digits and -._~/ only"))
        }
    }

    /// The path of the bucket.
    pub(crate) fn bucket_path(&self) -> String {
        format!("/{}", self.bucket)
    }

    /// The path of a prepared object.
    pub(crate) fn prepared_path(&self, number: u64) -> String {
        format!("/{}/{}o{number:08}", self.bucket, self.prefix)
    }

    /// The path of an object that was never put before: `run` differs in every process and round.
    pub(crate) fn fresh_path(&self, run: u64, worker: usize, number: u64) -> String {
        format!("/{}/{}n{run:x}-{worker}-{number}", self.bucket, self.prefix)
    }

    /// The canonical query of a page of the listing.
    pub(crate) fn list_query(&self, page: &PageOptions, start_after: &str) -> String {
        let prefix = page.prefix.as_deref().unwrap_or(&self.prefix);
        let mut query = String::new();
        if let Some(delimiter) = &page.delimiter {
            query.push_str(&format!("delimiter={}&", escape(delimiter)));
        }
        query.push_str(&format!("list-type=2&max-keys={}&prefix={}", page.max_keys, escape(prefix)));
        if !start_after.is_empty() {
            query.push_str(&format!("&start-after={}", escape(start_after)));
        }
        query
    }
}

/// What a page of a listing is asked for with.
#[derive(Debug, Clone)]
pub(crate) struct PageOptions {
    /// Keys of a page.
    pub(crate) max_keys: u32,
    /// What listed keys begin with, where it is not the generator's own prefix.
    pub(crate) prefix: Option<String>,
    /// The delimiter.
    pub(crate) delimiter: Option<String>,
    /// Keys to start behind, one of them for each request.
    pub(crate) start_after: Vec<String>,
}

/// Request heads without a body, signed before the load begins and sent as they are.
pub(crate) struct Heads(Vec<Vec<u8>>);

impl Heads {
    /// Heads of requests of `method` for each prepared object.
    pub(crate) fn of_objects(signer: &mut Signer, keys: &Keys, method: &str, count: u64) -> Self {
        Self((0..count).map(|number| bodiless(signer, method, &keys.prepared_path(number), "")).collect())
    }

    /// Heads of listings.
    pub(crate) fn of_pages(signer: &mut Signer, keys: &Keys, page: &PageOptions) -> Self {
        let everywhere = [String::new()];
        let starts = if page.start_after.is_empty() { &everywhere[..] } else { &page.start_after };
        let path = keys.bucket_path();
        let heads = starts.iter().map(|start| bodiless(signer, "GET", &path, &keys.list_query(page, start)));
        Self(heads.collect())
    }

    /// The head at this place, counted around.
    pub(crate) fn get(&self, place: u64) -> &[u8] {
        &self.0[(place % self.0.len() as u64) as usize]
    }
}

fn bodiless(signer: &mut Signer, method: &str, path: &str, query: &str) -> Vec<u8> {
    let mut head = Vec::new();
    let call = Call { method, path, query, payload: UNSIGNED_PAYLOAD, signed: &[], length_bytes: None };
    signer.head(&call, &mut head);
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_in_canonical_order() {
        let keys = Keys::new("b", "load/").unwrap();
        let page = PageOptions {
            max_keys: 1000,
            prefix: None,
            delimiter: Some("/".into()),
            start_after: vec!["load/k".into()],
        };
        assert_eq!(
            keys.list_query(&page, &page.start_after[0]),
            "delimiter=%2F&list-type=2&max-keys=1000&prefix=load%2F&start-after=load%2Fk"
        );
    }

    #[test]
    fn a_prefix_that_needs_escaping_is_refused() {
        assert!(Keys::new("b", "a b/").is_err());
    }
}
