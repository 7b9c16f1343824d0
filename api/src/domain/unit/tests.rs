use super::*;

fn at(day: u32) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("2026-03-{day:02}T10:00:00+08:00")).unwrap().to_utc()
}

fn unit(component: Component, events: &[(Status, u32)]) -> Unit {
    let events = events.iter().map(|(status, day)| Event { status: *status, at: at(*day) }).collect();
    Unit { component, events }
}

fn red_cells(events: &[(Status, u32)]) -> Unit {
    unit(Component::RedCells, events)
}

fn stands(events: &[(Status, u32)]) -> Option<Status> {
    standing(&red_cells(events).events).map(|event| event.status)
}

/// What is shown on a day of March with a delay of 7 days.
fn on(day: u32, units: &[Unit]) -> Journey {
    journey(units, TimeDelta::days(7), at(day))
}

fn steps<const N: usize>(steps: [(Component, Step); N]) -> Journey {
    let month = || "2026-03".to_owned();
    Journey::Steps(steps.map(|(component, step)| Shown { component, step, month: month() }).to_vec())
}

fn tenths(text: &str) -> Result<i32, &'static str> {
    Temperature::parse(text).map(Temperature::tenths).map_err(|refusal| refusal.reason)
}

#[test]
fn the_newest_event_counts_in_whatever_order_they_come() {
    use Status::{Collected, Issued, Stored, Tested};

    assert_eq!(stands(&[]), None);
    assert_eq!(stands(&[(Collected, 1), (Tested, 2)]), Some(Tested));
    assert_eq!(stands(&[(Issued, 5), (Collected, 1), (Tested, 2)]), Some(Issued));
    assert_eq!(stands(&[(Issued, 5), (Stored, 6)]), Some(Stored), "a hospital sends it back");
}

#[test]
fn a_unit_never_goes_back_from_used() {
    use Status::{Discarded, Stored, Used};

    assert_eq!(stands(&[(Used, 3), (Stored, 4), (Discarded, 5)]), Some(Used));
}

#[test]
fn a_step_is_shown_when_the_delay_is_over_and_not_a_second_before() {
    let units = [red_cells(&[(Status::Collected, 1), (Status::Tested, 3)])];
    let delay = TimeDelta::days(7);

    assert_eq!(journey(&units, delay, at(8) - TimeDelta::seconds(1)), steps([]));
    assert_eq!(on(8, &units), steps([(Component::RedCells, Step::Collected)]));
    assert_eq!(on(10, &units), steps([(Component::RedCells, Step::Tested)]));
}

#[test]
fn the_month_is_the_one_in_china() {
    let evening = DateTime::parse_from_rfc3339("2026-03-31T23:30:00Z").unwrap().to_utc();
    let unit =
        Unit { component: Component::Plasma, events: vec![Event { status: Status::Stored, at: evening }] };

    let Journey::Steps(steps) = journey(&[unit], TimeDelta::zero(), evening) else { panic!("steps") };

    assert_eq!(steps.iter().map(|step| step.month.as_str()).collect::<Vec<_>>(), ["2026-04"]);
}

#[test]
fn the_last_step_of_a_discarded_unit_stays() {
    let units = [red_cells(&[(Status::Stored, 2), (Status::Discarded, 4)])];

    assert_eq!(on(30, &units), steps([(Component::RedCells, Step::Stored)]));
    assert_eq!(on(30, &[red_cells(&[(Status::Discarded, 4)])]), steps([]));
}

#[test]
fn a_reaction_stops_the_journey_and_then_replaces_all_of_it() {
    let units = [
        red_cells(&[(Status::Collected, 1), (Status::Tested, 4), (Status::Reactive, 9)]),
        unit(Component::Plasma, &[(Status::Collected, 1), (Status::Tested, 4), (Status::Stored, 10)]),
    ];
    let before = steps([(Component::RedCells, Step::Collected), (Component::Plasma, Step::Collected)]);

    assert_eq!(on(8, &units[1..]), steps([(Component::Plasma, Step::Collected)]));
    assert_eq!(on(9, &units), before);
    assert_eq!(on(15, &units), before, "nothing is added");
    assert_eq!(on(16, &units), Journey::ContactStation);
}

#[test]
fn a_unit_that_reacted_is_thrown_away_and_the_donor_is_asked_all_the_same() {
    let reacted = |later| red_cells(&[(Status::Reactive, 2), (later, 4)]);

    assert_eq!(on(20, &[reacted(Status::Discarded)]), Journey::ContactStation);
    assert_eq!(on(20, &[reacted(Status::Used)]), Journey::ContactStation);
    assert_eq!(on(20, &[red_cells(&[(Status::Used, 1), (Status::Reactive, 2)])]), Journey::ContactStation);
}

#[test]
fn a_temperature_is_kept_in_tenths_of_a_degree() {
    let read = ["4", "4.0", "3.94", "3.95", "-18.5", "-0.3", "100", "-100.0"].map(tenths);

    assert_eq!(read, [40, 40, 39, 40, -185, -3, 1_000, -1_000].map(Ok));
    for text in ["100.1", "-100.05", "101", "99999999"] {
        assert_eq!(tenths(text), Err("out_of_range"), "{text}");
    }
    for text in ["", "-", "4,0", "4.", ".5", "+4", "4e1", "warm", "999999999", "--4"] {
        assert_eq!(tenths(text), Err("not_a_temperature"), "{text}");
    }
}

#[test]
fn a_unit_s_number_has_one_form() {
    let parsed =
        |text: &str| UnitNumber::parse(text).map(|number| number.0).map_err(|refusal| refusal.reason);

    assert_eq!(parsed(" u-1.a= "), Ok("U-1.A=".to_owned()));
    assert_eq!(parsed(""), Err("missing"));
    assert_eq!(parsed("a/b"), Err("not_a_unit_number"));
    assert_eq!(parsed(&"1".repeat(65)), Err("not_a_unit_number"));
}
