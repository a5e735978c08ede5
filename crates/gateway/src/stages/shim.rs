pub(super) struct ErrorContext<'a>{pub(super) method:&'a http::Method,pub(super) resource:&'a str,pub(super) request_id:&'a str,pub(super) host_id:&'a str}
pub(super) fn decode(_:&s3_wire::Routed,_:&http::request::Parts,_:Option<bytes::Bytes>)->Result<s3_model::Input,s3_model::S3Error>{unimplemented!()}
pub(super) fn encode(_:s3_model::Output,_:&s3_wire::Routed,_:s3_wire::Scheme)->s3_wire::Reply{unimplemented!()}
pub(super) fn encode_error(_:&s3_model::S3Error,_:&ErrorContext<'_>)->s3_wire::Reply{unimplemented!()}
