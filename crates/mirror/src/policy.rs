/// How many targets must have a write before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WritePolicy {
    /// Every one.
    All,
    /// More than half: N/2+1.
    Quorum,
    /// One.
    Any,
}

impl WritePolicy {
    /// How many of `targets` that is.
    #[must_use]
    pub const fn needed(self, targets: usize) -> usize {
        match self {
            Self::All => targets,
            Self::Quorum => targets / 2 + 1,
            Self::Any => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_is_more_than_half() {
        let needed = |targets| WritePolicy::Quorum.needed(targets);
        assert_eq!([1, 2, 3, 4, 5].map(needed), [1, 2, 2, 3, 3]);
        assert_eq!((WritePolicy::All.needed(3), WritePolicy::Any.needed(3)), (3, 1));
    }
}
