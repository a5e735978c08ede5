use types::StorageClass;

/// The class of Cloud Storage that an S3 class becomes. `None` is the bucket's default class: `STANDARD` is what clients
/// get that name none.
pub(crate) fn to_gcs(class: StorageClass) -> Option<&'static str> {
    match class {
        StorageClass::StandardIa | StorageClass::OneZoneIa => Some("NEARLINE"),
        StorageClass::GlacierIr => Some("COLDLINE"),
        StorageClass::Glacier | StorageClass::DeepArchive => Some("ARCHIVE"),
        StorageClass::Standard
        | StorageClass::ReducedRedundancy
        | StorageClass::IntelligentTiering
        | StorageClass::Outposts
        | StorageClass::Snow
        | StorageClass::ExpressOneZone
        | StorageClass::FsxOpenZfs
        | StorageClass::FsxOntap => None,
    }
}

/// The S3 class that an object shows. Every class of Cloud Storage reads at once, so none becomes one that S3's clients
/// would first restore.
pub(crate) fn from_gcs(class: &str) -> StorageClass {
    match class {
        "NEARLINE" => StorageClass::StandardIa,
        "COLDLINE" | "ARCHIVE" => StorageClass::GlacierIr,
        _ => StorageClass::Standard,
    }
}

/// The class to show: the label that was kept, unless the object was moved to another class since.
pub(crate) fn shown(label: Option<StorageClass>, class: &str) -> StorageClass {
    let is_current = |label: &StorageClass| {
        let written = to_gcs(*label).unwrap_or("STANDARD");
        written == class || !matches!(class, "NEARLINE" | "COLDLINE" | "ARCHIVE")
    };
    label.filter(is_current).unwrap_or_else(|| from_gcs(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_shown_until_the_object_moves() {
        assert_eq!(shown(Some(StorageClass::DeepArchive), "ARCHIVE"), StorageClass::DeepArchive);
        assert_eq!(shown(Some(StorageClass::OneZoneIa), "ARCHIVE"), StorageClass::GlacierIr);
        assert_eq!(shown(Some(StorageClass::Snow), "STANDARD"), StorageClass::Snow);
        assert_eq!(shown(Some(StorageClass::Snow), "NEARLINE"), StorageClass::StandardIa);
        assert_eq!(shown(None, "MULTI_REGIONAL"), StorageClass::Standard);
    }
}
