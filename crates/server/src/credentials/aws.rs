use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use remote_s3::{Credentials, CredentialsSource, NoCredentials, Secret};
use types::Timestamp;

use super::aws_http::AwsHttp;
use crate::failure::with_causes;

/// The standard chain of Amazon's tools: variables, profiles (roles assumed included), web identity, container, instance.
///
/// It is this chain, and not settings of ours, that reads the variables and files that Amazon's tools share.
#[derive(Debug)]
pub(crate) struct AwsChain {
    chain: DefaultCredentialsChain,
}

impl AwsChain {
    /// The chain, which asks nobody yet; `region` is where roles are assumed.
    pub(crate) async fn new(client: remote::Client, profile: Option<&str>, region: &str) -> Self {
        let config = ProviderConfig::without_region().with_http_client(AwsHttp::new(client));
        let mut builder =
            DefaultCredentialsChain::builder().configure(config).region(Region::new(region.to_owned()));
        if let Some(profile) = profile {
            builder = builder.profile_name(profile);
        }
        Self { chain: builder.build().await }
    }
}

#[async_trait]
impl CredentialsSource for AwsChain {
    async fn credentials(&self) -> Result<Credentials, NoCredentials> {
        let found = self.chain.provide_credentials().await.map_err(|error| {
            let hint = "set access_key and secret_key, or one of the sources of Amazon's tools";
            NoCredentials(format!("{}; {hint}", with_causes(&error)))
        })?;
        Ok(Credentials {
            access_key_id: found.access_key_id().to_owned(),
            secret: Secret::new(found.secret_access_key()),
            // Issuers that have none to give say so by an empty one.
            session_token: found.session_token().filter(|token| !token.is_empty()).map(Secret::new),
            expires_at: found.expiry().map(moment),
        })
    }
}

/// The region that variables or the profile name, if one does. Nobody is asked over the network.
pub(crate) async fn region(profile: Option<&str>) -> Option<String> {
    if let Some(region) = EnvironmentVariableRegionProvider::new().region().await {
        return Some(region.to_string());
    }
    let mut builder = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        builder = builder.profile_name(profile);
    }
    builder.build().region().await.map(|region| region.to_string())
}

fn moment(at: SystemTime) -> Timestamp {
    Timestamp::from_secs(at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
