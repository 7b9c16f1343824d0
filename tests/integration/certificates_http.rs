//! `GET /v1/certificates/{certificate_no}/qr.{svg,png,txt}`, behind capability links.

use tests::on_both;
use tests::support::Town;

on_both! {
    fn a_link_shows_one_certificate_in_three_forms(station) {
        station.import(&Town::of(1));
        let text = station.issue("T0001");
        let link = station.link("T0001");
        let server = station.serve();

        let [svg, png, txt] = ["svg", "png", "txt"].map(|format| server.get(&link.path(format)).with_status(200));

        assert_eq!(txt.text(), text);
        assert_eq!(svg.body, std::fs::read(station.path("out/T0001.svg")).unwrap());
        assert_eq!(png.body, std::fs::read(station.path("out/T0001.png")).unwrap());
        assert_eq!(svg.header("content-type"), "image/svg+xml");
        assert_eq!(png.header("content-type"), "image/png");
        assert_eq!(txt.header("content-type"), "text/plain; charset=utf-8");
        assert!(svg.body.len() <= 15_000 && svg.text().matches("<path").count() == 1, "{} bytes", svg.body.len());
        for answer in [&svg, &png, &txt] {
            assert!(answer.header("cache-control").starts_with("private"), "personal data stays out of shared caches");
        }
    }

    fn what_has_not_changed_is_not_sent_again(station) {
        station.import(&Town::of(1));
        station.issue("T0001");
        let path = station.link("T0001").path("svg");
        let server = station.serve();
        let etag = server.get(&path).with_status(200).header("etag").to_owned();

        let again = server.get_with(&path, &[("if-none-match", &etag)]);
        let other = server.get_with(&path, &[("if-none-match", "\"other\"")]);
        let listed = server.get_with(&path, &[("if-none-match", &format!("\"other\", W/{etag}"))]);

        assert_eq!((again.status, again.body.len(), other.status), (304, 0, 200));
        assert_eq!(again.header("etag"), etag);
        assert_eq!(listed.status, 304, "a list of tags (RFC 9110 13.1.2)");
    }

    fn absent_foreign_and_wrong_look_the_same(station) {
        station.import(&Town::of(2));
        let (_, _) = (station.issue("T0001"), station.issue("T0002"));
        let (one, other) = (station.link("T0001"), station.link("T0002"));
        let server = station.serve();
        let path = |number: &str, key: &str| format!("/v1/certificates/{number}/qr.svg?key={key}");
        let (header, rest) = one.key.split_once('.').unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", rest.split_once('.').unwrap().0);

        let answers = [
            path(&one.number, ""),
            path(&one.number, "rubbish"),
            path(&one.number, &other.key),
            path(&one.number, &one.key[..one.key.len() - 2]),
            path(&one.number, &unsigned),
            path(&one.number, &format!("{header}.{header}.{header}")),
            path("1.2.156.3005.2.XUE1.4199.0.1.0", &one.key),
            format!("/v1/certificates/{}/qr.svg", one.number),
            format!("/v1/certificates/{}/qr.svg?key={}&key={}", other.number, other.key, one.key),
        ].map(|path| (server.get(&path), path));

        for (answer, path) in &answers[..8] {
            assert_eq!((answer.status, answer.problem().as_str()), (404, "not_found"), "{path}");
            assert_eq!(answer.body, answers[0].0.body, "{path}");
        }
        assert!((400..500).contains(&answers[8].0.status), "a key twice");
        server.get(&one.path("svg")).with_status(200);
        assert_eq!(server.get(&one.path("pdf")).with_status(404).problem(), "not_found");
    }

    fn a_superseded_or_revoked_certificate_can_still_be_shown(station) {
        station.import(&Town::of(1));
        let text = station.issue("T0001");
        let link = station.link("T0001");
        station.issue("T0001");
        station.rexue(["certificates", "revoke", &link.number, "--reason", "a test"]).well();
        let server = station.serve();

        assert_eq!(server.get(&link.path("txt")).with_status(200).text(), text);
        assert_eq!(server.verify(&text)["code"], "revoked");
    }
}
