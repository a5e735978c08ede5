use std::ops::RangeInclusive;

use serde_json::Value;

/// One condition of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// A field's value is this, or begins so.
    Field {
        /// The field's name as the policy writes it, without the `$`.
        name: String,
        matching: Matching,
        value: String,
    },
    /// The file has that many bytes.
    Size(RangeInclusive<u64>),
}

/// How a field's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matching {
    Exact,
    Prefix,
}

impl Condition {
    /// Reads a condition; what is wrong with it otherwise, as S3 words it.
    pub(super) fn parse(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Object(properties) => {
                let mut properties = properties.iter();
                let (Some((name, value)), None) = (properties.next(), properties.next()) else {
                    return Err(
                        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
                    );
                };
                let value = value.as_str().ok_or("Invalid Simple-Condition: value must be a string.")?;
                Ok(Self::Field { name: name.clone(), matching: Matching::Exact, value: value.to_owned() })
            }
            Value::Array(items) => Self::parse_operation(items),
            _ => Err("Invalid Condition: a condition must be an object or an array."),
        }
    }

    fn parse_operation(items: &[Value]) -> Result<Self, &'static str> {
        let [operation, first, second] = items else {
            return Err("Invalid Condition: wrong number of arguments.");
        };
        let operation = operation.as_str().unwrap_or_default().to_ascii_lowercase();
        let matching = match operation.as_str() {
            "eq" => Matching::Exact,
            "starts-with" => Matching::Prefix,
            "content-length-range" => {
                let (Some(least), Some(most)) = (number(first), number(second)) else {
                    return Err("Invalid content-length-range: the bounds must be whole numbers.");
                };
                return Ok(Self::Size(least..=most));
            }
            _ => return Err("Invalid Condition: unknown operation."),
        };
        let name = first.as_str().and_then(|name| name.strip_prefix('$'));
        let (Some(name), Some(value)) = (name, second.as_str()) else {
            return Err("Invalid Condition: the arguments must be a field's name after a '$' and a string.");
        };
        Ok(Self::Field { name: name.to_owned(), matching, value: value.to_owned() })
    }

    /// The condition as S3's error shows it.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Field { name, matching, value } => {
                let operation = match matching {
                    Matching::Exact => "eq",
                    Matching::Prefix => "starts-with",
                };
                format!("[\"{operation}\", \"${name}\", \"{value}\"]")
            }
            Self::Size(range) => format!("[\"content-length-range\", {}, {}]", range.start(), range.end()),
        }
    }
}

impl Matching {
    /// Whether a field's value fulfils it. A content type that is a list must fulfil it with each of its members.
    pub(super) fn holds(self, name: &str, wanted: &str, given: &str) -> bool {
        match self {
            Self::Exact => given == wanted,
            Self::Prefix if name.eq_ignore_ascii_case("content-type") => {
                given.split(',').all(|one| one.trim_start().starts_with(wanted))
            }
            Self::Prefix => given.starts_with(wanted),
        }
    }
}

/// A bound of a size: a number, or a text of digits as some clients write it.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        other => other.as_u64(),
    }
}
