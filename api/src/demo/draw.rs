//! Draws from a [`Chance`], by the names that the demo city uses.

use crate::chance::Chance;

/// A number from `low` to `high`, both possible; `low` when there is nothing between.
pub fn between(low: u32, high: u32, chance: &mut Chance) -> u32 {
    low + chance.below(high.saturating_sub(low).saturating_add(1))
}

/// Whether something happens that happens `per_mille` times in a thousand.
pub fn happens(per_mille: u32, chance: &mut Chance) -> bool {
    chance.below(1000) < per_mille
}

/// One of `shares`, so many times in a thousand; `rest` in what the shares leave.
pub fn shared<T: Copy>(shares: &[(u32, T)], rest: T, chance: &mut Chance) -> T {
    let mut rank = chance.below(1000);
    for (share, value) in shares {
        match rank.checked_sub(*share) {
            Some(left) => rank = left,
            None => return *value,
        }
    }
    rest
}

/// One of `values`, each equally likely; the type's default when there are none.
pub fn one_of<T: Copy + Default>(values: &[T], chance: &mut Chance) -> T {
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let place = usize::try_from(chance.below(count)).unwrap_or(usize::MAX);
    values.get(place).copied().unwrap_or_default()
}
