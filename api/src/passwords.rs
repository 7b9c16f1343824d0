//! Passwords are kept as what Argon2id makes of them, and compared with that; two at a time.

use crate::domain::password::{Password, normalised};
use crate::error::Error;
use argon2::password_hash::{Error as Failure, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// The parameters that OWASP's Password Storage Cheat Sheet recommends: memory (KiB), passes, lanes.
const PARAMETERS: (u32, u32, u32) = (19_456, 2, 1);
/// How many are worked on at a time: each takes 19 MiB and some 20 ms of a core.
const AT_A_TIME: usize = 2;
/// What the password of somebody who does not exist is compared with, so that it takes as long. Nobody's password: its
/// hash is all zeros.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and compares passwords, on threads that may block. Cheap to clone; all clones take turns.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

impl Passwords {
    /// What is kept of a password, with these random bytes as its salt: a PHC string, `$argon2id$v=19$…`.
    ///
    /// # Errors
    /// `internal`.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, Error> {
        self.in_turn(move || {
            let hash = argon2()?.hash_password_with_salt(password.reveal().as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(internal)
        })
        .await
    }

    /// Whether what somebody typed is the password of which `kept` is kept; never, when nothing is (there is no such
    /// user, or they have no password), and that takes as long.
    ///
    /// # Errors
    /// `internal` when what is kept cannot be read.
    pub async fn verify(&self, kept: Option<String>, typed: String) -> Result<bool, Error> {
        let (typed, is_kept) = (normalised(&Zeroizing::new(typed)), kept.is_some());
        let kept = kept.unwrap_or_else(|| NOBODYS.to_owned());
        self.in_turn(move || match argon2()?.verify_password(typed.as_bytes(), kept.as_str()) {
            Ok(()) => Ok(is_kept),
            Err(Failure::PasswordInvalid) => Ok(false),
            Err(failure) => Err(internal(failure)),
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)?;
        let task = tokio::task::spawn_blocking(move || {
            // Whoever hung up meanwhile does not let another begin early.
            let _turn = turn;
            work()
        });
        task.await.unwrap_or_else(|failure| Err(Error::internal(failure)))
    }
}

/// New hashes have these parameters; old ones are compared with their own.
fn argon2() -> Result<Argon2<'static>, Error> {
    let (memory, passes, lanes) = PARAMETERS;
    let parameters = Params::new(memory, passes, lanes, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

fn internal(failure: Failure) -> Error {
    Error::internal(format_args!("a password's hash: {failure}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Waker};

    /// Of the reference implementation's own tests (`argon2id`, version 0x13, t = 2, m = 2¹⁶, p = 1).
    const REFERENCE: &str =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    fn chosen(text: &str) -> Password {
        Password::parse(text, "nobody").unwrap()
    }

    async fn hashed(text: &str, salt: u8) -> String {
        Passwords::default().hash(chosen(text), [salt; 16]).await.unwrap()
    }

    /// Whether `typed` is the password of which `kept` is kept.
    async fn is_it(kept: Option<&str>, typed: &str) -> Result<bool, Error> {
        Passwords::default().verify(kept.map(str::to_owned), typed.to_owned()).await
    }

    #[tokio::test]
    async fn a_password_is_known_again_in_any_spelling_and_no_other_is() {
        let kept = hashed("cafe\u{301} １２３４５６７", 1).await;

        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(is_it(Some(&kept), "café 1234567").await.unwrap());
        assert!(!is_it(Some(&kept), "café 1234568").await.unwrap());
        assert!(!is_it(Some(&kept), "").await.unwrap());
    }

    #[tokio::test]
    async fn the_same_password_is_kept_differently_with_another_salt() {
        assert_ne!(hashed("a long sentence", 1).await, hashed("a long sentence", 2).await);
    }

    #[tokio::test]
    async fn hashes_of_the_reference_implementation_are_understood() {
        assert!(is_it(Some(REFERENCE), "password").await.unwrap());
        assert!(!is_it(Some(REFERENCE), "passwort").await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_what_cannot_be_read_is_a_failure() {
        assert!(!is_it(None, "whatever it may be").await.unwrap());
        assert!(!is_it(Some(NOBODYS), "whatever it may be").await.unwrap(), "it can be read");
        assert_eq!(is_it(Some("rubbish"), "a").await.unwrap_err().code, "internal");
    }

    #[tokio::test]
    async fn a_third_waits_for_its_turn() {
        let passwords = Passwords::default();
        let mut busy = Arc::clone(&passwords.turns).acquire_many_owned(2).await.unwrap();
        let mut third = pin!(passwords.verify(None, "a".to_owned()));

        assert!(third.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(busy.split(1));

        assert!(!third.await.unwrap());
    }
}
