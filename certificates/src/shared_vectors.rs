//! Published vectors for what is not public: raw signatures, Sig_structures, base32.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use serde_json::Value;

use crate::cbor::{Document, Key, Limits, Node};
use crate::cose::{self, Envelope, Header};
use crate::keys::{PublicKey, Role};
use crate::secret_key::SecretKey;
use crate::shared::vectors;
use crate::text;

const LIMITS: Limits = Limits { depth: 6, items: 64, text: 96 };

fn hex(text: &Value) -> Vec<u8> {
    HEXLOWER_PERMISSIVE.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

fn json(file: &str) -> Option<Value> {
    vectors(file).map(|text| serde_json::from_str(&text).unwrap())
}

fn key(bytes: &[u8]) -> PublicKey {
    PublicKey::from_bytes(bytes.try_into().unwrap()).unwrap()
}

/// Project Wycheproof: every invalid signature is refused. Strict verification refuses no valid one either.
#[test]
fn wycheproof_ed25519_signatures_are_judged_as_published() {
    let Some(file) = json("wycheproof/ed25519_test.json") else { return };
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = key(&hex(&group["publicKey"]["pk"]));
        for test in group["tests"].as_array().unwrap() {
            let signature: Result<[u8; 64], _> = hex(&test["sig"]).try_into();

            let good = signature.is_ok_and(|signature| key.verifies(&hex(&test["msg"]), &signature));

            let expected = test["result"] == "valid";
            assert_eq!(good, expected, "{test}");
            *(if expected { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert_eq!((valid, invalid), (88, 63));
}

#[test]
fn the_signatures_of_rfc_8032_and_rfc_8037_are_good() {
    let Some(file) = json("rfc/vectors.json") else { return };
    for test in file["rfc8032_7_1"].as_array().unwrap() {
        let key = key(&hex(&test["pk"]));
        let signature = hex(&test["sig"]).try_into().unwrap();
        assert!(key.verifies(&hex(&test["msg"]), &signature));
        if test["seed"].is_string() {
            let secret = SecretKey::generate(Role::Root, hex(&test["seed"]).try_into().unwrap());
            assert_eq!(secret.public(), &key);
        }
    }
    let jws = &file["rfc8037_A"];
    let base64 = |text: &Value| BASE64URL_NOPAD.decode(text.as_str().unwrap().as_bytes()).unwrap();
    let key = key(&base64(&jws["jwk_public"]["x"]));
    let signature = base64(&jws["signature"]).try_into().unwrap();
    assert!(key.verifies(jws["jws_signing_input"].as_str().unwrap().as_bytes(), &signature));
}

#[test]
fn base32_is_that_of_rfc_4648() {
    let Some(file) = json("rfc/vectors.json") else { return };
    for pair in file["rfc4648_10_base32_nopad"].as_array().unwrap() {
        let (plain, base32) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let armoured = format!("XUE:/1/{base32}");

        assert_eq!(text::encode(plain.as_bytes()), armoured);
        assert_eq!(text::decode(armoured.as_bytes()).unwrap(), plain.as_bytes());
    }
}

/// The examples use the deprecated algorithm −8 and an unprotected kid: their signatures are good, and a verifier
/// of this format refuses them all the same.
#[test]
fn cose_wg_eddsa_examples_have_our_sig_structure_and_good_signatures() {
    for file in ["eddsa-sig-01", "eddsa-sig-02"] {
        let Some(example) = json(&format!("cose-wg-examples/eddsa-examples/{file}.json")) else { return };
        let token = hex(&example["output"]["cbor"]);
        let document = Document::decode_tagged(&token, 18, LIMITS).unwrap();
        let parts: Vec<&[u8]> = document.root().array().unwrap().filter_map(Node::bytes).collect();
        let [protected, payload, signature] = parts.as_slice() else { panic!("{file}") };

        let input = cose::signature_input(protected, payload);

        assert_eq!(input, hex(&example["intermediates"]["ToBeSign_hex"]));
        let x = &example["input"]["sign0"]["key"]["x_hex"];
        if let Ok(signature) = <[u8; 64]>::try_from(*signature) {
            assert!(key(&hex(x)).verifies(&input, &signature), "{file}");
        }
        let header = Document::decode(protected, LIMITS).unwrap();
        assert!(Header::read(header.root()).is_err());
        assert_eq!(Envelope::read(&document).unwrap_err(), "the unprotected header is not empty");
    }
}

/// RFC 8392 appendix A.3: an ES256 token, whose structure we read and whose algorithm we refuse.
#[test]
fn the_signed_cwt_of_rfc_8392_has_our_sig_structure() {
    let Some(example) = json("cose-wg-examples/CWT/A_3.json") else { return };
    let token = hex(&example["output"]["cbor"]);
    let document = cose::decode(&token, LIMITS).unwrap();
    let envelope = Envelope::read(&document).unwrap();
    let claims = envelope.payload(LIMITS).unwrap();
    let parts: Vec<&[u8]> = document.root().array().unwrap().filter_map(Node::bytes).collect();

    assert_eq!(cose::signature_input(parts[0], parts[1]), hex(&example["intermediates"]["ToBeSign_hex"]));
    assert!(document.is_canonical() && claims.is_canonical());
    let issuer = claims.root().member(Key::Unsigned(1)).and_then(Node::text);
    assert_eq!(issuer, Some("coap://as.example.com"));
    let header = envelope.header(LIMITS).unwrap();
    assert_eq!(Header::read(header.root()).unwrap_err(), "the protected header is not a map of three");
}

/// The last claim of A.7 is a float: refused by name.
#[test]
fn the_cwt_with_a_float_of_rfc_8392_is_refused() {
    let Some(example) = json("cose-wg-examples/CWT/A_7.json") else { return };
    let payload = hex(&example["input"]["plaintext_hex"]);

    let error = Document::decode(&payload, LIMITS).unwrap_err();

    assert_eq!(error, crate::cbor::CborError::Float);
}
