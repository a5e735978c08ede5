//! Encryption between a store and its caller: the store sees ciphertext, the caller plain objects.
//!
//! Knows: the sealed form of an object, keys and what wraps them, sizes before and after.
//! Does not know: any one store, HTTP, where keys are kept.
