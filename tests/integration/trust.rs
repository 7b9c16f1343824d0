//! `/.well-known`: the keys in three forms.

use certificates::{Keyset, PublicKey, Role, UnixTime};
use data_encoding::BASE64URL_NOPAD;
use tests::support::{Kind, PUBLIC_URL, Station, now};

fn root_of(station: &Station) -> PublicKey {
    let root = station.rexue(["keys", "root"]).well().out;
    let root = BASE64URL_NOPAD.decode(root.trim_end().as_bytes()).unwrap();
    PublicKey::from_bytes(root.try_into().unwrap()).unwrap()
}

#[test]
fn the_keyset_is_signed_by_the_root_and_names_the_next_status_list() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();

    let snapshot = server.get("/.well-known/xue-keyset").with_status(200);

    let keyset = Keyset::open(&snapshot.body, &root_of(&station), UnixTime(now().timestamp()), None).unwrap();
    let claims = keyset.claims();
    assert_eq!(snapshot.header("content-type"), "application/xue-keyset+cwt");
    assert_eq!(claims.issuer, "xue.example");
    assert_eq!(claims.status_list_uris, [format!("{PUBLIC_URL}/status/1")]);
    let of = |role| claims.keys.iter().filter(|record| record.role == role).count();
    assert_eq!((of(Role::Certificate), of(Role::Status), claims.keys.len()), (1, 1, 2));
}

#[test]
fn jwks_and_cose_keys_hold_the_keys_of_the_keyset() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let snapshot = server.get("/.well-known/xue-keyset").body;
    let keyset = Keyset::open(&snapshot, &root_of(&station), UnixTime(now().timestamp()), None).unwrap();

    let jwks = server.get("/.well-known/jwks.json").with_status(200);
    let cose = server.get("/.well-known/cose-keys").with_status(200);

    assert_eq!(jwks.header("content-type"), "application/jwk-set+json");
    assert_eq!(cose.header("content-type"), "application/cose-key-set");
    let jwks = jwks.json();
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for record in &keyset.claims().keys {
        let x = BASE64URL_NOPAD.encode(record.key.as_bytes());
        let jwk = keys.iter().find(|jwk| jwk["x"] == x).unwrap();
        assert_eq!((&jwk["kty"], &jwk["crv"]), (&"OKP".into(), &"Ed25519".into()));
        assert_eq!(jwk["kid"], BASE64URL_NOPAD.encode(&record.key.kid().0));
        assert!(jwk.get("d").is_none() && jwk.get("alg").is_none());
        assert!(cose.body.windows(32).any(|window| window == record.key.as_bytes()));
    }
}

#[test]
fn the_root_key_may_be_away_and_a_second_node_serves_the_same_keys() {
    let station = Station::new(Kind::Sqlite);
    std::fs::rename(station.path("keys/root.pem"), station.path("root.pem")).unwrap();
    let servers = [station.serve(), station.serve()];

    let [one, other] = servers.map(|server| server.get("/.well-known/xue-keyset").with_status(200).body);

    assert_eq!(one, other);
}
