use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use remote::{Client, RemoteError, RemoteErrorKind};
use remote_azure::{
    Credential, Endpoint, FederatedToken, IdentityEndpoint, ManagedIdentity, SharedKey, TokenCache,
    WorkloadIdentity, parse_connection_string,
};

use super::gcs::variable;
use crate::config::{AzureKeys, AzureStoreSettings, Environment};
use crate::failure::Failure;

/// Who issues tokens in Azure's public cloud.
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";

/// Where an Azure store speaks to, and how it proves who it is. `client` asks for tokens.
///
/// # Errors
/// Where a setting, or a variable that the identity needs, is missing or wrong.
pub(crate) fn azure_identity(
    store: &str,
    settings: &AzureStoreSettings,
    environment: &dyn Environment,
    client: Client,
) -> Result<(Endpoint, Credential), Failure> {
    let wrong = |setting: &str, message: &dyn std::fmt::Display| {
        Failure::configuration(format!("store.{store}.{setting}: {message}"))
    };
    if let AzureKeys::ConnectionString(text) = &settings.keys {
        return parse_connection_string(text.expose()).map_err(|error| wrong("connection_string", &error));
    }
    let account = settings.account.as_deref().unwrap_or_default();
    let endpoint = match &settings.endpoint {
        Some(url) => Endpoint::parse(url, account).map_err(|error| wrong("endpoint", &error))?,
        None => {
            Endpoint::of_account(account).map_err(|_| wrong("account", &"is not a storage account's name"))?
        }
    };
    let credential = match &settings.keys {
        AzureKeys::ConnectionString(_) => return Err(wrong("connection_string", &"is read above")),
        AzureKeys::Key(key) => Credential::SharedKey(
            SharedKey::new(account, key.expose()).ok_or_else(|| wrong("key", &"is not in base64"))?,
        ),
        AzureKeys::Sas(sas) => Credential::shared_access(sas.expose()),
        AzureKeys::Managed { client_id } => {
            let client_id = client_id.clone().or_else(|| variable(environment, "AZURE_CLIENT_ID"));
            let source = ManagedIdentity::new(client, identity_endpoint(environment), client_id);
            Credential::Token(Arc::new(TokenCache::new(source)))
        }
        AzureKeys::Workload { client_id } => {
            let source = workload(store, client_id.as_deref(), environment, client)?;
            Credential::Token(Arc::new(TokenCache::new(source)))
        }
    };
    Ok((endpoint, credential))
}

/// App Service and its kin say where to ask; a virtual machine has its metadata service.
fn identity_endpoint(environment: &dyn Environment) -> IdentityEndpoint {
    let told = variable(environment, "IDENTITY_ENDPOINT").zip(variable(environment, "IDENTITY_HEADER"));
    match told {
        Some((url, header)) => IdentityEndpoint::AppService { url, header },
        None => IdentityEndpoint::Instance { base: IdentityEndpoint::INSTANCE.to_owned() },
    }
}

/// What the platform tells a workload in its variables.
/// Source: "Microsoft Entra Workload ID", "service account labels and environment variables".
fn workload(
    store: &str,
    client_id: Option<&str>,
    environment: &dyn Environment,
    client: Client,
) -> Result<WorkloadIdentity, Failure> {
    let required = |name: &str| {
        variable(environment, name).ok_or_else(|| {
            let text = format!(
                "store.{store}.identity: \"workload\" needs the variable {name}, which the platform sets"
            );
            Failure::configuration(text)
        })
    };
    let client_id = match client_id {
        Some(client_id) => client_id.to_owned(),
        None => required("AZURE_CLIENT_ID")?,
    };
    Ok(WorkloadIdentity {
        client,
        authority: variable(environment, "AZURE_AUTHORITY_HOST")
            .unwrap_or_else(|| PUBLIC_AUTHORITY.to_owned()),
        tenant_id: required("AZURE_TENANT_ID")?,
        client_id,
        federated: Arc::new(TokenFile(required("AZURE_FEDERATED_TOKEN_FILE")?.into())),
    })
}

/// The file in which the platform leaves the workload's token, and replaces it before it ends.
struct TokenFile(PathBuf);

#[async_trait]
impl FederatedToken for TokenFile {
    async fn read(&self) -> Result<String, RemoteError> {
        let path = self.0.clone();
        let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
        match read {
            Ok(Ok(token)) => Ok(token.trim().to_owned()),
            Ok(Err(error)) => Err(RemoteError::with_source(RemoteErrorKind::Credentials, error)),
            Err(error) => Err(RemoteError::with_source(RemoteErrorKind::Credentials, error)),
        }
    }
}

#[cfg(test)]
mod tests;
