use s3_model::{BucketSetting, BucketSettingOutput};

use super::document;
use crate::Reply;
use crate::xml::Writer;

/// The document of a setting that was never made.
pub(super) fn encode(output: BucketSettingOutput) -> Reply {
    let root = root(output.setting);
    let mut xml = Writer::begin(root, 512);
    match output.setting {
        BucketSetting::Abac => drop(xml.text("Status", "Disabled")),
        BucketSetting::AnalyticsList
        | BucketSetting::IntelligentTieringList
        | BucketSetting::InventoryList
        | BucketSetting::MetricsList => drop(xml.flag("IsTruncated", false)),
        BucketSetting::OwnershipControls => {
            xml.open("Rule").text("ObjectOwnership", "BucketOwnerEnforced").close("Rule");
        }
        BucketSetting::RequestPayment => drop(xml.text("Payer", "BucketOwner")),
        BucketSetting::PublicAccessBlock => {
            let block = output.public_access_block;
            xml.flag("BlockPublicAcls", block.block_public_acls);
            xml.flag("IgnorePublicAcls", block.ignore_public_acls);
            xml.flag("BlockPublicPolicy", block.block_public_policy);
            xml.flag("RestrictPublicBuckets", block.restrict_public_buckets);
        }
        _ => {}
    }
    document(xml.finish(root))
}

const fn root(setting: BucketSetting) -> &'static str {
    match setting {
        BucketSetting::Abac => "AbacStatus",
        BucketSetting::Accelerate => "AccelerateConfiguration",
        BucketSetting::Analytics => "AnalyticsConfiguration",
        BucketSetting::AnalyticsList => "ListBucketAnalyticsConfigurationResult",
        BucketSetting::Cors => "CORSConfiguration",
        BucketSetting::Encryption => "ServerSideEncryptionConfiguration",
        BucketSetting::IntelligentTiering => "IntelligentTieringConfiguration",
        BucketSetting::IntelligentTieringList => "ListBucketIntelligentTieringConfigurationsOutput",
        BucketSetting::Inventory => "InventoryConfiguration",
        BucketSetting::InventoryList => "ListInventoryConfigurationsResult",
        BucketSetting::Lifecycle => "LifecycleConfiguration",
        BucketSetting::Logging => "BucketLoggingStatus",
        BucketSetting::Metrics => "MetricsConfiguration",
        BucketSetting::MetricsList => "ListMetricsConfigurationsResult",
        BucketSetting::Notification => "NotificationConfiguration",
        BucketSetting::ObjectLock => "ObjectLockConfiguration",
        BucketSetting::OwnershipControls => "OwnershipControls",
        BucketSetting::Policy => "Policy",
        BucketSetting::PolicyStatus => "PolicyStatus",
        BucketSetting::PublicAccessBlock => "PublicAccessBlockConfiguration",
        BucketSetting::Replication => "ReplicationConfiguration",
        BucketSetting::RequestPayment => "RequestPaymentConfiguration",
        BucketSetting::Website => "WebsiteConfiguration",
    }
}

#[cfg(test)]
mod tests {
    use s3_model::{Output, PublicAccessBlock};

    use super::*;
    use crate::encode::testing::{inner, reply};

    fn answer(setting: BucketSetting, block: PublicAccessBlock) -> String {
        let output = BucketSettingOutput { setting, public_access_block: block };
        inner(&reply(Output::GetBucketSetting(output)), root(setting))
    }

    #[test]
    fn settings_that_were_never_made_are_told_as_s3_tells_them() {
        let all = PublicAccessBlock::ALL;
        assert_eq!(answer(BucketSetting::Accelerate, all), "");
        assert_eq!(answer(BucketSetting::Logging, all), "");
        assert_eq!(answer(BucketSetting::Notification, all), "");
        assert_eq!(answer(BucketSetting::MetricsList, all), "<IsTruncated>false</IsTruncated>");
        assert_eq!(answer(BucketSetting::RequestPayment, all), "<Payer>BucketOwner</Payer>");
        assert_eq!(
            answer(BucketSetting::OwnershipControls, all),
            "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"
        );
        let block = answer(BucketSetting::PublicAccessBlock, all);
        assert_eq!((block.matches("true").count(), block.matches("false").count()), (4, 0));
        let block = answer(BucketSetting::PublicAccessBlock, PublicAccessBlock::NONE);
        assert_eq!(block.matches("false").count(), 4);
    }
}
