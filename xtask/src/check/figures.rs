mod measure;

use std::fmt::Write as _;

use crate::tree::{read, rust_files};
use measure::{Figures, measure};

/// One figure of the tree: its name, where it should lie, and every value with its place.
struct Row {
    name: &'static str,
    aim: usize,
    values: Vec<(usize, String)>,
}

/// Outliers named for each figure.
const OUTLIERS_SHOWN: usize = 5;

/// The figures of the product's sources, tests left out: a mirror, not a gate.
pub(super) fn report() -> Result<String, String> {
    let mut figures = Figures::default();
    for file in rust_files()?.into_iter().filter(|file| !is_test(file)) {
        measure(&file, &read(&file)?, &mut figures)?;
    }
    let rows = [
        Row { name: "lines of a file", aim: 500, values: figures.file_lines },
        Row { name: "lines of a function", aim: 70, values: figures.function_lines },
        Row { name: "parameters", aim: 5, values: figures.parameters },
        Row { name: "nesting", aim: 3, values: figures.nesting },
        Row { name: "methods of a trait", aim: 12, values: figures.trait_methods },
    ];
    let mut text =
        format!("{:<22}{:>7}{:>7}{:>7}{:>7}{:>7}\n", "figure", "count", "median", "95 %", "max", "aim");
    let mut outliers = String::new();
    for mut row in rows {
        row.values.sort();
        let at = |share: f64| {
            row.values.get((row.values.len() as f64 * share) as usize).map_or(0, |(value, _)| *value)
        };
        let max = row.values.last().map_or(0, |(value, _)| *value);
        let (count, median, p95) = (row.values.len(), at(0.5), at(0.95));
        let _ = writeln!(text, "{:<22}{count:>7}{median:>7}{p95:>7}{max:>7}{:>7}", row.name, row.aim);
        let above = row.values.iter().rev().take_while(|(value, _)| *value > row.aim);
        for (value, place) in above.take(OUTLIERS_SHOWN) {
            let _ = writeln!(outliers, "    {}: {value} in {place}", row.name);
        }
    }
    let documented = figures.public_items - figures.undocumented.len();
    let _ = writeln!(text, "public items documented: {documented} of {}", figures.public_items);
    figures
        .undocumented
        .iter()
        .take(OUTLIERS_SHOWN)
        .for_each(|place| outliers.push_str(&format!("    no doc: {place}\n")));
    Ok(text + &outliers)
}

fn is_test(file: &std::path::Path) -> bool {
    let in_tests = file
        .components()
        .any(|part| ["tests", "benches", "examples"].iter().any(|name| part.as_os_str() == *name));
    in_tests || file.file_stem().is_some_and(|stem| stem == "tests")
}
