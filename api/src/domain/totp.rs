//! Six digits of an app: time-based one-time passwords (RFC 6238: HMAC-SHA-1, 30 seconds, one step either way).

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

/// What an app and the station share: 160 random bits. `Debug` masks it.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 20]>);

impl Secret {
    /// The secret made of these random bytes.
    pub fn new(bytes: [u8; 20]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads what [`Secret::base32`] writes; `None` when it is something else.
    pub fn from_base32(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(text.as_bytes()).ok()?);
        Some(Self::new(bytes.as_slice().try_into().ok()?))
    }

    /// The secret as people type it into an app: 32 capital letters and digits.
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(self.0.as_slice())
    }

    /// The `otpauth://` address that an app reads from a QR code. A colon would end the issuer's or the account's
    /// name, so that it becomes a space.
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> String {
        let [issuer, account] = [issuer, account].map(|name| percent_encoded(&name.replace(':', " ")));
        let secret = self.base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
        )
    }

    /// The step (half minutes since 1970-01-01) whose code this is, when that is the present one or a neighbour.
    /// Whoever accepts it MUST keep it and accept none that is not later, so that no code is accepted twice (RFC 6238,
    /// section 5.2). Spaces in the code count for nothing.
    pub fn matching_step(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let digits = Zeroizing::new(code.split_whitespace().collect::<String>());
        // Compared in constant time.
        let step = self.app().check(&digits, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }

    fn app(&self) -> Totp {
        Builder::new().with_secret(*self.0).build_noncompliant()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Everything but letters, digits and `-._~` as `%` and two hexadecimal digits (RFC 3986, section 2).
fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B: seconds, and the eight digits, of which an app shows the last six.
    const VECTORS: [(i64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (seconds, eight) in VECTORS {
            assert_eq!(secret().matching_step(&eight[2..], at(seconds)), Some(seconds / 30), "{eight}");
            let long = Builder::new().with_secret(*b"12345678901234567890").with_digits(8).build().unwrap();
            assert_eq!(long.generate(u64::try_from(seconds).unwrap()).to_string(), eight);
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_either_way() {
        let (code, step) = ("005924", 1_234_567_890 / 30);
        let accepted = |steps: i64| secret().matching_step(code, at(1_234_567_890 + steps * 30));

        assert_eq!([-2, -1, 0, 1, 2].map(accepted), [None, Some(step), Some(step), Some(step), None]);
    }

    #[test]
    fn only_six_digits_are_a_code_and_spaces_between_them_do_no_harm() {
        let accepted = |code: &str| secret().matching_step(code, at(1_234_567_890)).is_some();

        assert!(accepted("005 924"));
        assert!(accepted(" 005924\n"));
        for wrong in ["", "5924", "89005924", "+05924", "005925", "００５９２４", "00592x"] {
            assert!(!accepted(wrong), "{wrong}");
        }
        assert_eq!(secret().matching_step("005924", at(-1)), None);
    }

    #[test]
    fn an_app_reads_the_address() {
        assert_eq!(
            secret().otpauth_uri("武汉: station", "wang@hospital"),
            "otpauth://totp/%E6%AD%A6%E6%B1%89%20%20station:wang%40hospital?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=%E6%AD%A6%E6%B1%89%20%20station&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{:?}", secret()), "Secret(…)");
    }

    #[test]
    fn a_secret_that_was_written_down_reads_back() {
        let read = Secret::from_base32(&secret().base32()).unwrap();

        assert_eq!(read.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for other in ["", "GEZDGNBV", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ!", "gezdgnbvgy3tqojqgezdgnbvgy3tqojq"]
        {
            assert!(Secret::from_base32(other).is_none(), "{other}");
        }
    }
}
