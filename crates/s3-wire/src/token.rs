//! Continuation tokens: where a listing goes on, opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3_model::{Continuation, S3Error};

/// Which layout the rest of the token has, and what it names.
const KEY_V1: u8 = 0x11;
const PREFIX_V1: u8 = 0x12;

/// Writes a token.
pub(crate) fn write(continuation: &Continuation) -> String {
    let (mark, text) = match continuation {
        Continuation::Key(key) => (KEY_V1, key),
        Continuation::Prefix(prefix) => (PREFIX_V1, prefix),
    };
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.push(mark);
    bytes.extend_from_slice(text.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a token.
///
/// # Errors
/// `InvalidArgument` where it is none of ours.
pub(crate) fn parse(token: &str) -> Result<Continuation, S3Error> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| incorrect())?;
    let (mark, text) = bytes.split_first().ok_or_else(incorrect)?;
    let text = String::from_utf8(text.to_vec()).map_err(|_| incorrect())?;
    match *mark {
        KEY_V1 => Ok(Continuation::Key(text)),
        PREFIX_V1 => Ok(Continuation::Prefix(text)),
        _ => Err(incorrect()),
    }
}

pub(crate) fn incorrect() -> S3Error {
    S3Error::with_message(
        s3_model::ErrorCode::InvalidArgument,
        "The continuation token provided is incorrect",
    )
    .detail("ArgumentName", "continuation-token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_and_others_are_refused() {
        for continuation in [Continuation::Key("a/b ü\0".to_owned()), Continuation::Prefix("a/".to_owned())]
        {
            assert_eq!(parse(&write(&continuation)), Ok(continuation));
        }
        for token in ["", "!", "QQ", "Ef8"] {
            assert!(parse(token).is_err(), "{token}");
        }
    }
}
