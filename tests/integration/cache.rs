//! What nodes share through Redis, and each one's own while it does not answer.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rexue::cache::{Cache, CountedBy, Spent};
use rexue::domain::rate::{Limit, Window};
use tests::support::{now, set_by_test};

const MINUTE: Limit = Limit { name: "minute", windows: &[Window { limit: 3, seconds: 60 }] };
const SEVERAL: Limit = Limit {
    name: "several",
    windows: &[
        Window { limit: 2, seconds: 10 },
        Window { limit: 5, seconds: 300 },
        Window { limit: 9, seconds: 3_600 },
    ],
};
const NOTHING: Limit = Limit { name: "nothing", windows: &[] };

/// A name that no other test uses.
fn somebody() -> String {
    format!("test-{:x}", rand::rng().random::<u64>())
}

fn redis() -> Cache {
    Cache::open(&set_by_test("REXUE_TEST_REDIS_URL")).unwrap()
}

fn nowhere() -> Cache {
    Cache::open("redis://127.0.0.1:1").unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn redis_decides_what_the_process_would() {
    run(async {
        let (shared, alone) = (redis(), Cache::open("").unwrap());
        let names = [somebody(), somebody(), somebody()];
        let limits = [&MINUTE, &SEVERAL, &NOTHING];
        let mut chance = rand::rng();
        let (mut at, mut allowed) = (now(), 0);
        for _ in 0..2_000 {
            // Clocks of nodes differ a little: some events come from a bit earlier.
            at += TimeDelta::milliseconds(chance.random_range(-2_000..20_000));
            let keys: Vec<(String, &Limit)> = names
                .iter()
                .enumerate()
                .filter(|_| chance.random())
                .map(|(place, name)| (name.clone(), limits[place]))
                .collect();

            let expected = alone.spend_all(&keys, at).await;

            assert_eq!(shared.spend_all(&keys, at).await, (expected.0, CountedBy::Redis), "{keys:?} at {at}");
            allowed += usize::from(matches!(expected.0, Spent::Allowed { .. }));
        }
        assert!((100..1_900).contains(&allowed), "{allowed}");
    });
}

#[test]
fn many_at_once_are_no_more_than_the_limit() {
    run(async {
        let (one, other, key) = (redis(), redis(), somebody());
        let keys = [(key, &MINUTE)];
        let at = now();

        let answers = futures_of((0..20).map(|n| if n % 2 == 0 { &one } else { &other }), &keys, at).await;

        let allowed = answers.iter().filter(|(spent, _)| matches!(spent, Spent::Allowed { .. })).count();
        assert_eq!(allowed, 3);
        let refused = Spent::Refused { limit: "minute", window: MINUTE.windows[0], retry_after_seconds: 60 };
        assert!(answers.contains(&(refused, CountedBy::Redis)), "{answers:?}");
    });
}

async fn futures_of<'a>(
    caches: impl Iterator<Item = &'a Cache>,
    keys: &[(String, &'static Limit)],
    at: DateTime<Utc>,
) -> Vec<(Spent, CountedBy)> {
    let tasks: Vec<_> = caches
        .map(|cache| {
            let (cache, keys) = (cache.clone(), keys.to_vec());
            tokio::spawn(async move { cache.spend_all(&keys, at).await })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[test]
fn the_process_counts_exactly_while_redis_is_gone() {
    run(async {
        let (cache, keys) = (nowhere(), [(somebody(), &MINUTE)]);
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(cache.spend_all(&keys, now()).await);
        }

        assert!(answers.iter().all(|(_, by)| *by == CountedBy::Process));
        let refused = answers.iter().filter(|(spent, _)| matches!(spent, Spent::Refused { .. })).count();
        assert_eq!(refused, 1);
    });
}

#[test]
fn a_flag_that_one_node_raises_is_seen_by_the_other() {
    run(async {
        let (one, other, key) = (redis(), redis(), somebody());
        assert!(!other.has_flag(&key, now()).await);

        one.put_flag(&key, 60, now()).await;

        assert!(one.has_flag(&key, now()).await);
        assert!(other.has_flag(&key, now()).await);
        assert!(!other.has_flag(&somebody(), now()).await);
    });
}

#[test]
fn a_cache_may_be_opened_before_there_is_a_runtime() {
    let (cache, key) = (redis(), somebody());

    let (_, counted_by) = run(cache.spend_all(&[(key, &MINUTE)], now()));

    assert_eq!(counted_by, CountedBy::Redis);
}

#[test]
fn a_node_knows_its_own_flags_when_redis_is_gone() {
    run(async {
        let (cache, key, at) = (nowhere(), somebody(), now());

        cache.put_flag(&key, 60, at).await;

        assert!(cache.has_flag(&key, at).await);
        assert!(!cache.has_flag(&key, at + TimeDelta::seconds(60)).await);
        assert!(!cache.has_flag(&somebody(), at).await);
    });
}
