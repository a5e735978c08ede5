use clap::ValueEnum;

/// What the generator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// PutObject under ever new keys.
    Put,
    /// PutObject of prepared objects, chosen at random.
    Overwrite,
    /// GetObject of prepared objects, chosen at random.
    Get,
    /// HeadObject of prepared objects, chosen at random.
    Head,
    /// DeleteObject of prepared objects, each once.
    Delete,
    /// ListObjectsV2, one page.
    List,
    /// A whole upload in parts: create, upload, complete.
    Multipart,
    /// Several of these by shares.
    Mixed,
}

impl Operation {
    /// Whether objects must be there first.
    pub(crate) fn reads_objects(self) -> bool {
        matches!(self, Self::Overwrite | Self::Get | Self::Head | Self::Delete | Self::List | Self::Mixed)
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Overwrite => "overwrite",
            Self::Get => "get",
            Self::Head => "head",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Multipart => "multipart",
            Self::Mixed => "mixed",
        }
    }
}

/// Shares of operations in a mixed load.
#[derive(Debug, Clone)]
pub(crate) struct Mix {
    shares: Vec<(Operation, u64)>,
    total: u64,
}

impl Mix {
    /// Always the same operation.
    pub(crate) fn only(operation: Operation) -> Self {
        Self { shares: vec![(operation, 1)], total: 1 }
    }

    /// Reads `get=60,put=25`; what a mix cannot hold is an error.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut shares = Vec::new();
        for item in text.split(',') {
            let (name, share) = item.split_once('=').ok_or_else(|| format!("{item}: write NAME=SHARE"))?;
            let operation = Operation::from_str(name, false)?;
            if matches!(operation, Operation::Mixed | Operation::Delete) {
                return Err(format!("{name} cannot be part of a mix"));
            }
            shares.push((operation, share.parse::<u64>().map_err(|_| format!("{item}: not a share"))?));
        }
        let total = shares.iter().map(|(_, share)| share).sum();
        if total == 0 { Err("a mix needs a share above zero".into()) } else { Ok(Self { shares, total }) }
    }

    /// Whether an operation has a share.
    pub(crate) fn holds(&self, operation: Operation) -> bool {
        self.shares.iter().any(|(held, share)| *held == operation && *share > 0)
    }

    /// The operation for a random number.
    pub(crate) fn choose(&self, random: u64) -> Operation {
        let mut place = random % self.total;
        for (operation, share) in &self.shares {
            if place < *share {
                return *operation;
            }
            place -= share;
        }
        unreachable!("the shares add up to the total")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_chosen_by_its_shares() {
        let mix = Mix::parse("get=3,put=1").unwrap();
        let gets = (0..400).filter(|number| mix.choose(*number) == Operation::Get).count();
        assert_eq!(gets, 300);
        assert!(mix.holds(Operation::Put) && !mix.holds(Operation::Head));
        assert!(Mix::parse("get=0").is_err());
        assert!(Mix::parse("mixed=1").is_err());
        assert!(Mix::parse("delete=1").is_err());
    }
}
