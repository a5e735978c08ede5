use http::request::Parts;

/// Reads a request's head from text: `METHOD URI`, then a header on each line. `None` where HTTP itself would refuse it.
pub(crate) fn head(text: &str) -> Option<Parts> {
    let mut lines = text.lines();
    let (method, uri) = lines.next()?.split_once(' ')?;
    let mut request = http::Request::builder().method(method).uri(uri);
    for line in lines.take(64) {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

/// The head before the first empty line, and what follows it.
pub(crate) fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    end.map_or((data, &[]), |end| (&data[..end], &data[end + 2..]))
}
