//! `./prove notifications` at a hundredth of its size: faults lose no reminder, and send none twice without a reason.

use tests::on_both;
use tests::prove::reminders;

const SIZE: reminders::Size = reminders::Size { reminders: 200, kills: 2, gateway_kills: 1, seed: 2_019 };

on_both! {
    fn reminders_arrive_although_workers_and_the_gateway_are_killed(station) {
        let report = reminders::prove(station, &SIZE);

        assert!(report.is_good(), "{}", report.text());
        println!("{}", report.text());
    }
}
