//! The queue at the door: appointments and walk-ins, merged fairly, and how long it will take.

use chrono::{DateTime, TimeDelta, Utc};

/// How late somebody with an appointment may come and keep its turn.
const GRACE: TimeDelta = TimeDelta::minutes(15);

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The visit.
    pub visit_id: String,
    /// What is to be given.
    pub product: String,
    /// The ticket's number.
    pub number: i64,
    /// Whose turn it is.
    pub turn_at: DateTime<Utc>,
}

/// The turn of somebody with an appointment: its start, even for who comes early or a little late; who comes much later
/// waits like a walk-in.
pub fn turn_of_appointment(starts_at: DateTime<Utc>, arrived_at: DateTime<Utc>) -> DateTime<Utc> {
    if arrived_at <= starts_at + GRACE { starts_at } else { arrived_at }
}

/// The order in which people are called.
pub fn in_turn(waiting: &mut [Waiting]) {
    waiting.sort_by_key(|next| (next.turn_at, next.number));
}

/// How long somebody with so many before them for the same product waits, when so many can give at a time and each
/// takes so many minutes; at least one can.
pub fn wait(ahead: usize, at_a_time: u32, minutes: u32) -> TimeDelta {
    let rounds = ahead / usize::try_from(at_a_time.max(1)).unwrap_or(usize::MAX);
    TimeDelta::minutes(i64::try_from(rounds).unwrap_or(i64::MAX / 1_440).saturating_mul(i64::from(minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_796_083_200 + minute * 60, 0).unwrap()
    }

    #[test]
    fn an_appointment_keeps_its_turn_and_walk_ins_fill_the_gaps() {
        let waiting = |visit_id: &str, number, turn_at| Waiting {
            visit_id: visit_id.to_owned(),
            product: "whole_blood".to_owned(),
            number,
            turn_at,
        };
        let mut queue = [
            waiting("walked in at five to", 1, at(-5)),
            waiting("walked in at five past", 2, at(5)),
            waiting("on time", 3, turn_of_appointment(at(0), at(10))),
            waiting("early", 4, turn_of_appointment(at(30), at(6))),
            waiting("too late", 5, turn_of_appointment(at(-60), at(7))),
        ];

        in_turn(&mut queue);

        let order: Vec<&str> = queue.iter().map(|waiting| waiting.visit_id.as_str()).collect();
        assert_eq!(order, ["walked in at five to", "on time", "walked in at five past", "too late", "early"]);
    }

    #[test]
    fn chairs_work_side_by_side() {
        assert_eq!(wait(0, 4, 30), TimeDelta::zero());
        assert_eq!(wait(3, 4, 30), TimeDelta::zero());
        assert_eq!(wait(4, 4, 30), TimeDelta::minutes(30));
        assert_eq!(wait(9, 4, 30), TimeDelta::minutes(60));
        assert_eq!(wait(2, 0, 30), TimeDelta::minutes(60), "no chair at all is one chair");
    }
}
