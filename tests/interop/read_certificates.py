"""Reads certificates with other people's programs: PyPI cwt verifies them, PyPI zxing-cpp scans their pictures.

Standard input: {"certificates": [{"text", "png"}], "jwks", "cose_keys", "status_list"}, pictures in
base64, CBOR in hexadecimal. Standard output: what was read.
"""

import base64
import io
import json
import sys

import cbor2
import cwt
import zxingcpp
from PIL import Image

PREFIX = "XUE:/1/"


def token_of(text):
    assert text.startswith(PREFIX), text
    body = text[len(PREFIX):]
    return base64.b32decode(body + "=" * (-len(body) % 8))


def scan(png):
    # Asked for every symbology, zxing-cpp sees a Codabar or ITF of four characters in the modules of 3 pictures in 748.
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    pictures = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    assert len(pictures) == 1, f"{len(pictures)} QR codes"
    return pictures[0].text


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def keys_of_jwks(jwks):
    """COSE keys: the same x, the kid as bytes, Ed25519 (RFC 9864) as the algorithm."""
    return [
        cwt.COSEKey.new({1: 1, 2: base64url(key["kid"]), 3: -19, -1: 6, -2: base64url(key["x"])})
        for key in jwks["keys"]
    ]


def keys_of_cose(cose_keys):
    return [cwt.COSEKey.new({3: -19, **key}) for key in cbor2.loads(bytes.fromhex(cose_keys))]


def claims(token, keys):
    read = cwt.decode(token, keys)
    return {"iss": read.get(1), "cti": read[7].hex() if 7 in read else None, "sub": read.get(2)}


def main():
    given = json.load(sys.stdin)
    by_jwks, by_cose_keys = keys_of_jwks(given["jwks"]), keys_of_cose(given["cose_keys"])

    certificates = []
    for certificate in given["certificates"]:
        token = token_of(certificate["text"])
        certificates.append({
            "scanned": scan(certificate["png"]),
            "by_jwks": claims(token, by_jwks),
            "by_cose_keys": claims(token, by_cose_keys),
        })

    forged = bytearray(token_of(given["certificates"][0]["text"]))
    forged[-1] ^= 1
    try:
        claims(bytes(forged), by_jwks)
        verdict = "accepted"
    except cwt.VerifyError:
        verdict = "refused"

    json.dump({
        "certificates": certificates,
        "status_list": claims(bytes.fromhex(given["status_list"]), by_cose_keys),
        "forged": verdict,
    }, sys.stdout)


main()
