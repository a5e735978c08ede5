use std::io;

use crate::bodies::Payload;
use crate::connection::{Connection, Sink};
use crate::objects::Keys;
use crate::sign::{Call, Signer, UNSIGNED_PAYLOAD};
use crate::worker::put_head;

/// Makes the bucket; one that is there already is as good.
pub(crate) async fn make_bucket(
    signer: &mut Signer,
    connection: &mut Connection,
    keys: &Keys,
) -> io::Result<()> {
    let path = keys.bucket_path();
    let call = Call {
        method: "PUT",
        path: &path,
        query: "",
        payload: UNSIGNED_PAYLOAD,
        signed: &[],
        length_bytes: Some(0),
    };
    let mut head = Vec::new();
    signer.head(&call, &mut head);
    let mut document = Vec::new();
    let reply = connection.exchange(&head, None, Sink::Keep(&mut document)).await?;
    match reply.status {
        200 | 409 => Ok(()),
        status => {
            let said = String::from_utf8_lossy(&document);
            Err(io::Error::other(format!("making the bucket was answered {status}: {said}")))
        }
    }
}

/// Puts the objects numbered `first`, `first + step` and so on, below `count`.
pub(crate) async fn put_objects(
    signer: &mut Signer,
    connection: &mut Connection,
    keys: &Keys,
    payload: &Payload,
    numbers: impl Iterator<Item = u64>,
) -> io::Result<()> {
    let mut head = Vec::new();
    for number in numbers {
        put_head(signer, &mut head, (&keys.prepared_path(number), ""), payload);
        let mut document = Vec::new();
        let reply = connection.exchange(&head, Some(payload), Sink::Keep(&mut document)).await?;
        if reply.status != 200 {
            let said = String::from_utf8_lossy(&document);
            return Err(io::Error::other(format!(
                "preparing an object was answered {}: {said}",
                reply.status
            )));
        }
    }
    Ok(())
}
