//! A forger's workshop, made of other people's tools: coset and ciborium build what this crate must refuse.

use ciborium::Value;
use coset::{Header, ProtectedHeader, SignatureContext, sig_structure_data};
use data_encoding::BASE32_NOPAD;
use ed25519_dalek::{Signer, SigningKey};

use crate::fixtures::{INDEX, ISSUER, NOW, STATUS_URI, certificate_key, seed};

pub fn int(value: i64) -> Value {
    Value::Integer(value.into())
}

pub fn text(value: &str) -> Value {
    Value::Text(value.into())
}

pub fn bytes(value: &[u8]) -> Value {
    Value::Bytes(value.into())
}

/// ciborium's encoding: shortest heads, definite lengths, map pairs in the given order.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// A map under construction.
#[derive(Clone)]
pub struct Map(pub Vec<(Value, Value)>);

impl Map {
    pub fn set(&mut self, key: Value, value: Value) {
        match self.0.iter_mut().find(|(found, _)| *found == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    pub fn remove(&mut self, key: &Value) {
        self.0.retain(|(found, _)| found != key);
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(&Value::Map(self.0.clone()))
    }
}

/// A token whose every part can be bent before it is signed.
#[derive(Clone)]
pub struct Token {
    pub header: Map,
    pub claims: Map,
    pub xue: Map,
    pub seed: [u8; 32],
}

/// The certificate of the fixtures, written down once more by hand.
pub fn token() -> Token {
    let status = Value::Map(vec![(
        text("status_list"),
        Value::Map(vec![(text("idx"), int(INDEX.try_into().unwrap())), (text("uri"), text(STATUS_URI))]),
    )]);
    Token {
        header: Map(vec![
            (int(1), int(-19)),
            (int(4), bytes(certificate_key().kid().as_bytes())),
            (int(16), text("application/xue+cwt")),
        ]),
        claims: Map(vec![
            (int(1), text(ISSUER)),
            (int(4), int(NOW.plus_days(366).0)),
            (int(6), int(NOW.0)),
            (int(7), bytes(b"0123456789abcdef")),
            (int(65_535), status),
        ]),
        xue: Map(vec![
            (int(0), int(1)),
            (int(1), text("欧阳*")),
            (int(2), int(1990)),
            (int(3), text("002X")),
            (int(4), int(12_000)),
            (int(5), int(34)),
            (int(6), int(60)),
            (int(7), int(1)),
            (int(8), int(4)),
            (int(9), int(3)),
            (int(10), int(6_400)),
            (int(11), int(20_700)),
        ]),
        seed: seed(),
    }
}

impl Token {
    pub fn payload(&self) -> Vec<u8> {
        let mut claims = self.claims.clone();
        claims.0.push((int(-65_537), Value::Map(self.xue.0.clone())));
        claims.encode()
    }

    pub fn signature(&self) -> [u8; 64] {
        sign(&self.seed, &self.header.encode(), &self.payload())
    }

    pub fn envelope(&self) -> Vec<u8> {
        envelope(&self.header.encode(), &self.payload(), &self.signature())
    }

    pub fn text(&self) -> String {
        armour(&self.envelope())
    }
}

/// The text of the fixtures' certificate after something was done to it, signed as if nothing had been.
pub fn forged(change: impl FnOnce(&mut Token)) -> String {
    let mut token = token();
    change(&mut token);
    token.text()
}

/// The Sig_structure of any header and payload by coset.
pub fn signature_input(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = ProtectedHeader { original_data: Some(protected.to_vec()), header: Header::default() };
    sig_structure_data(SignatureContext::CoseSign1, header, None, &[], payload)
}

/// A signature over any header and payload, canonical or not.
pub fn sign(seed: &[u8; 32], protected: &[u8], payload: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(seed).sign(&signature_input(protected, payload)).to_bytes()
}

/// The envelope of these parts by ciborium.
pub fn envelope(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let parts = vec![bytes(protected), Value::Map(vec![]), bytes(payload), bytes(signature)];
    encode(&Value::Tag(18, Box::new(Value::Array(parts))))
}

/// The text of any bytes.
pub fn armour(envelope: &[u8]) -> String {
    format!("XUE:/1/{}", BASE32_NOPAD.encode(envelope))
}

/// The bytes of a text.
pub fn disarm(text: &str) -> Vec<u8> {
    BASE32_NOPAD.decode(text.strip_prefix("XUE:/1/").unwrap().as_bytes()).unwrap()
}
