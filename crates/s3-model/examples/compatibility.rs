//! Prints the first part of the compatibility page, `docs/compatibility.md`.

#[allow(clippy::print_stdout, reason = "printing is what this example is for")]
fn main() {
    print!("{}", s3_model::Operation::compatibility_page());
}
