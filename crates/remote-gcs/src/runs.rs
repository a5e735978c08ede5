use std::fmt;

/// Numbers and sizes of an object's parts, in order. Parts of one size in a row are written as one: uploads have
/// thousands of parts and few sizes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartRuns(Vec<Run>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: u32,
    last: u32,
    size_bytes: u64,
}

/// The highest number of a part.
const NUMBER_MAX: u32 = 10_000;

impl PartRuns {
    /// The parts: number and size.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.0.iter().flat_map(|run| (run.first..=run.last).map(|number| (number, run.size_bytes)))
    }

    /// Reads what `Display` writes: `1-9:8388608,10:5`. `None` for anything else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut runs: Vec<Run> = Vec::new();
        for item in text.split(',') {
            let (numbers, size) = item.split_once(':')?;
            let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
            let run =
                Run { first: first.parse().ok()?, last: last.parse().ok()?, size_bytes: size.parse().ok()? };
            let floor = runs.last().map_or(0, |run| run.last);
            if run.first <= floor || run.last < run.first || run.last > NUMBER_MAX {
                return None;
            }
            runs.push(run);
        }
        Some(Self(runs))
    }
}

impl FromIterator<(u32, u64)> for PartRuns {
    fn from_iter<I: IntoIterator<Item = (u32, u64)>>(parts: I) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (number, size_bytes) in parts {
            match runs.last_mut() {
                Some(run) if run.size_bytes == size_bytes && run.last + 1 == number => run.last = number,
                _ => runs.push(Run { first: number, last: number, size_bytes }),
            }
        }
        Self(runs)
    }
}

impl fmt::Display for PartRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, run) in self.0.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { "," })?;
            write!(f, "{}", run.first)?;
            if run.last != run.first {
                write!(f, "-{}", run.last)?;
            }
            write!(f, ":{}", run.size_bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_of_one_size_are_one_run() {
        let runs: PartRuns =
            (1..=10_000).map(|number| (number, if number == 10_000 { 3 } else { 8 })).collect();
        assert_eq!(runs.to_string(), "1-9999:8,10000:3");
        assert_eq!(PartRuns::read(&runs.to_string()), Some(runs.clone()));
        assert_eq!((runs.iter().count(), runs.iter().last()), (10_000, Some((10_000, 3))));
    }

    #[test]
    fn gaps_stay_gaps_and_nonsense_is_refused() {
        let runs: PartRuns = [(3, 5), (5, 5), (9, 1)].into_iter().collect();
        assert_eq!(runs.to_string(), "3:5,5:5,9:1");
        for text in ["", "1", "2:5,1:5", "1-10001:5", "5-4:1", "0:1", "1:x", "1:1,1:1"] {
            assert_eq!(PartRuns::read(text), None, "{text}");
        }
    }
}
