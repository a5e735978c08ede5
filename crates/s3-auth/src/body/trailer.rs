use http::request::Parts;
use s3_model::S3Error;
use s3_wire::chunked::TRAILER_SIGNATURE;
use s3_wire::{algorithm_of_header, checksum_trailer};
use types::{BodyErrorKind, Checksum, ChecksumAlgorithm};

/// The trailer that a request announces in `x-amz-trailer`: at most one checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AnnouncedTrailer(pub(crate) Option<ChecksumAlgorithm>);

impl AnnouncedTrailer {
    /// Reads the header.
    pub(crate) fn of(parts: &Parts) -> Result<Self, S3Error> {
        let mut announced = None;
        for value in parts.headers.get_all("x-amz-trailer") {
            let value = value.to_str().unwrap_or_default();
            for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let algorithm = algorithm_of_header(name).ok_or_else(|| {
                    S3Error::invalid_request(
                        "The value specified in the x-amz-trailer header is not supported",
                    )
                })?;
                if announced.replace(algorithm).is_some() {
                    return Err(S3Error::invalid_request(
                        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
                    ));
                }
            }
        }
        Ok(Self(announced))
    }
}

/// Collects the trailers of an `aws-chunked` body and holds them to what was announced.
#[derive(Debug, Default)]
pub(crate) struct ChecksumTrailer {
    announced: AnnouncedTrailer,
    checksum: Option<Checksum>,
    /// `name:value\n` of each but the signature: what the signature covers.
    lines: Vec<u8>,
    signature: Option<String>,
}

impl ChecksumTrailer {
    pub(crate) fn new(announced: AnnouncedTrailer) -> Self {
        Self { announced, ..Self::default() }
    }

    /// Takes one trailer, its name in lower case.
    pub(crate) fn take(&mut self, name: &str, value: String) -> Result<(), BodyErrorKind> {
        if name == TRAILER_SIGNATURE {
            return match self.signature.replace(value) {
                None => Ok(()),
                Some(_) => Err(BodyErrorKind::MalformedTrailer("it has two signatures")),
            };
        }
        let algorithm = algorithm_of_header(name);
        if algorithm.is_none() || algorithm != self.announced.0 {
            return Err(BodyErrorKind::MalformedTrailer(
                "it has a name that x-amz-trailer does not announce",
            ));
        }
        if self.checksum.is_some() {
            return Err(BodyErrorKind::MalformedTrailer("it has one name twice"));
        }
        let checksum = checksum_trailer(name, &value);
        let no_value = BodyErrorKind::MalformedTrailer("it has a value that is no checksum of its algorithm");
        self.checksum = Some(checksum.ok_or(no_value)?);
        for piece in [name, ":", &value, "\n"] {
            self.lines.extend_from_slice(piece.as_bytes());
        }
        Ok(())
    }

    /// The checksum, once all trailers have come.
    pub(crate) fn finish(&self) -> Result<Option<Checksum>, BodyErrorKind> {
        match (self.announced.0, self.checksum) {
            (Some(algorithm), None) => Err(BodyErrorKind::TrailerMissing(algorithm)),
            (_, checksum) => Ok(checksum),
        }
    }

    /// What the trailers' signature covers.
    pub(crate) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// The trailers' signature.
    pub(crate) fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }
}
