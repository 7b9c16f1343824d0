//! Who may give again is told so once, where there are places; whose blood was used too, late and not when a test reacted.

use chrono::{Months, SecondsFormat, TimeDelta};
use serde_json::json;
use tests::on_both;
use tests::support::{
    Caller, Donor, Gateway, PUBLIC_URL, Person, Server, Station, Town, international, now, until, whole_blood,
};

/// The donation of March 2024 of a person of the town.
fn donation(number: usize) -> String {
    format!("419924{:07}", 2 * number - 1)
}

fn agree(server: &Server, caller: &Caller, purpose: &str) {
    let given = json!({ "purpose": purpose, "text_version": "1", "given_from": "browser" });
    server.send(caller, "/v1/me/consents", given).with_status(201);
}

/// Somebody with a telephone and the record of this person.
fn with_telephone(server: &Server, gateway: &Gateway, number: usize) -> Caller {
    let person = Person::number(number);
    let caller = server.sign_in(gateway, &person.phone);
    let proof = json!({ "id_number": person.id_number, "donation_no": donation(number) });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    caller
}

fn crowd(station: &Station, numbers: impl IntoIterator<Item = usize>) -> Vec<Donor> {
    station.crowd(&numbers.into_iter().map(|number| Person::number(number).no).collect::<Vec<_>>())
}

/// What is done once a day is begun again.
fn another_day(station: &Station, tasks: &str) {
    station.execute(&format!("UPDATE daily_work SET done_on = '2000-01-01' WHERE {tasks}")).unwrap();
    until("the day is taken", || station.count("daily_work WHERE done_on < '2001-01-01'") == 0);
}

/// What is done once a day has been done again: between two rounds of the task that comes last lies a whole one.
fn a_whole_day(station: &Station) {
    another_day(station, "task = 'tell_used'");
    another_day(station, "1 = 1");
    another_day(station, "task = 'tell_used'");
}

/// How many messages of a kind are in a state.
fn messages(station: &Station, kind: &str, state: &str) -> i64 {
    station
        .number(&format!("SELECT count(*) AS number FROM outbox WHERE kind = '{kind}' AND state = '{state}'"))
}

fn hours(station: &Station, kind: &str) -> Vec<String> {
    station.texts(&format!(
        "SELECT DISTINCT substr(CAST(due_at AS TEXT), 12, 5) AS text FROM outbox WHERE kind = '{kind}'"
    ))
}

fn let_leave(station: &Station, kind: &str) {
    station
        .execute(&format!(
            "UPDATE outbox SET due_at = '2020-01-01 00:00:00' WHERE kind = '{kind}' AND state = 'queued'"
        ))
        .unwrap();
}

