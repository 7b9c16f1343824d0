//! Receipts come twice and in any order; what is known of a message never goes back.

use notifications::receipt::{DeliveryState, Outcome};
use proptest::prelude::*;

const OUTCOMES: [Outcome; 5] =
    [Outcome::Submitted, Outcome::Buffered, Outcome::Delivered, Outcome::Failed, Outcome::Rejected];

/// What a set of receipts must come to, said another way: the first terminal one, else the highest of the others.
fn expected(receipts: &[Outcome]) -> DeliveryState {
    let terminal = |outcome: &&Outcome| !matches!(outcome, Outcome::Submitted | Outcome::Buffered);
    if let Some(outcome) = receipts.iter().find(terminal) {
        return DeliveryState::from(*outcome);
    }
    if receipts.contains(&Outcome::Buffered) {
        DeliveryState::Buffered
    } else if receipts.is_empty() {
        DeliveryState::Unknown
    } else {
        DeliveryState::Submitted
    }
}

fn position(state: DeliveryState) -> usize {
    DeliveryState::ALL.iter().position(|other| *other == state).unwrap()
}

/// A small generator (xorshift64*), so that a million orders take a second.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit).unwrap()
    }
}

/// How many of `count` random orders of one to eight receipts, with repetitions, went back or came out wrong.
pub fn regressions(count: u32, seed: u64) -> u32 {
    let mut dice = Dice(seed);
    let mut wrong = 0;
    for _ in 0..count {
        let length = dice.below(8) + 1;
        let mut receipts = [Outcome::Submitted; 8];
        for receipt in receipts.iter_mut().take(length) {
            *receipt = OUTCOMES[dice.below(5)];
        }
        let receipts = &receipts[..length];

        let mut state = DeliveryState::Unknown;
        let mut went_back = false;
        for receipt in receipts {
            let next = state.after(*receipt);
            went_back |= next != state && (state.is_terminal() || position(next) < position(state));
            went_back |= next.after(*receipt) != next;
            state = next;
        }
        wrong += u32::from(went_back || state != expected(receipts));
    }
    wrong
}

#[test]
fn a_million_random_orders_never_go_back() {
    assert_eq!(regressions(1_000_000, 0x5EED_0001), 0);
}

#[test]
fn every_state_knows_what_every_receipt_makes_of_it() {
    use DeliveryState::{Buffered, Delivered, Failed, Rejected, Submitted, Unknown};

    let table = [
        (Unknown, [Submitted, Buffered, Delivered, Failed, Rejected]),
        (Submitted, [Submitted, Buffered, Delivered, Failed, Rejected]),
        (Buffered, [Buffered, Buffered, Delivered, Failed, Rejected]),
        (Delivered, [Delivered; 5]),
        (Failed, [Failed; 5]),
        (Rejected, [Rejected; 5]),
    ];
    for (state, after) in table {
        assert_eq!(OUTCOMES.map(|outcome| state.after(outcome)), after, "{state}");
        assert_eq!(DeliveryState::parse(state.as_str()), Some(state));
    }
    assert_eq!(DeliveryState::parse("sent"), None);
}

#[test]
fn delivered_before_submitted_stays_delivered() {
    let state = DeliveryState::Unknown.after(Outcome::Delivered).after(Outcome::Submitted);

    assert_eq!(state, DeliveryState::Delivered);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_receipts_come_to_what_they_say(
        receipts in prop::collection::vec(prop::sample::select(&OUTCOMES[..]), 0..12),
    ) {
        let state = receipts.iter().fold(DeliveryState::Unknown, |state, receipt| state.after(*receipt));

        prop_assert_eq!(state, expected(&receipts));
    }

    #[test]
    fn the_order_of_receipts_before_the_first_terminal_one_does_not_matter(
        receipts in prop::collection::vec(prop::sample::select(&OUTCOMES[..2]), 0..8),
        terminal in prop::sample::select(&OUTCOMES[2..]),
        place in 0_usize..8,
    ) {
        let mut shuffled = receipts.clone();
        shuffled.insert(place.min(receipts.len()), terminal);

        let state = shuffled.iter().fold(DeliveryState::Unknown, |state, receipt| state.after(*receipt));

        prop_assert_eq!(state, DeliveryState::from(terminal));
    }
}
