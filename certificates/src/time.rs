//! Instants. The crate has no clock: every instant is an argument.

/// Seconds in a day; leap seconds do not exist in Unix time.
pub const SECONDS_PER_DAY: i64 = 86_400;

/// The latest instant that a signed object may name: 9999-12-31T23:59:59Z.
///
/// It keeps every sum of instants far away from overflow.
pub(crate) const END_OF_TIME: u64 = 253_402_300_799;

/// An instant in whole seconds since 1970-01-01T00:00:00Z (NumericDate of RFC 8392 §2, without fractions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// The instant `seconds` later, or earlier when negative; it stops at the ends of `i64`.
    pub fn plus_seconds(self, seconds: i64) -> UnixTime {
        UnixTime(self.0.saturating_add(seconds))
    }

    /// The instant `days` of 86,400 seconds later, or earlier when negative; it stops at the ends of `i64`.
    pub fn plus_days(self, days: i64) -> UnixTime {
        self.plus_seconds(days.saturating_mul(SECONDS_PER_DAY))
    }

    /// Seconds from `earlier` to this instant; negative when `earlier` is the later one.
    pub fn seconds_since(self, earlier: UnixTime) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The form that a signed object carries: unsigned seconds, none before 1970 or after the year 9999.
    pub(crate) fn to_wire(self) -> Option<u64> {
        u64::try_from(self.0).ok().filter(|seconds| *seconds <= END_OF_TIME)
    }

    /// The instant of unsigned seconds in a signed object, none after the year 9999.
    pub(crate) fn from_wire(seconds: u64) -> Option<UnixTime> {
        if seconds > END_OF_TIME { None } else { i64::try_from(seconds).ok().map(UnixTime) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stop_at_the_ends_instead_of_overflowing() {
        assert_eq!(UnixTime(i64::MAX).plus_days(1), UnixTime(i64::MAX));
        assert_eq!(UnixTime(i64::MIN).plus_days(i64::MIN), UnixTime(i64::MIN));
        assert_eq!(UnixTime(i64::MAX).seconds_since(UnixTime(i64::MIN)), i64::MAX);
    }

    #[test]
    fn the_wire_knows_neither_the_time_before_1970_nor_after_9999() {
        assert_eq!(UnixTime(-1).to_wire(), None);
        assert_eq!(UnixTime(0).to_wire(), Some(0));
        assert_eq!(UnixTime(253_402_300_800).to_wire(), None);
        assert_eq!(UnixTime::from_wire(253_402_300_799), Some(UnixTime(253_402_300_799)));
        assert_eq!(UnixTime::from_wire(253_402_300_800), None);
    }
}
