//! Canaries: what is personal goes in at one end and MUST NOT come out where nobody asked for it.

use tests::on_both;
use tests::support::{DONORS_HEADER, Kind, Person, Station, Town, whole_blood};

/// The values of a person that are nobody's business; with `name`, the name too.
fn canaries(people: &[Person]) -> impl Iterator<Item = &str> {
    people.iter().flat_map(|person| [person.id_number.as_str(), &person.phone, &person.email])
}

#[track_caller]
fn assert_free_of<'a>(what: &str, text: &str, canaries: impl Iterator<Item = &'a str>) {
    for canary in canaries {
        assert!(!text.contains(canary), "{canary} in {what}");
    }
}

/// All text columns, and the bytes of all others as far as they are text.
pub(crate) fn everything_in(station: &Station, kind: Kind) -> String {
    if kind == Kind::Sqlite {
        station.execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        return String::from_utf8_lossy(&std::fs::read(station.path("rexue.db")).unwrap()).into_owned();
    }
    let columns = station.texts(
        "SELECT table_name || ' ' || column_name || ' ' || data_type AS text
         FROM information_schema.columns WHERE table_schema = 'public'",
    );
    let mut everything = String::new();
    for column in columns {
        let [table, column, kind] = column.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
        let value = match kind {
            "bytea" => format!("encode({column}, 'escape')"),
            _ => format!("CAST({column} AS TEXT)"),
        };
        let rows = station.texts(&format!("SELECT coalesce({value}, '') AS text FROM {table}"));
        everything.push_str(&rows.join("\n"));
    }
    everything
}

fn nothing_personal_rests_in_clear(kind: Kind) {
    let station = Station::new(kind);
    let town = Town::of(50);
    station.import(&town);
    station.import_text(town.donors().replace(",O,", ",A,"), town.donations());
    station.issue_all();

    let everything = everything_in(&station, kind);

    assert!(everything.contains("T0001") && everything.contains(&town.people[0].name), "it was looked at");
    assert_free_of("the database", &everything, canaries(&town.people));
    let short = town.people.iter().map(|person| person.phone.trim_start_matches('1'));
    assert_free_of("the database", &everything, short);
    let sealed = station.number("SELECT count(DISTINCT id_number_sealed) AS number FROM donors");
    let indexed = station.number("SELECT count(DISTINCT id_number_index) AS number FROM donors");
    assert_eq!((sealed, indexed), (50, 50));
}

#[test]
fn nothing_personal_rests_in_clear_in_sqlite() {
    nothing_personal_rests_in_clear(Kind::Sqlite);
}

#[test]
fn nothing_personal_rests_in_clear_in_postgres() {
    nothing_personal_rests_in_clear(Kind::Postgres);
}

on_both! {
    fn nothing_personal_is_said_by_logs_metrics_or_problems(station) {
        let town = Town::of(30);
        let mut said = String::new();
        let donors = station.file("donors.csv", {
            // Rows that are refused for all sorts of reasons, each with somebody's data inside.
            let bad = town.people.iter().enumerate().map(|(place, person)| match place % 4 {
                0 => person.row().replace("resident_id", "passport_"),
                1 => person.row().replace(&person.birth_date, "1900-01-01"),
                2 => person.row().replace(",O,", ",\"O,"),
                _ => format!("{},extra", person.row()),
            });
            format!("{DONORS_HEADER}\n{}\n", bad.collect::<Vec<_>>().join("\n"))
        });
        let refused = station.rexue(["import", "--donors", donors.to_str().unwrap()]).well();
        said += &(refused.out + &refused.err);
        assert!(refused.err.contains("donors:2:"), "{}", refused.err);
        let more = whole_blood(900, &town.people[0].id_number, "2024-03-05", 200);
        station.import_text(town.donors(), town.donations() + &more);
        let issued = station.rexue(["certificates", "issue", "--all"]).well();
        said += &(issued.out + &issued.err);
        let text = station.issue("T0001");
        let server = station.serve_with(&[("REXUE_LOG_FILTER", "debug,rexue=trace")]);

        let Person { name, id_number, phone, email, .. } = &town.people[0];
        let encoded = "%E8%B5%B5";
        let canary = format!("{id_number}-{phone}-{email}");
        server.verify(&text);
        for answer in [
            server.post("/v1/verify", "text/plain", format!("{name} {canary}").as_bytes()),
            server.post("/v1/verify", "application/json", format!("{{\"text\":\"{name} {canary}\", {canary}}}").as_bytes()),
            server.post("/v1/verify", &format!("text/{id_number}"), canary.as_bytes()),
            server.get(&format!("/v1/certificates/{id_number}/qr.svg?key={canary}")),
            server.get(&format!("/{canary}?{canary}={encoded}")),
            server.get(&format!("/status/{canary}")),
            server.request(id_number, "/healthz", &[], &[]),
            server.request("DELETE", &format!("/v1/certificates/{id_number}/qr.svg"), &[], &[]),
        ] {
            assert!(answer.status < 500);
            said += answer.text();
        }
        said += server.get("/metrics").text();
        let (_, log) = server.stop();
        assert!(log.contains("answered"), "{log}");
        said += &log;

        assert_free_of("what was said", &said, canaries(&town.people));
        assert_free_of("what was said", &said, town.people.iter().map(|person| person.name.as_str()));
        assert_free_of("what was said", &said, [&text[7..60]].into_iter());
    }
}

#[test]
fn the_configuration_is_shown_without_its_secrets() {
    let station = Station::new(Kind::Sqlite);
    let mut command = station.command(["check-config"]);
    command
        .env("REXUE_MAIL_PASSWORD", "hunter2")
        .env("REDIS_URL", "redis://:hunter3@127.0.0.1")
        .env("DATABASE_URL", "postgres://u:hunter4@nowhere/x");

    let ran = tests::support::Ran::new(command.output().unwrap()).well();

    assert!(!ran.out.contains("hunter"), "{}", ran.out);
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let station = Station::new(Kind::Sqlite);
    let mut command = station.command(["migrate"]);
    command.env("DATABASE_URL", "postgres://user:hunter2@127.0.0.1:1/none");

    let ran = tests::support::Ran::new(command.output().unwrap()).with_code(1);

    assert!(ran.err.contains("database_unavailable") && !ran.err.contains("hunter2"), "{}", ran.err);
}
