use http::{HeaderMap, HeaderName, HeaderValue};
use s3_model::S3Error;

/// The fields of a form that stand before the file, and what the file's part says about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormFields {
    pub(super) pairs: Vec<(String, String)>,
    pub(super) filename: Option<String>,
}

impl FormFields {
    /// The first value of a field; names compare in any letter case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The fields in the order sent, names in their own letter case; without the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The file's name without any path before it, as browsers may send one.
    #[must_use]
    pub fn filename(&self) -> &str {
        let name = self.filename.as_deref().unwrap_or_default();
        name.rsplit(['/', '\\']).next().unwrap_or_default()
    }

    /// The fields as the headers that a PUT would bear; names that no header can have are left out.
    pub(crate) fn as_headers(&self) -> Result<HeaderMap, S3Error> {
        let mut headers = HeaderMap::with_capacity(self.pairs.len());
        for (name, value) in &self.pairs {
            let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else { continue };
            // Policies and tag sets have lines; no header is made of them.
            match HeaderValue::from_bytes(value.trim().as_bytes()) {
                Ok(value) => drop(headers.append(header, value)),
                Err(_) if header.as_str() == "policy" || header.as_str() == "tagging" => {}
                Err(_) => {
                    return Err(S3Error::invalid_argument("The value cannot stand in a header", name, value));
                }
            }
        }
        Ok(headers)
    }
}
