//! A store under the layer keeps all promises of the port: with either algorithm, over a store that keeps nothing beside an
//! object's bytes, two layers deep, and with encrypted names.

mod common;

use common::{Layered, Setup, keyring};
use crypt::{Algorithm, Names};

fn chacha() -> Setup {
    Setup { algorithm: Algorithm::ChaCha20Poly1305, ..Setup::default() }
}

fn second() -> Setup {
    Setup { level: 2, keys: keyring(&[("other", 9)]), ..chacha() }
}

fn named() -> Setup {
    Setup { names: Names::Encrypted, ..Setup::default() }
}

mod aes {
    use super::*;
    conformance::store_suite!(Layered::new(vec![Setup::default()]));
}

mod bare_chacha {
    use super::*;
    conformance::store_suite!(Layered::bare(vec![chacha()]));
}

mod stacked {
    use super::*;
    conformance::store_suite!(Layered::new(vec![second(), Setup::default()]));
}

mod encrypted_names {
    use super::*;
    conformance::store_suite!(Layered::new(vec![named()]));
}
