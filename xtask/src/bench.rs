use crate::run::{cargo, run};

/// Builds the load generator and hands the words to it.
pub(crate) fn bench(words: &[&str]) -> Result<(), String> {
    run(cargo()
        .args(["run", "--release", "--quiet", "--package", "bench", "--bin", "bench", "--"])
        .args(words))
}
