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

/// The most heads that are signed beforehand; a larger set would itself cost memory and cache that are to be measured.
const PREPARED_HEADS_MAX: u64 = 65_536;

/// Requests without a body for prepared objects: signed before the load begins where they are few enough to keep.
pub(crate) struct Heads {
    method: &'static str,
    prepared: Vec<Vec<u8>>,
    count: u64,
}

impl Heads {
    /// Heads of requests of `method` for `count` prepared objects.
    pub(crate) fn new(signer: &mut Signer, keys: &Keys, method: &'static str, count: u64) -> Self {
        let kept = if count <= PREPARED_HEADS_MAX { count } else { 0 };
        let prepared = (0..kept).map(|number| signed(signer, method, &keys.prepared_path(number))).collect();
        Self { method, prepared, count }
    }

    /// The head for the object of this number, counted around; signed into `scratch` where it was not before.
    pub(crate) fn get<'a>(
        &'a self,
        number: u64,
        signer: &mut Signer,
        keys: &Keys,
        scratch: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        let number = number % self.count.max(1);
        match self.prepared.get(number as usize) {
            Some(head) => head,
            None => {
                scratch.clear();
                bodiless(signer, self.method, (&keys.prepared_path(number), ""), scratch);
                scratch
            }
        }
    }
}

/// Heads of listings, signed before the load begins.
pub(crate) struct Pages(Vec<Vec<u8>>);

impl Pages {
    /// One head for each key to start behind.
    pub(crate) fn new(signer: &mut Signer, keys: &Keys, page: &PageOptions) -> Self {
        let everywhere = [String::new()];
        let starts = if page.start_after.is_empty() { &everywhere[..] } else { &page.start_after };
        let path = keys.bucket_path();
        let head = |start: &String| {
            let mut head = Vec::new();
            bodiless(signer, "GET", (&path, &keys.list_query(page, start)), &mut head);
            head
        };
        Self(starts.iter().map(head).collect())
    }

    /// The head at this place, counted around.
    pub(crate) fn get(&self, place: u64) -> &[u8] {
        &self.0[(place % self.0.len() as u64) as usize]
    }
}

fn signed(signer: &mut Signer, method: &str, path: &str) -> Vec<u8> {
    let mut head = Vec::new();
    bodiless(signer, method, (path, ""), &mut head);
    head
}

fn bodiless(signer: &mut Signer, method: &str, (path, query): (&str, &str), head: &mut Vec<u8>) {
    let call = Call { method, path, query, payload: UNSIGNED_PAYLOAD, signed: &[], length_bytes: None };
    signer.head(&call, head);
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
