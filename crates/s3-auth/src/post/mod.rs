//! Upload forms: a policy document says what the form may hold, and a signature over it says who allows that.
//! Source: "Browser-Based Uploads Using POST" in the Amazon S3 API reference.

mod condition;
mod grant;
mod policy;
mod verify;

pub use grant::FormGrant;
pub use verify::PostForm;
