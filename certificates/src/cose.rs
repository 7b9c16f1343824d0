//! The envelope: a tagged COSE_Sign1 (RFC 9052 §4.2) with one algorithm and exactly three protected headers.

use std::borrow::Cow;

use crate::cbor::{CborError, Decoder, Encoder, Key, Limits, Value};
use crate::keys::{ED25519, KeyId, PublicKey, Role, Signature64};

/// CBOR tag of COSE_Sign1 (RFC 9052 §2).
const SIGN1_TAG: u64 = 18;
/// Header label `alg` (RFC 9052 §3.1).
const ALG: u64 = 1;
/// Header label `kid` (RFC 9052 §3.1).
const KID: u64 = 4;
/// Header label `typ` (RFC 9596 §2).
const TYP: u64 = 16;

/// What an envelope holds. The typ says it, and the role of the key MUST fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Certificate,
    Keyset,
    StatusList,
}

impl Kind {
    pub(crate) fn typ(self) -> &'static str {
        match self {
            Kind::Certificate => "application/xue+cwt",
            Kind::Keyset => "application/xue-keyset+cwt",
            Kind::StatusList => "application/statuslist+cwt",
        }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Kind::Certificate => Role::Certificate,
            Kind::Keyset => Role::Root,
            Kind::StatusList => Role::Status,
        }
    }

    /// What a reader of this kind puts up with.
    pub(crate) fn limits(self) -> Limits {
        match self {
            Kind::Certificate => Limits { depth: 6, items: 64, text: 96 },
            Kind::Keyset => Limits { depth: 6, items: 8_192, text: 96 },
            Kind::StatusList => Limits { depth: 6, items: 64, text: 96 },
        }
    }
}

/// The protected header of an object that this crate signs, in canonical CBOR.
pub(crate) fn protected_header(kind: Kind, kid: KeyId) -> Vec<u8> {
    let mut header = Encoder::with_capacity(48);
    header.map(3);
    header.unsigned(ALG);
    header.integer(ED25519);
    header.unsigned(KID);
    header.bytes(kid.as_bytes());
    header.unsigned(TYP);
    header.text(kind.typ());
    header.finish()
}

/// The Sig_structure (RFC 9052 §4.4): what is really signed. No external data.
pub(crate) fn signature_input(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut input = Encoder::with_capacity(payload.len() + protected.len() + 32);
    input.array(4);
    input.text("Signature1");
    input.bytes(protected);
    input.bytes(&[]);
    input.bytes(payload);
    input.finish()
}

/// The canonical envelope of these parts.
pub(crate) fn envelope(protected: &[u8], payload: &[u8], signature: &Signature64) -> Vec<u8> {
    let mut envelope = Encoder::with_capacity(payload.len() + protected.len() + 96);
    envelope.tag(SIGN1_TAG);
    envelope.array(4);
    envelope.bytes(protected);
    envelope.map(0);
    envelope.bytes(payload);
    envelope.bytes(signature);
    envelope.finish()
}

/// The parts of an envelope as they came, in whatever spelling.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    protected: Cow<'a, [u8]>,
    payload: Cow<'a, [u8]>,
    signature: Signature64,
}

impl<'a> Envelope<'a> {
    /// Reads tag 18, an array of four, an empty unprotected map; the error says what was found instead.
    pub(crate) fn decode(bytes: &'a [u8], limits: Limits) -> Result<Envelope<'a>, &'static str> {
        let mut decoder = Decoder::new(bytes, limits);
        decoder.tag(SIGN1_TAG).map_err(CborError::detail)?;
        let value = decoder.value().map_err(CborError::detail)?;
        decoder.end().map_err(CborError::detail)?;

        let Value::Array(parts) = value else { return Err("a COSE_Sign1 is an array") };
        let Ok([protected, unprotected, payload, signature]) = <[Value<'_>; 4]>::try_from(parts) else {
            return Err("a COSE_Sign1 has four parts");
        };
        let Value::Bytes(protected) = protected else { return Err("the protected header is not bytes") };
        let Value::Map(unprotected) = unprotected else { return Err("the unprotected header is not a map") };
        let Value::Bytes(payload) = payload else { return Err("the payload is not bytes") };
        let Value::Bytes(signature) = signature else { return Err("the signature is not bytes") };
        if !unprotected.is_empty() {
            return Err("the unprotected header is not empty");
        }
        let signature = signature.as_ref().try_into().map_err(|_| "the signature is not 64 bytes")?;
        Ok(Envelope { protected, payload, signature })
    }

    /// Reads the protected header: exactly the labels alg, kid and typ.
    pub(crate) fn header(&self, limits: Limits) -> Result<Header<'_>, &'static str> {
        let value = Decoder::document(&self.protected, limits).map_err(CborError::detail)?;
        Header::read(value)
    }

    /// Reads the payload: one well-formed map.
    pub(crate) fn claims(&self, limits: Limits) -> Result<Value<'_>, &'static str> {
        match Decoder::document(&self.payload, limits).map_err(CborError::detail)? {
            map @ Value::Map(_) => Ok(map),
            _ => Err("the payload is not a map"),
        }
    }

    /// Whether `key` signed the payload and the protected header as they came.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&signature_input(&self.protected, &self.payload), &self.signature)
    }

    /// Whether `bytes` are the canonical spelling of the envelope with this header and these claims.
    pub(crate) fn is_canonically(&self, bytes: &[u8], header: &Header<'_>, claims: &Value<'_>) -> bool {
        let mut protected = Encoder::with_capacity(self.protected.len());
        header.value.encode(&mut protected);
        let mut payload = Encoder::with_capacity(self.payload.len());
        claims.encode(&mut payload);
        envelope(&protected.finish(), &payload.finish(), &self.signature) == bytes
    }
}

/// The protected header as it came.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    value: Value<'a>,
}

impl<'a> Header<'a> {
    fn read(value: Value<'a>) -> Result<Header<'a>, &'static str> {
        let header = Header { value };
        match &header.value {
            Value::Map(pairs) if pairs.len() == 3 => {}
            _ => return Err("the protected header is not a map of three"),
        }
        match header.get(ALG) {
            Some(Value::Unsigned(_) | Value::Negative(_) | Value::Text(_)) => {}
            _ => return Err("the protected header has no alg"),
        }
        match header.get(KID) {
            Some(Value::Bytes(_)) => {}
            _ => return Err("the protected header has no kid"),
        }
        match header.get(TYP) {
            Some(Value::Text(_) | Value::Unsigned(_)) => Ok(header),
            _ => Err("the protected header has no typ"),
        }
    }

    fn get(&self, label: u64) -> Option<&Value<'a>> {
        self.value.member(&Key::Unsigned(label))
    }

    /// Whether the typ is that of this kind.
    pub(crate) fn is_typed(&self, kind: Kind) -> bool {
        matches!(self.get(TYP), Some(Value::Text(typ)) if typ == kind.typ())
    }

    /// Whether the algorithm is Ed25519 by its own number, not by the deprecated −8.
    pub(crate) fn is_ed25519(&self) -> bool {
        matches!(self.get(ALG), Some(Value::Negative(number)) if *number == ED25519.unsigned_abs() - 1)
    }

    /// The name of the key; `None` when its length is not 8 bytes, which no key of this format has.
    pub(crate) fn kid(&self) -> Option<KeyId> {
        match self.get(KID) {
            Some(Value::Bytes(kid)) => kid.as_ref().try_into().ok().map(KeyId),
            _ => None,
        }
    }
}
