use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use s3_model::{ErrorCode, S3Error};
use serde_json::Value;
use types::Timestamp;

use super::condition::{Condition, Matching};
use super::verify::PostForm;
use crate::{date, error};

/// The longest policy, in bytes of Base64: S3 lets all fields before the file have 20 KB.
const POLICY_MAX_BYTES: usize = 20 * 1024;

/// Fields that no condition has to cover, in lower case.
const EXEMPT: [&str; 5] = ["awsaccesskeyid", "file", "policy", "signature", "x-amz-signature"];
/// Fields of names that begin so need not be covered either.
const IGNORED_PREFIX: &str = "x-ignore-";

/// What a form may hold, and until when.
#[derive(Debug)]
pub(super) struct Policy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
}

impl Policy {
    /// Reads a policy from its field.
    pub(super) fn parse(encoded: &str) -> Result<Self, S3Error> {
        if encoded.len() > POLICY_MAX_BYTES {
            return Err(invalid("Policy is too large."));
        }
        let stripped: Vec<u8> = encoded.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let json = STANDARD.decode(stripped).map_err(|_| invalid("Invalid Base64."))?;
        let document: Value = serde_json::from_slice(&json).map_err(|_| invalid("Invalid JSON."))?;
        let member =
            |name: &str| document.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, expiration) = member("expiration").ok_or_else(|| invalid("Policy missing expiration."))?;
        let (_, conditions) = member("conditions").ok_or_else(|| invalid("Policy missing conditions."))?;
        let expiration = expiration
            .as_str()
            .and_then(date::parse_extended)
            .ok_or_else(|| invalid(&format!("Invalid 'expiration' value: {expiration}")))?;
        let conditions = conditions.as_array().ok_or_else(|| invalid("Conditions must be a List."))?;
        let conditions = conditions.iter().map(|one| Condition::parse(one).map_err(invalid));
        Ok(Self { expiration, conditions: conditions.collect::<Result<_, _>>()? })
    }

    /// Checks a form against the policy, and tells how many bytes the file may have.
    pub(super) fn check(
        &self,
        form: &PostForm<'_>,
        now: Timestamp,
    ) -> Result<Option<RangeInclusive<u64>>, S3Error> {
        if now > self.expiration {
            return Err(violated("Policy expired."));
        }
        let mut size: Option<RangeInclusive<u64>> = None;
        for condition in &self.conditions {
            match condition {
                Condition::Size(range) => {
                    size = Some(match size {
                        Some(other) => *range.start().max(other.start())..=*range.end().min(other.end()),
                        None => range.clone(),
                    });
                }
                Condition::Field { name, matching, value } if !holds(form, name, *matching, value) => {
                    return Err(violated(&format!("Policy Condition failed: {}", condition.show())));
                }
                Condition::Field { .. } => {}
            }
        }
        self.check_covered(form)?;
        Ok(size)
    }

    /// Every field must appear in a condition.
    fn check_covered(&self, form: &PostForm<'_>) -> Result<(), S3Error> {
        let is_covered = |field: &str| {
            self.conditions.iter().any(|condition| {
                matches!(condition, Condition::Field { name, .. } if name.eq_ignore_ascii_case(field))
            })
        };
        let is_exempt = |field: &str| {
            let field = field.to_ascii_lowercase();
            EXEMPT.contains(&field.as_str()) || field.starts_with(IGNORED_PREFIX)
        };
        let names = form.fields.iter().map(|(name, _)| name.as_str());
        let extra: Vec<&str> = names.filter(|name| !is_covered(name) && !is_exempt(name)).collect();
        if extra.is_empty() {
            Ok(())
        } else {
            Err(violated(&format!("Extra input fields: {}", extra.join(", "))))
        }
    }
}

/// Whether a form fulfils one condition: with every value of the field, and with at least one.
fn holds(form: &PostForm<'_>, name: &str, matching: Matching, wanted: &str) -> bool {
    if name.eq_ignore_ascii_case("bucket") {
        return matching.holds(name, wanted, form.bucket.as_str());
    }
    if name.eq_ignore_ascii_case("key") && matching.holds(name, wanted, form.key) {
        return true;
    }
    // What is left for the key is an exact template that holds `${filename}` itself.
    let is_key = name.eq_ignore_ascii_case("key");
    let mut values = form.values(name).peekable();
    values.peek().is_some()
        && !(is_key && matching == Matching::Prefix)
        && values.all(|given| matching.holds(name, wanted, given))
}

fn violated(how: &str) -> S3Error {
    error::denied(format!("Invalid according to Policy: {how}"))
}

fn invalid(how: &str) -> S3Error {
    S3Error::with_message(ErrorCode::InvalidPolicyDocument, format!("Invalid Policy: {how}"))
}
