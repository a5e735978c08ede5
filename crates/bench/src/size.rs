use std::str::FromStr;

/// A number of bytes, written as `4096`, `4KiB`, `64MiB` or `5GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, unit) = UNITS
            .iter()
            .find_map(|(name, unit)| text.strip_suffix(name).map(|digits| (digits, *unit)))
            .unwrap_or((text, 1));
        let count: u64 = digits
            .trim()
            .parse()
            .map_err(|_| format!("{text}: write a size as 4096, 4KiB, 64MiB or 5GiB"))?;
        count.checked_mul(unit).map(Size).ok_or_else(|| format!("{text}: too large"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_a_unit() {
        assert_eq!("4096".parse(), Ok(Size(4096)));
        assert_eq!("4KiB".parse(), Ok(Size(4096)));
        assert_eq!("5GiB".parse(), Ok(Size(5 << 30)));
        assert!("4KB".parse::<Size>().is_err());
        assert!("99999999999GiB".parse::<Size>().is_err());
    }
}