on_both! {
    fn who_may_give_again_is_told_once_where_there_are_places(station) {
        const KIND: &str = "may_give_again";
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let today = (now() + TimeDelta::hours(8)).date_naive();
        let day = |days: i64| (today - Months::new(6) - TimeDelta::days(days)).to_string();
        let town = Town::of(36);
        let mut donations = town.donations();
        // The person of 31 could have given for ten days, the one of 34 gives where there are no places.
        for (number, days) in [(30, 0), (31, 10), (32, 0), (33, 0), (34, 0), (35, 0)] {
            donations += &(whole_blood(1000 + number, &Person::number(number).no, &day(days), 400) + "\n");
        }
        let far = |line: &str| if line.contains(",T0034,") { line.replace("CENTER", "FAR") } else { line.to_owned() };
        let donations: Vec<String> = donations.lines().map(far).collect();
        station.import_text(town.donors(), donations.join("\n") + "\n");
        let staff = station.user(&server, "operator", None).sign_in(&server);
        for (code, latitude) in [("CENTER", 34.71), ("FAR", 40.0)] {
            let site = json!({
                "code": code, "kind": "fixed", "name": "测试", "address": "测试", "latitude": latitude, "longitude": 113.6,
            });
            server.send(&staff, "/v1/station/sites", site).with_status(201);
        }
        let told = with_telephone(&server, &gateway, 30);
        agree(&server, &told, "appeals");
        let crowd = crowd(station, 31..=35);
        for donor in [&crowd[0], &crowd[2], &crowd[3], &crowd[4]] {
            agree(&server, &donor.caller, "appeals");
        }

        a_whole_day(station);
        assert_eq!(station.count("invitations_again"), 0, "there are no places");
        let slot = station.slots("whole_blood", 5, 1, 9).remove(0);
        let book = |donor: &Donor| server.send(&donor.caller, "/v1/appointments", json!({ "slot": slot })).with_status(201);
        book(&crowd[2]);
        another_day(station, "1 = 1");
        until("two are invited", || messages(station, KIND, "queued") == 2);
        a_whole_day(station);

        assert_eq!((station.count("invitations_again"), messages(station, KIND, "queued")), (2, 2), "once");
        let invited = station.texts(
            "SELECT donor_no AS text FROM invitations_again i JOIN donors d ON d.id = i.donor_id ORDER BY donor_no"
        );
        assert_eq!((invited, hours(station, KIND)), (vec!["T0030".to_owned(), "T0035".to_owned()], vec!["02:00".to_owned()]));
        book(&crowd[4]);
        let_leave(station, KIND);
        let text = gateway.next_message(&international(&Person::number(30).phone));
        assert!(text.contains(PUBLIC_URL) && text.contains(&today.format("%Y").to_string()), "{text}");
        until("a booking calls it off", || messages(station, KIND, "superseded") == 1);
        let log = server.read(&told, "/v1/me/access-log").with_status(200).text().to_owned();
        assert!(log.contains("donor.invited_again"), "{log}");
        let copy = server.read(&told, "/v1/me/export").with_status(200).json();
        assert_eq!((&copy["invitations"][0]["product"], &copy["invitations"][0]["from_day"]), (&json!("whole_blood"), &json!(today)));
        let copy = server.read(&told, "/v1/me/export?format=text").with_status(200).text().to_owned();
        assert!(copy.contains(&format!("全血：{today} 起")), "{copy}");
        station.rexue(["audit", "verify"]).well();
    }

    fn what_can_wait_is_not_sent_on_a_holiday_and_what_was_arranged_is(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.import(&Town::of(36));
        let donor = with_telephone(&server, &gateway, 30);
        agree(&server, &donor, "news");
        station.execute("UPDATE consents SET given_at = '2020-01-01 00:00:00'").unwrap();
        let used = (now() - TimeDelta::days(10)).to_rfc3339_opts(SecondsFormat::Secs, true);
        station.import_units(&[format!("U-30,{},red_cells,used,{used},,,", donation(30))], &[]);
        let today = rexue::clock::day_in_china(now());
        // Three days off; then people work, whatever day of the week it is.
        for (days, is_off) in [(0, "TRUE"), (1, "TRUE"), (2, "TRUE"), (3, "FALSE")] {
            let day = today + TimeDelta::days(days);
            station.execute(&format!("INSERT INTO holidays (day, name, is_off) VALUES ('{day}', '节', {is_off})")).unwrap();
        }
        another_day(station, "1 = 1");
        until("it is queued", || messages(station, "blood_used", "queued") == 1);
        let_leave(station, "blood_used");

        let put_off = "SELECT count(*) AS number FROM message_attempts WHERE outcome = 'put_off'";
        until("it is put off", || station.number(put_off) == 1 && messages(station, "blood_used", "queued") == 1);
        let due = station.texts("SELECT CAST(due_at AS TEXT) AS text FROM outbox WHERE kind = 'blood_used'").remove(0);
        let morning = format!("{} 00:00:00", today + TimeDelta::days(3));
        assert!(due.starts_with(&morning), "eight o'clock in China, in UTC: {due}");
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        server.send(&donor, "/v1/appointments", json!({ "slot": slot })).with_status(201);
        let phone = international(&Person::number(30).phone);
        assert!(gateway.next_message(&phone).contains("您已预约"), "what they arranged is told");

        station.execute("DELETE FROM holidays").unwrap();
        let_leave(station, "blood_used");
        assert!(!gateway.next_message(&phone).contains("您已预约"));
    }

    fn whose_blood_was_used_is_told_so_late_and_never_when_a_test_reacted(station) {
        const KIND: &str = "blood_used";
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.import(&Town::of(36));
        let told = with_telephone(&server, &gateway, 30);
        agree(&server, &told, "news");
        let crowd = crowd(station, 31..=35);
        for donor in [&crowd[0], &crowd[1], &crowd[3], &crowd[4]] {
            agree(&server, &donor.caller, "news");
        }
        station.execute("UPDATE consents SET given_at = '2020-01-01 00:00:00'").unwrap();
        // The person of 34 agreed after the blood was used.
        let late = (now() - TimeDelta::days(9)).format("%Y-%m-%d %H:%M:%S");
        let account = &crowd[3].account_id;
        station.execute(&format!("UPDATE consents SET given_at = '{late}' WHERE account_id = '{account}'")).unwrap();
        let row = |unit: &str, number: usize, status: &str, days: i64| {
            let at = (now() - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("{unit},{},red_cells,{status},{at},,,", donation(number))
        };
        station.import_units(&[
            row("U-30", 30, "used", 10),
            row("U-30B", 30, "used", 9),
            row("U-31", 31, "used", 3),
            row("U-32", 32, "used", 10),
            row("U-32B", 32, "reactive", 1),
            row("U-33", 33, "used", 10),
            row("U-34", 34, "used", 10),
            row("U-35", 35, "used", 10),
        ], &[]);

        another_day(station, "1 = 1");
        until("two are told", || messages(station, KIND, "queued") == 2);
        a_whole_day(station);

        let donations = station.texts("SELECT donation_no AS text FROM used_notices ORDER BY donation_no");
        assert_eq!((donations, hours(station, KIND)), (vec![donation(30), donation(35)], vec!["02:00".to_owned()]));
        assert_eq!(messages(station, KIND, "queued"), 2, "once");
        station.import_units(&[row("U-35B", 35, "reactive", 0)], &[]);
        let_leave(station, KIND);
        let text = gateway.next_message(&international(&Person::number(30).phone));
        assert!(!text.contains(&donation(30)) && !text.contains("红细胞"), "{text}");
        until("nothing is told of the other", || messages(station, KIND, "superseded") == 1);
        let copy = server.read(&told, "/v1/me/export").with_status(200).json();
        assert_eq!(copy["use_notices"][0]["donation_no"], json!(donation(30)));
        station.rexue(["audit", "verify"]).well();
    }
}
