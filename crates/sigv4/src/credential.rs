use crate::split::rsplit_once;
use crate::{TERMINATOR, Text};

/// A credential: who signed, and the scope of the signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The access key id.
    pub key_id: &'a str,
    /// `yyyyMMdd`.
    pub date: &'a str,
    /// The region, any text.
    pub region: &'a str,
    /// The service.
    pub service: &'a str,
}

/// What is wrong with a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialProblem<'a> {
    /// It has not five parts.
    Shape,
    /// The access key id is empty.
    KeyId,
    /// The date is none.
    Date(&'a str),
    /// The service is another; which was given.
    Service(&'a str),
    /// The last part is not the terminator; which was given.
    Terminator(&'a str),
}

impl CredentialProblem<'_> {
    /// What is wrong, as S3 words it in both the header's and the query's error.
    pub fn describe(self, service: &str) -> String {
        match self {
            Self::Shape => format!(
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/{service}/aws4_request\"."
            ),
            Self::KeyId => "a non-empty Access Key (AKID) must be provided in the credential.".to_owned(),
            Self::Date(date) => format!(
                "incorrect date format \"{date}\". This date in the credential must be in the format \"yyyyMMdd\"."
            ),
            Self::Service(given) => {
                format!("incorrect service \"{given}\". This endpoint belongs to \"{service}\".")
            }
            Self::Terminator(given) => {
                format!("incorrect terminal \"{given}\". This endpoint uses \"aws4_request\".")
            }
        }
    }
}

impl<'a> Credential<'a> {
    /// Reads `ID/yyyyMMdd/REGION/SERVICE/aws4_request`.
    pub fn parse(text: &'a str, service: &str) -> Result<Self, CredentialProblem<'a>> {
        // From the end, since the id of an access key may have any shape.
        let last = |text: &'a str| rsplit_once(text, b'/').ok_or(CredentialProblem::Shape);
        let (rest, terminator) = last(text)?;
        let (rest, given_service) = last(rest)?;
        let (rest, region) = last(rest)?;
        let (key_id, date) = last(rest)?;
        let credential = Self { key_id, date, region, service: given_service };
        match credential {
            Self { key_id: "", .. } => Err(CredentialProblem::KeyId),
            Self { date, .. } if !is_date(date) => Err(CredentialProblem::Date(date)),
            Self { service: given, .. } if given != service => Err(CredentialProblem::Service(given)),
            _ if terminator != TERMINATOR => Err(CredentialProblem::Terminator(terminator)),
            _ => Ok(credential),
        }
    }

    /// Whether the scope is of the day of `moment`, written `yyyyMMdd'T'HHmmss'Z'`.
    pub fn is_of_day(&self, moment: &str) -> bool {
        moment.as_bytes().get(..8) == Some(self.date.as_bytes())
    }

    /// The scope as the string to sign has it, without the line's end.
    pub fn write_scope(&self, out: &mut Text) {
        for part in [self.date, self.region, self.service] {
            out.extend_from_slice(part.as_bytes());
            out.push(b'/');
        }
        out.extend_from_slice(TERMINATOR.as_bytes());
    }
}

/// Whether it has the shape of a day. That it is one follows when it turns out to be the day of the request's date.
fn is_date(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_checked() {
        let parse = |text| Credential::parse(text, "s3");
        let good = "AKID/20130524/us-east-1/s3/aws4_request";
        assert_eq!(
            parse(good),
            Ok(Credential { key_id: "AKID", date: "20130524", region: "us-east-1", service: "s3" })
        );
        assert_eq!(parse("AKID/20130524/us-east-1/s3"), Err(CredentialProblem::Shape));
        assert_eq!(parse("/20130524/us-east-1/s3/aws4_request"), Err(CredentialProblem::KeyId));
        assert_eq!(parse("A/2013052/r/s3/aws4_request"), Err(CredentialProblem::Date("2013052")));
        assert_eq!(parse("A/2013052x/r/s3/aws4_request"), Err(CredentialProblem::Date("2013052x")));
        assert_eq!(parse("A/20130524/r/ec2/aws4_request"), Err(CredentialProblem::Service("ec2")));
        assert_eq!(parse("A/20130524/r/s3/aws5"), Err(CredentialProblem::Terminator("aws5")));
        assert!(parse("A/20130524//s3/aws4_request").is_ok(), "an empty region is a region");
    }
}
