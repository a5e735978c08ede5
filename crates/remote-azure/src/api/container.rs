use http::Method;
use types::{Context, Timestamp};

use super::blob::drain;
use super::seen::modified_of;
use super::{Api, Call, Failure, Place};

impl Api {
    /// Source: "Create Container".
    pub(crate) async fn create_container(&self, cx: &Context, name: &str) -> Result<(), Failure> {
        let call = Call::new(Method::PUT, Place::Container(name)).param("restype", "container").once();
        drain(self.send(cx, call).await?).await;
        Ok(())
    }

    /// When a container was last changed. Source: "Get Container Properties".
    pub(crate) async fn head_container(&self, cx: &Context, name: &str) -> Result<Timestamp, Failure> {
        let call = Call::new(Method::HEAD, Place::Container(name)).param("restype", "container");
        Ok(modified_of(&self.send(cx, call).await?.headers)?)
    }

    /// Source: "Delete Container".
    pub(crate) async fn delete_container(&self, cx: &Context, name: &str) -> Result<(), Failure> {
        let call = Call::new(Method::DELETE, Place::Container(name)).param("restype", "container");
        drain(self.send(cx, call).await?).await;
        Ok(())
    }
}
