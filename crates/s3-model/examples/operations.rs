//! Prints the table of operations as JSON: `cargo run -p s3-model --example operations > crates/s3-model/operations.json`.

#[allow(clippy::print_stdout, reason = "printing is what this example is for")]
fn main() {
    print!("{}", s3_model::Operation::table_as_json());
}
