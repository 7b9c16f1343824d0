//! The envelope: a tagged COSE_Sign1 (RFC 9052 §4.2) with one algorithm and exactly three protected headers.

use crate::cbor::{CborError, Document, Encoder, Key, Limits, Node};
use crate::keys::{ED25519, ED25519_NEGATIVE, KeyId, PublicKey, Role, Signature64};

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
pub(crate) struct Envelope<'d> {
    protected: &'d [u8],
    payload: &'d [u8],
    signature: Signature64,
}

/// Reads the bytes of an envelope: one item under tag 18. The error says what was found instead.
pub(crate) fn decode(bytes: &[u8], limits: Limits) -> Result<Document<'_>, &'static str> {
    Document::decode_tagged(bytes, SIGN1_TAG, limits).map_err(CborError::detail)
}

impl<'d> Envelope<'d> {
    /// Reads an array of four with an empty unprotected map.
    pub(crate) fn read(document: &'d Document<'_>) -> Result<Envelope<'d>, &'static str> {
        let mut parts = document.root().array().ok_or("a COSE_Sign1 is an array")?;
        let mut part = || parts.next().ok_or("a COSE_Sign1 has four parts");
        let protected = part()?.bytes().ok_or("the protected header is not bytes")?;
        let mut unprotected = part()?.map().ok_or("the unprotected header is not a map")?;
        let payload = part()?.bytes().ok_or("the payload is not bytes")?;
        let signature = part()?.bytes().ok_or("the signature is not bytes")?;
        if unprotected.next().is_some() {
            return Err("the unprotected header is not empty");
        }
        if parts.next().is_some() {
            return Err("a COSE_Sign1 has four parts");
        }
        let signature = signature.try_into().map_err(|_| "the signature is not 64 bytes")?;
        Ok(Envelope { protected, payload, signature })
    }

    /// Decodes the protected header.
    pub(crate) fn header(&self, limits: Limits) -> Result<Document<'d>, &'static str> {
        Document::decode(self.protected, limits).map_err(CborError::detail)
    }

    /// Decodes the payload.
    pub(crate) fn payload(&self, limits: Limits) -> Result<Document<'d>, &'static str> {
        Document::decode(self.payload, limits).map_err(CborError::detail)
    }

    /// Whether `key` signed the payload and the protected header as they came.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&signature_input(self.protected, self.payload), &self.signature)
    }
}

/// What the protected header says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'d> {
    is_ed25519: bool,
    kid: Option<KeyId>,
    typ: Option<&'d str>,
}

impl<'d> Header<'d> {
    /// Reads exactly the labels alg, kid and typ, each of a type that COSE allows for it.
    pub(crate) fn read(header: Node<'d, '_>) -> Result<Header<'d>, &'static str> {
        if header.map().map(Iterator::count) != Some(3) {
            return Err("the protected header is not a map of three");
        }
        let member = |label| header.member(Key::Unsigned(label)).ok_or("the protected header lacks a label");
        let (alg, kid, typ) = (member(ALG)?, member(KID)?, member(TYP)?);
        if alg.unsigned().or(alg.negative()).is_none() && alg.text().is_none() {
            return Err("the alg is neither a number nor text");
        }
        if typ.unsigned().is_none() && typ.text().is_none() {
            return Err("the typ is neither text nor a number");
        }
        let kid = kid.bytes().ok_or("the kid is not bytes")?;
        Ok(Header {
            is_ed25519: alg.negative() == Some(ED25519_NEGATIVE),
            kid: kid.try_into().ok().map(KeyId),
            typ: typ.text(),
        })
    }

    /// Whether the typ is that of this kind.
    pub(crate) fn is_typed(&self, kind: Kind) -> bool {
        self.typ == Some(kind.typ())
    }

    /// Whether the algorithm is Ed25519 by its own number, not by the deprecated −8.
    pub(crate) fn is_ed25519(&self) -> bool {
        self.is_ed25519
    }

    /// The name of the key; `None` when its length is not 8 bytes, which no key of this format has.
    pub(crate) fn kid(&self) -> Option<KeyId> {
        self.kid
    }
}
