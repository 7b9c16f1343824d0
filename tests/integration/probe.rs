//! What the one query layer needs from both databases, asked through the product's own store.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::Connection;
use rexue::domain::totals::Totals;
use rexue::error::Error;
use rexue::store::statuses::StatusListRow;
use rexue::store::{certificates, donors, imports, statuses, totals};
use tests::on_both;
use tests::support::{Town, now};

fn list(id: &str, size: i64) -> StatusListRow {
    let seed = (0..=255).collect();
    StatusListRow {
        id: id.to_owned(),
        base_url: "https://b.example".to_owned(),
        seed,
        size,
        taken: 0,
        version: 1,
    }
}

/// The only donor's id.
fn donor_id(station: &tests::support::Station) -> String {
    station.texts("SELECT id AS text FROM donors").remove(0)
}

on_both! {
    fn bytes_and_numbers_come_back_as_they_went_in(station) {
        let pool = station.pool();
        let row = list("probe", 1 << 40);

        pool.write_blocking(|db| statuses::insert_list(db, &row)).unwrap();
        let read = pool.read_blocking(|db| statuses::list(db, "probe")).unwrap();

        assert!(read == Some(row));
        assert!(pool.read_blocking(|db| statuses::list(db, "absent")).unwrap().is_none());
    }

    fn an_update_returns_what_it_wrote_and_never_goes_over_the_size(station) {
        let pool = station.pool();
        pool.write_blocking(|db| statuses::insert_list(db, &list("probe", 5))).unwrap();
        let take = |count| pool.write_blocking(|db| statuses::take_places(db, "probe", count)).unwrap();

        assert_eq!(take(3), Some(0));
        assert_eq!(take(3), None);
        assert_eq!(take(2), Some(3));
        assert_eq!(take(1), None);
        assert_eq!(take(0), Some(5));
    }

    fn places_are_taken_once_by_many_at_the_same_time(station) {
        let pool = station.pool();
        pool.write_blocking(|db| statuses::insert_list(db, &list("probe", 50))).unwrap();

        let mut taken: Vec<i64> = std::thread::scope(|threads| {
            let takers: Vec<_> = (0..4)
                .map(|_| threads.spawn(|| {
                    let take = || pool.write_blocking(|db| statuses::take_places(db, "probe", 1)).unwrap();
                    (0..25).filter_map(|_| take()).collect::<Vec<_>>()
                }))
                .collect();
            takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect()
        });

        taken.sort_unstable();
        assert_eq!(taken, (0..50).collect::<Vec<_>>());
    }

    fn a_time_that_is_not_known_yet_is_null_and_then_exact_to_the_microsecond(station) {
        let pool = station.pool();
        let at: DateTime<Utc> = "2026-02-28T23:59:59.123456Z".parse().unwrap();
        let unfinished = "SELECT count(*) AS number FROM imports WHERE finished_at IS NULL";

        pool.write_blocking(|db| imports::begin(db, "probe", at)).unwrap();
        assert_eq!(station.number(unfinished), 1);
        pool.write_blocking(|db| imports::finish(db, "probe", at, "{}")).unwrap();

        assert_eq!(station.number(unfinished), 0);
        let stored = station.texts("SELECT CAST(finished_at AS TEXT) AS text FROM imports").remove(0);
        assert_eq!(stored.replace('T', " "), "2026-02-28 23:59:59.123456");
    }

    fn an_upsert_writes_over_what_was_there(station) {
        let mut town = Town::of(1);
        station.import_text(town.donors(), tests::support::DONATIONS_HEADER);
        town.people.clear();
        let (pool, id) = (station.pool(), donor_id(station));
        let first = Totals { whole_blood_ml: 400, donations: 1, ..Totals::default() };
        let second = Totals { last_donated_on: NaiveDate::from_ymd_opt(2026, 2, 28), platelet_units: 2, ..first };

        for sums in [first, second] {
            pool.write_blocking(|db| totals::save(db, [(id.as_str(), &sums)])).unwrap();
            let read = pool.read_blocking(|db| totals::of_donors(db, &[&id])).unwrap();
            assert_eq!(read.get(&id), Some(&sums));
        }
        assert_eq!(station.count("donor_totals"), 1);
    }

    fn a_status_is_written_over_and_cleared_and_the_list_s_version_grows(station) {
        station.import(&Town::of(1));
        station.issue("T0001");
        let (pool, number) = (station.pool(), station.certificate_no("T0001"));
        let row = pool.read_blocking(|db| certificates::by_number(db, &number)).unwrap().unwrap();
        let status = || pool.read_blocking(|db| statuses::of_certificate(db, &number)).unwrap().map(|row| row.status);
        let version = || pool.read_blocking(|db| statuses::list(db, "1")).unwrap().unwrap().version;
        let before = version();

        pool.write_blocking(|db| statuses::set(db, &row, "suspended", "one", now())).unwrap();
        pool.write_blocking(|db| statuses::set(db, &row, "revoked", "two", now())).unwrap();
        assert_eq!(status().as_deref(), Some("revoked"));
        pool.write_blocking(|db| statuses::clear(db, &row)).unwrap();

        assert_eq!(status(), None);
        assert_eq!(version(), before + 3);
    }

    fn a_boxed_query_pages_through_the_newest_certificates(station) {
        station.import(&Town::of(3));
        station.issue_all();
        station.issue("T0002");
        let pool = station.pool();
        let newest = |donor: Option<&str>, after: &str, limit| {
            let rows = pool.read_blocking(|db| certificates::newest(db, donor, after, limit)).unwrap();
            rows.into_iter().map(|(donor, row)| (donor, row.version)).collect::<Vec<_>>()
        };

        assert_eq!(newest(None, "", 2), [("T0001".to_owned(), 1), ("T0002".to_owned(), 2)]);
        assert_eq!(newest(None, "T0002", 2), [("T0003".to_owned(), 1)]);
        assert_eq!(newest(Some("T0002"), "", 9), [("T0002".to_owned(), 2)]);
        assert_eq!(newest(Some("NOBODY"), "", 9), []);
    }

    fn a_write_that_fails_leaves_nothing(station) {
        let pool = station.pool();

        let failed: Result<(), Error> = pool.write_blocking(|db| {
            imports::begin(db, "probe", now())?;
            Err(Error::conflict("probe", "No."))
        });

        assert_eq!(failed.unwrap_err().code, "probe");
        assert_eq!(station.count("imports"), 0);
        pool.write_blocking(|db| imports::begin(db, "probe", now())).unwrap();
    }

    fn a_rehearsal_leaves_nothing_and_tells_what_came_of_it(station) {
        let pool = station.pool();

        let seen = pool.rehearse_blocking(|db| {
            statuses::insert_list(db, &list("probe", 5))?;
            statuses::take_places(db, "probe", 2)
        });

        assert_eq!(seen.unwrap(), Some(0));
        assert_eq!(station.count("status_lists"), 0);
    }

    fn a_savepoint_takes_back_its_own_failure_only(station) {
        let pool = station.pool();

        pool.write_blocking(|db| {
            imports::begin(db, "outer", now())?;
            let inner: Result<(), Error> = db.transaction(|db| {
                imports::begin(db, "inner", now())?;
                imports::begin(db, "outer", now())
            });
            assert!(inner.is_err(), "a number that is there already");
            imports::begin(db, "after", now())
        })
        .unwrap();

        assert_eq!(station.texts("SELECT id AS text FROM imports ORDER BY id"), ["after", "outer"]);
    }

    fn a_writer_waits_for_another_instead_of_failing(station) {
        let pool = station.pool();

        std::thread::scope(|threads| {
            for thread in 0..4 {
                let pool = &pool;
                threads.spawn(move || for n in 0..20 {
                    pool.write_blocking(|db| {
                        // Reads first, then writes: where a deferred transaction of SQLite fails.
                        donors::count(db)?;
                        imports::begin(db, &format!("{thread} {n}"), now())
                    })
                    .unwrap();
                });
            }
        });

        assert_eq!(station.count("imports"), 80);
    }
}
