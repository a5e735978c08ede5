use s3_model::S3Error;

use crate::error;
use crate::split::{split, split_once};
use crate::v4::Credential;

/// What an `Authorization` header of Signature Version 4 says.
pub(crate) struct Authorization<'a> {
    pub(crate) credential: Credential<'a>,
    pub(crate) signed_headers: &'a str,
    pub(crate) signature: &'a str,
}

/// Reads what follows the algorithm's name: `Credential=…, SignedHeaders=…, Signature=…` in any order.
pub(crate) fn parse_authorization<'a>(text: &'a str, service: &str) -> Result<Authorization<'a>, S3Error> {
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in split(text, b',') {
        let (name, value) = split_once(part.trim_ascii(), b'=').ok_or_else(components)?;
        let place = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return Err(components()),
        };
        if place.replace(value).is_some() {
            return Err(components());
        }
    }
    let (Some(credential), Some(signed_headers), Some(signature)) = (credential, signed_headers, signature)
    else {
        return Err(components());
    };
    let credential = Credential::parse(credential, service)
        .map_err(|problem| error::header_malformed(&problem.describe(service)))?;
    Ok(Authorization { credential, signed_headers, signature })
}

fn components() -> S3Error {
    error::header_malformed(
        "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
    )
}
