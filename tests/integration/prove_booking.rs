//! `./prove booking` at a hundredth of its size: faults break no promise about places.

use tests::on_both;
use tests::prove::report::Report;
use tests::prove::{expiry, last_place, storm};

/// The same choices every time; `./prove` draws others.
const SEED: u64 = 2_019;

const STORM: storm::Size = storm::Size { attempts: 1_000, clients: 64, kills: 2, stops: 1, seed: SEED };

#[track_caller]
fn assert_good(report: &Report) {
    assert!(report.is_good(), "seed {SEED}\n{}", report.text());
}

mod a_storm_of_bookings_survives_kills {
    use super::*;

    #[test]
    fn sqlite() {
        assert_good(&storm::sqlite(&STORM));
    }

    /// With a PostgreSQL of its own, which is stopped in the middle of it.
    #[test]
    fn postgres() {
        assert_good(&storm::postgres(&STORM));
    }
}

on_both! {
    fn the_last_place_has_one_winner_and_clean_losers(station) {
        assert_good(&last_place::prove(station, &last_place::Size { slots: 10, racers: 100, seed: SEED }));
    }

    fn a_hold_that_ends_is_confirmed_or_released_never_both(station) {
        assert_good(&expiry::prove(station, &expiry::Size { pairs: 500, seed: SEED }));
    }
}
