use super::*;

struct Fixed(u8);

impl Random for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

fn entry(id: &str, byte: u8) -> String {
    format!("[[key]]\nid = \"{id}\"\nsecret = \"{}\"\n", STANDARD.encode([byte; 32]))
}

fn refusal(text: &str) -> KeyringError {
    Keyring::parse(text).unwrap_err()
}

#[tokio::test]
async fn the_first_key_is_primary_unless_another_is_named() {
    let two = entry("a", 1) + &entry("b", 2);
    assert_eq!(Keyring::parse(&two).unwrap().primary().await.unwrap(), "a");
    let named = format!("primary = \"b\"\n{two}");
    let keyring = Keyring::parse(&named).unwrap();
    assert_eq!((keyring.primary().await.unwrap(), keyring.ids()), ("b".into(), vec!["a".into(), "b".into()]));
}

#[test]
fn what_is_wrong_is_named_without_a_secret() {
    let named = format!("primary = \"z\"\n{}", entry("a", 1));
    assert_eq!(refusal(&named), KeyringError::Primary("z".into()));
    assert_eq!(refusal(""), KeyringError::Empty);
    assert_eq!(refusal(&(entry("a", 1) + &entry("a", 2))), KeyringError::Twice("a".into()));
    assert_eq!(refusal(&entry("", 1)), KeyringError::Id(1));
    assert!(Keyring::parse(&entry(&"k".repeat(255), 1)).is_ok());
    assert_eq!(refusal(&entry(&"k".repeat(256), 1)), KeyringError::Id(1));
    assert_eq!(refusal("[[key]]\nid = \"a\"\nsecret = \"AAAA\"\n"), KeyringError::Secret("a".into()));
    let secret = STANDARD.encode([9; 32]);
    for text in [
        format!("[[key]]\nid = \"a\"\nsecret = \"{secret}\"\nother = 1\n"),
        format!("[[key]]\nid = \"a\"\nsecret = \"{secret}\n"),
        format!("[[key]]\nsecret = \"{secret}\"\n"),
    ] {
        let error = refusal(&text);
        assert!(matches!(error, KeyringError::Malformed(_)));
        assert!(!error.to_string().contains(&secret), "{error}");
    }
}

#[tokio::test]
async fn a_wrapped_secret_opens_under_its_key_and_in_its_context_only() {
    let keyring = Keyring::parse(&(entry("a", 1) + &entry("b", 2))).unwrap();
    let secret = Secret::new([5; 32]);
    let wrapped = keyring.wrap("a", &secret, b"here").await.unwrap();
    assert_eq!(keyring.unwrap("a", &wrapped, b"here").await.unwrap().expose(), secret.expose());
    let kind = |result: Result<Secret, KeyError>| result.unwrap_err().kind;
    assert_eq!(kind(keyring.unwrap("b", &wrapped, b"here").await), KeyErrorKind::Damaged);
    assert_eq!(kind(keyring.unwrap("a", &wrapped, b"there").await), KeyErrorKind::Damaged);
    assert_eq!(kind(keyring.unwrap("c", &wrapped, b"here").await), KeyErrorKind::Unknown);
    for cut in 0..wrapped.len() {
        assert_eq!(kind(keyring.unwrap("a", &wrapped[..cut], b"here").await), KeyErrorKind::Damaged);
    }
}

#[tokio::test]
async fn a_keyring_is_made_and_extended_and_keeps_what_it_had() {
    let first = Keyring::extend(None, "2025", &Fixed(1)).unwrap();
    let keyring = Keyring::parse(&first).unwrap();
    let wrapped = keyring.wrap("2025", &Secret::new([5; 32]), b"").await.unwrap();
    let second = Keyring::extend(Some(&first), "20\"26", &Fixed(2)).unwrap();
    let third = Keyring::extend(Some(&second), "2027", &Fixed(3)).unwrap();
    assert!(third.starts_with("# Whoever"), "comments stay: {third}");
    keyring.reload(&third).unwrap();
    assert_eq!(keyring.primary().await.unwrap(), "2027");
    assert_eq!(keyring.ids(), ["20\"26", "2025", "2027"]);
    assert!(keyring.unwrap("2025", &wrapped, b"").await.is_ok());
    assert_eq!(Keyring::extend(Some(&third), "2027", &Fixed(4)), Err(KeyringError::Twice("2027".into())));
    assert!(keyring.reload("nonsense").is_err());
    assert_eq!(keyring.primary().await.unwrap(), "2027");
    assert!(!format!("{keyring:?}").contains(&STANDARD.encode([1; 32])));
}
