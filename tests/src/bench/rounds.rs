//! Turns: floor, lane, floor, lane, …, each for a moment.

use crate::Outcome;
use std::time::{Duration, Instant};

/// One turn's speed.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Operations a second.
    pub rate: f64,
    /// Operations a second of processor time, which other people's load on the machine disturbs less; NaN where it is
    /// not known, as in a database's server.
    pub work_rate: f64,
}

impl Turn {
    /// So many operations in so much time, and so much processor time, seconds.
    pub fn of(count: f64, took: Duration, worked: f64) -> Self {
        Self { rate: count / took.as_secs_f64(), work_rate: count / worked }
    }
}

/// The turns of both.
#[derive(Debug, Default, Clone)]
pub struct Turns {
    /// Of the lane.
    pub lane: Vec<Turn>,
    /// Of the floor, beside the lane's turn with the same place.
    pub floor: Vec<Turn>,
}

/// Gives lane and floor `rounds` turns each after one that warms up; each tells its speed.
/// Who goes first changes from round to round.
pub fn alternate(
    rounds: usize,
    mut lane: impl FnMut() -> Outcome<Turn>,
    mut floor: impl FnMut() -> Outcome<Turn>,
) -> Outcome<Turns> {
    floor()?;
    lane()?;
    let mut turns = Turns::default();
    for round in 0..rounds {
        if round % 2 == 0 {
            turns.floor.push(floor()?);
            turns.lane.push(lane()?);
        } else {
            turns.lane.push(lane()?);
            turns.floor.push(floor()?);
        }
    }
    Ok(turns)
}

/// How fast `work` is, when each run takes one of `inputs` and they are made anew, unmeasured, as long as `seconds` of
/// work are not over.
pub fn rate<I, T>(
    seconds: f64,
    mut inputs: impl FnMut() -> Vec<I>,
    mut work: impl FnMut(I) -> Outcome<T>,
) -> Outcome<Turn> {
    let (mut took, mut worked) = (Duration::ZERO, 0.0);
    let mut count = 0_usize;
    while took.as_secs_f64() < seconds {
        let inputs = inputs();
        count += inputs.len();
        let (began, before) = (Instant::now(), own_processor_seconds()?);
        for input in inputs {
            std::hint::black_box(work(std::hint::black_box(input))?);
        }
        took += began.elapsed();
        worked += own_processor_seconds()? - before;
    }
    Ok(Turn::of(count as f64, took, worked))
}

/// The processor time that this thread has taken, seconds.
pub fn own_processor_seconds() -> Outcome<f64> {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = schedstat.split_whitespace().next().ok_or("no processor time of this thread")?;
    Ok(nanoseconds.parse::<f64>()? / 1e9)
}
