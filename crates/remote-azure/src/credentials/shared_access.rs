use std::time::Duration;

use types::Timestamp;

use super::SharedKey;
use crate::encode::{iso_date, percent_encode};

/// The version whose fields are signed. Source: "Create a service SAS", version 2020-12-06 and later.
const VERSION: &str = "2022-11-02";
/// How long a source may be read: longer than the longest copy of one block takes.
const LIFETIME: Duration = Duration::from_secs(3600);

/// A signature that lets the service read one blob for a while, as a query.
pub(super) fn for_reading(key: &SharedKey, container: &str, blob: &str, now: Timestamp) -> String {
    let expiry = iso_date(now.plus(LIFETIME));
    let signature = key.sign_text(&string_to_sign(key.account(), container, blob, &expiry));
    format!("sv={VERSION}&sr=b&sp=r&se={}&sig={}", percent_encode(&expiry), percent_encode(&signature))
}

fn string_to_sign(account: &str, container: &str, blob: &str, expiry: &str) -> String {
    let resource = format!("/blob/{account}/{container}/{blob}");
    // Permissions, start, expiry, resource, identifier, address, protocol, version, kind, snapshot, encryption scope, and
    // five headers of the answer.
    ["r", "", expiry, &resource, "", "", "", VERSION, "b", "", "", "", "", "", "", ""].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_signed_by_its_decoded_name() {
        let text = string_to_sign("myaccount", "pictures", "profile pic.jpg", "2023-05-24T02:13:02Z");
        let expected = "r\n\n2023-05-24T02:13:02Z\n/blob/myaccount/pictures/profile pic.jpg\n\n\n\n2022-11-02\nb\n\n\n\n\n\n\n";
        assert_eq!(text, expected);
    }
}
