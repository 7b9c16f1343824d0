//! Turns: floor, lane, floor, lane, …, each for a moment.

use crate::Outcome;
use std::time::{Duration, Instant};

/// Operations a second, of each turn.
#[derive(Debug, Default, Clone)]
pub struct Turns {
    /// Of the lane.
    pub lane: Vec<f64>,
    /// Of the floor, beside the lane's turn with the same place.
    pub floor: Vec<f64>,
}

/// Gives lane and floor `rounds` turns each after one that warms up; each says how many operations a second it made.
/// Who goes first changes from round to round.
pub fn alternate(
    rounds: usize,
    mut lane: impl FnMut() -> Outcome<f64>,
    mut floor: impl FnMut() -> Outcome<f64>,
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

/// How often a second `work` runs, when each run takes one of `inputs` and they are made anew, unmeasured, as long
/// as `seconds` of work are not over.
pub fn rate<I, T>(
    seconds: f64,
    mut inputs: impl FnMut() -> Vec<I>,
    mut work: impl FnMut(I) -> Outcome<T>,
) -> Outcome<f64> {
    let mut worked = Duration::ZERO;
    let mut count = 0_usize;
    while worked.as_secs_f64() < seconds {
        let inputs = inputs();
        count += inputs.len();
        let began = Instant::now();
        for input in inputs {
            std::hint::black_box(work(std::hint::black_box(input))?);
        }
        worked += began.elapsed();
    }
    Ok(count as f64 / worked.as_secs_f64())
}
