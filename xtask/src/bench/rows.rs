mod cache;
mod crypt;
mod gateway;
mod get;
mod list;
mod memory;
mod mirror;
mod plain;
mod put;
mod records;
mod stack;

use super::table::{Line, heading};

/// A row of the table: its name and how it is measured.
type Row = (&'static str, fn() -> Result<Vec<Line>, String>);

const ROWS: [Row; 12] = [
    ("get-large", get::large),
    ("get-small", get::small),
    ("put-small", put::small),
    ("put-large", put::large),
    ("list", list::list),
    ("memory", memory::memory),
    ("gateway", gateway::gateway),
    ("gateway-memory", gateway::memory),
    ("cache", cache::cache),
    ("mirror", mirror::mirror),
    ("crypt", crypt::crypt),
    ("stack-memory", stack::memory),
];

/// Measured only when named: filling it takes long.
const LONG_ROWS: [Row; 1] = [("records", records::records)];

/// The rows of these names; without a name all but the long ones.
pub(super) fn chosen(names: &[&str]) -> Result<Vec<Row>, String> {
    if names.is_empty() {
        return Ok(ROWS.to_vec());
    }
    let known = || ROWS.iter().chain(&LONG_ROWS);
    let row = |name: &&str| {
        let found = known().find(|(known, _)| known == name).copied();
        found.ok_or_else(|| {
            let names: Vec<&str> = known().map(|(name, _)| *name).collect();
            format!("{name}: the rows are {}", names.join(", "))
        })
    };
    names.iter().map(row).collect()
}

/// Measures the rows one after another and prints the table.
pub(super) fn measure(rows: &[Row]) -> Result<(), String> {
    println!("{}", heading());
    for (name, row) in rows {
        let lines = row().map_err(|error| format!("{name}: {error}"))?;
        lines.iter().for_each(|line| println!("{}", line.text()));
    }
    Ok(())
}
