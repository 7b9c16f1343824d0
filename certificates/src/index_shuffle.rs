//! Which place in a status list the n-th certificate gets.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// More than the ten rounds of NIST SP 800-38G FF1, because the halves can be a single bit.
const ROUNDS: u8 = 12;

/// A keyed pseudorandom permutation of the places of a status list.
///
/// A status list is public, so a certificate's place must say nothing: places handed out in order would tell who
/// was issued next to whom, and when. Random places would have to be looked up for collisions. A permutation has
/// neither fault: the n-th certificate of a list always gets the same place, no two share one, the whole list is
/// used, and whoever lacks the seed cannot tell neighbours from strangers.
///
/// It is a balanced Feistel network over the smallest even number of bits that holds the size, its round
/// function SHA-256 over seed ‖ round ‖ half (of fixed length, so no HMAC is needed); a result outside the list
/// is permuted again until it falls inside (cycle walking: Black and Rogaway, 2002), at most 4 times on average.
pub struct IndexShuffle {
    seed: Zeroizing<[u8; 32]>,
    size: u64,
    half_bits: u32,
}

impl IndexShuffle {
    /// A permutation of `0..size`. The seed is a secret of 32 random bytes, another one for every list.
    pub fn new(seed: &[u8; 32], size: u64) -> IndexShuffle {
        let bits = u64::BITS - size.saturating_sub(1).leading_zeros();
        IndexShuffle { seed: Zeroizing::new(*seed), size, half_bits: bits.div_ceil(2).max(1) }
    }

    /// The place of the `n`-th certificate, counted from 0; `None` when the list has no more places.
    pub fn index(&self, n: u64) -> Option<u64> {
        if n >= self.size {
            return None;
        }
        let mut place = self.permute(n);
        while place >= self.size {
            place = self.permute(place);
        }
        Some(place)
    }

    fn permute(&self, value: u64) -> u64 {
        let mask = (1u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (self.round(round, right) & mask));
        }
        left << self.half_bits | right
    }

    fn round(&self, round: u8, half: u64) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.seed.as_slice());
        hash.update([round]);
        hash.update(half.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_given_out_exactly_once() {
        for size in [1, 2, 3, 4, 5, 7, 16, 17, 100, 1_000, 4_096, 5_000] {
            let shuffle = IndexShuffle::new(&[7; 32], size);

            let mut places: Vec<u64> = (0..size).filter_map(|n| shuffle.index(n)).collect();

            places.sort_unstable();
            assert!(places.iter().copied().eq(0..size), "size {size}");
            assert_eq!(shuffle.index(size), None);
        }
    }

    #[test]
    fn an_empty_list_has_no_place_and_the_largest_one_does_not_overflow() {
        assert_eq!(IndexShuffle::new(&[7; 32], 0).index(0), None);
        let largest = IndexShuffle::new(&[7; 32], u64::MAX);
        assert!(largest.index(u64::MAX - 1).is_some());
    }

    #[test]
    fn another_seed_gives_another_order() {
        let order = |seed: u8| -> Vec<_> {
            let shuffle = IndexShuffle::new(&[seed; 32], 1_000_000);
            (0..100).map(|n| shuffle.index(n)).collect()
        };

        assert_ne!(order(1), order(2));
        assert_eq!(order(1), order(1));
    }

    #[test]
    fn neighbours_in_time_are_strangers_in_the_list() {
        let size = 1 << 20;
        let shuffle = IndexShuffle::new(&[7; 32], size);
        let places: Vec<u64> = (0..4_096).filter_map(|n| shuffle.index(n)).collect();

        let mut buckets = [0u32; 16];
        for pair in places.windows(2) {
            let step = pair[1].wrapping_sub(pair[0]) % size;
            buckets[usize::try_from(step >> 16).unwrap()] += 1;
        }

        // 4,095 steps in 16 buckets: 256 each, with a standard deviation of 15.5.
        assert!(buckets.iter().all(|count| (180..332).contains(count)), "{buckets:?}");
    }
}
