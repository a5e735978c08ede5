use s3_model::{
    BucketSetting, Method, Operation, PublicAccessBlock, PutBucketSettingInput, S3Error, SettingValue,
};

use super::Request;
use crate::xml::{self, Element};

/// The setting that an operation reads, writes or deletes, and which of these it does; none for operations of another kind.
pub(super) fn of(operation: Operation) -> Option<(BucketSetting, Method)> {
    use BucketSetting as Setting;
    let row = operation.row();
    let mark = row.query.first()?;
    let lists_all = row.method == Method::Get && row.query.len() == 1;
    let setting = match mark.key {
        "abac" => Setting::Abac,
        "accelerate" => Setting::Accelerate,
        "analytics" if lists_all => Setting::AnalyticsList,
        "analytics" => Setting::Analytics,
        "cors" => Setting::Cors,
        "encryption" => Setting::Encryption,
        "intelligent-tiering" if lists_all => Setting::IntelligentTieringList,
        "intelligent-tiering" => Setting::IntelligentTiering,
        "inventory" if lists_all => Setting::InventoryList,
        "inventory" => Setting::Inventory,
        "lifecycle" => Setting::Lifecycle,
        "logging" => Setting::Logging,
        "metrics" if lists_all => Setting::MetricsList,
        "metrics" => Setting::Metrics,
        "notification" => Setting::Notification,
        "object-lock" => Setting::ObjectLock,
        "ownershipControls" => Setting::OwnershipControls,
        "policy" => Setting::Policy,
        "policyStatus" => Setting::PolicyStatus,
        "publicAccessBlock" => Setting::PublicAccessBlock,
        "replication" => Setting::Replication,
        "requestPayment" => Setting::RequestPayment,
        "website" => Setting::Website,
        _ => return None,
    };
    Some((setting, row.method))
}

/// Reads what a setting is to be, as far as that may be what it is.
pub(super) fn put(request: &Request<'_>, setting: BucketSetting) -> Result<PutBucketSettingInput, S3Error> {
    let value = match setting {
        BucketSetting::Abac => {
            as_it_is(request, "AbacStatus", |root| root.value("Status") == Some("Disabled"))?
        }
        // Nothing is accelerated; suspending it is what tools do to take the setting back.
        BucketSetting::Accelerate => {
            as_it_is(request, "AccelerateConfiguration", |root| root.value("Status") == Some("Suspended"))?
        }
        BucketSetting::Logging => {
            as_it_is(request, "BucketLoggingStatus", |root| root.child("LoggingEnabled").is_none())?
        }
        BucketSetting::Notification => {
            as_it_is(request, "NotificationConfiguration", |root| root.children.is_empty())?
        }
        BucketSetting::OwnershipControls => as_it_is(request, "OwnershipControls", |root| {
            let ownership = root.child("Rule").and_then(|rule| rule.value("ObjectOwnership"));
            ownership == Some("BucketOwnerEnforced")
        })?,
        BucketSetting::RequestPayment => as_it_is(request, "RequestPaymentConfiguration", |root| {
            root.value("Payer") == Some("BucketOwner")
        })?,
        BucketSetting::PublicAccessBlock => SettingValue::PublicAccessBlock(public_access_block(request)?),
        _ => SettingValue::Other,
    };
    Ok(PutBucketSettingInput { setting, value })
}

fn as_it_is(
    request: &Request<'_>,
    root: &str,
    is_same: impl Fn(&Element) -> bool,
) -> Result<SettingValue, S3Error> {
    let root = xml::parse(request.document, root)?;
    Ok(if is_same(&root) { SettingValue::AsItIs } else { SettingValue::Other })
}

fn public_access_block(request: &Request<'_>) -> Result<PublicAccessBlock, S3Error> {
    let root = xml::parse(request.document, "PublicAccessBlockConfiguration")?;
    let switch = |name: &str| match root.value(name) {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(xml::malformed(&format!("{name} is true or false"))),
    };
    Ok(PublicAccessBlock {
        block_public_acls: switch("BlockPublicAcls")?,
        ignore_public_acls: switch("IgnorePublicAcls")?,
        block_public_policy: switch("BlockPublicPolicy")?,
        restrict_public_buckets: switch("RestrictPublicBuckets")?,
    })
}

#[cfg(test)]
mod tests {
    use s3_model::{ErrorCode, Input, Status};

    use super::*;
    use crate::decode::testing::{input_of, refusal};

    fn value(sub_resource: &str, document: &'static str) -> SettingValue {
        match input_of(("PUT", &format!("/bucket?{sub_resource}")), &[], document).unwrap() {
            Input::PutBucketSetting(input) => input.value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_answered_operation_of_a_bucket_has_its_setting() {
        for row in Operation::table() {
            let is_setting = row.path == s3_model::PathClass::Bucket && row.status == Status::Answered;
            assert!(!is_setting || of(row.operation).is_some(), "{}", row.name);
        }
        assert_eq!(
            of(Operation::GetBucketAnalyticsConfiguration),
            Some((BucketSetting::Analytics, Method::Get))
        );
        assert_eq!(
            of(Operation::ListBucketAnalyticsConfigurations),
            Some((BucketSetting::AnalyticsList, Method::Get))
        );
        assert_eq!(
            of(Operation::DeleteBucketAnalyticsConfiguration),
            Some((BucketSetting::Analytics, Method::Delete))
        );
        assert_eq!(of(Operation::GetBucketTagging), None);
    }

    #[test]
    fn the_value_that_is_there_is_told_from_others() {
        for (sub_resource, same, other) in [
            (
                "logging",
                "<BucketLoggingStatus/>",
                "<BucketLoggingStatus><LoggingEnabled/></BucketLoggingStatus>",
            ),
            (
                "notification",
                "<NotificationConfiguration> </NotificationConfiguration>",
                "<NotificationConfiguration><TopicConfiguration/></NotificationConfiguration>",
            ),
            (
                "ownershipControls",
                "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
                "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
            ),
            (
                "requestPayment",
                "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
                "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>",
            ),
            (
                "accelerate",
                "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>",
                "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>",
            ),
            (
                "abac",
                "<AbacStatus><Status>Disabled</Status></AbacStatus>",
                "<AbacStatus><Status>Enabled</Status></AbacStatus>",
            ),
        ] {
            assert_eq!(value(sub_resource, same), SettingValue::AsItIs, "{sub_resource}");
            assert_eq!(value(sub_resource, other), SettingValue::Other, "{sub_resource}");
            assert_eq!(
                refusal(("PUT", &format!("/bucket?{sub_resource}")), &[], "<x/>"),
                ErrorCode::MalformedXML
            );
        }
        assert_eq!(value("policy", "{}"), SettingValue::Other);
        assert_eq!(value("cors", "<CORSConfiguration/>"), SettingValue::Other);
    }

    #[test]
    fn a_public_access_block_has_four_switches() {
        let document = "<PublicAccessBlockConfiguration><BlockPublicAcls>TRUE</BlockPublicAcls>\
            <IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>\
            <RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
        assert_eq!(
            value("publicAccessBlock", document),
            SettingValue::PublicAccessBlock(PublicAccessBlock::ALL)
        );
        let none = "<PublicAccessBlockConfiguration/>";
        assert_eq!(
            value("publicAccessBlock", none),
            SettingValue::PublicAccessBlock(PublicAccessBlock::NONE)
        );
    }
}
