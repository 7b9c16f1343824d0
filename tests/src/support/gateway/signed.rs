//! What Alibaba Cloud and Tencent Cloud both do with a request: it is read only when its signature is right.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

pub(super) fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The part of an `Authorization` header behind this name, up to the comma.
pub(super) fn part<'a>(authorization: &'a str, name: &str) -> &'a str {
    let rest = authorization.split_once(&format!("{name}=")).map_or("", |(_, rest)| rest);
    rest.split(',').next().unwrap_or_default()
}
