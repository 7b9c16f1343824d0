//! The audit trail.

use tests::on_both;
use tests::support::{Person, Town};

on_both! {
    fn the_audit_trail_refuses_to_be_changed(station) {
        station.import(&Town::of(1));
        let before = station.count("audit");
        assert!(before > 0);

        for change in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"] {
            let refused = station.execute(change).unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
        }

        assert_eq!(station.count("audit"), before);
        assert_eq!(station.number("SELECT count(*) AS number FROM audit WHERE actor = 'nobody'"), 0);
    }

    fn every_step_of_a_certificate_is_in_it(station) {
        station.import(&Town::of(1));
        station.issue("T0001");
        let number = station.certificate_no("T0001");
        for verb in ["suspend", "reinstate", "revoke"] {
            station.rexue(["certificates", verb, &number, "--reason", &format!("why {verb}")]).well();
        }

        let actions = station.texts(&format!("SELECT action AS text FROM audit WHERE subject = '{number}' ORDER BY at, id"));

        assert_eq!(actions, [
            "certificate.issued", "certificate.suspended", "certificate.reinstated", "certificate.revoked",
        ]);
        let batch = station.texts("SELECT detail AS text FROM audit WHERE action = 'certificates.prepared'");
        assert!(batch.iter().any(|detail| detail.contains(&number)), "written down before it was signed: {batch:?}");
        let reason = "SELECT detail AS text FROM audit WHERE action = 'certificate.revoked'";
        assert!(station.texts(reason)[0].contains("why revoke"));
    }

    fn it_names_records_and_never_people(station) {
        let town = Town::of(5);
        station.import(&town);
        station.import_text(town.donors().replace("1700555", "1700666").replace(",O,", ",A,"), town.donations());
        station.issue_all();

        let everything = station.texts("SELECT actor || action || subject || detail AS text FROM audit").join("\n");

        assert!(everything.contains("donor.corrected"));
        for Person { name, id_number, phone, email, .. } in &town.people {
            for value in [name, id_number, phone, email, &phone.replace("1700555", "1700666")] {
                assert!(!everything.contains(value.as_str()), "{value}");
            }
        }
    }
}
