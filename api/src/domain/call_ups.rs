//! A call-up of an emergency team: who is asked, and whose answer counts.

use super::donor::{Abo, Rh};
use super::refusal::{Refusal, words};
use chrono::{DateTime, TimeDelta, Utc};

/// How many donors a call-up is for at most.
pub const MOST_NEEDED: u32 = 1_000;
/// A call-up is over after this long at the latest.
pub const LONGEST: TimeDelta = TimeDelta::days(7);

/// A blood group as it is asked for: nothing is taken to be compatible with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BloodGroup {
    /// The ABO group.
    pub abo: Abo,
    /// The Rh(D) factor.
    pub rh: Rh,
}

impl BloodGroup {
    /// The group of a record's two words; `None` when either is not known.
    pub fn of_words(abo: Option<&str>, rh: Option<&str>) -> Option<Self> {
        Some(Self { abo: Abo::from_word(abo?)?, rh: Rh::from_word(rh?)? })
    }

    /// As [`listed`] writes it.
    fn parse(text: &str) -> Option<Self> {
        let (abo, rh) = text.split_at_checked(text.len().checked_sub(1)?)?;
        Self::of_words(Some(abo), Some(rh))
    }
}

/// Groups as a column holds them: `O-,B-`.
pub fn listed(groups: &[BloodGroup]) -> String {
    let words: Vec<String> = groups.iter().map(|group| format!("{}{}", group.abo, group.rh)).collect();
    words.join(",")
}

/// The groups of a column.
pub fn groups_of(text: &str) -> Vec<BloodGroup> {
    text.split(',').filter_map(BloodGroup::parse).collect()
}

/// The groups, each once, in the order in which they were given.
///
/// # Errors
/// `no_group` when there are none.
pub fn each_once(groups: impl IntoIterator<Item = BloodGroup>) -> Result<Vec<BloodGroup>, Refusal> {
    let mut once = Vec::new();
    for group in groups {
        if !once.contains(&group) {
            once.push(group);
        }
    }
    match once.is_empty() {
        true => Err(Refusal::new("groups", "no_group", "Say which blood groups are needed.")),
        false => Ok(once),
    }
}

/// How many are needed, and until when.
///
/// # Errors
/// `out_of_range` for a number that is not 1 to 1,000; `in_the_past`, `too_far`.
pub fn check(needed: u32, closes_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if !(1..=MOST_NEEDED).contains(&needed) {
        return Err(Refusal::new("needed", "out_of_range", "A call-up is for 1 to 1,000 donors."));
    }
    if closes_at <= now {
        return Err(Refusal::new("closes_at", "in_the_past", "The call-up would be over already."));
    }
    if closes_at - now > LONGEST {
        return Err(Refusal::new("closes_at", "too_far", "A call-up is over after at most seven days."));
    }
    Ok(())
}

/// What is known of a member when somebody is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The recorded group.
    pub group: Option<BloodGroup>,
    /// Whether the rules allow the day.
    pub eligible: bool,
    /// Whether a place is held or booked for them already.
    pub has_appointment: bool,
    /// Whether another call-up waits for them.
    pub called_already: bool,
}

/// Why a member is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// The account is not, or no longer, signed in to by the donor who agreed.
    NoRecord,
    /// Another blood group, or none that is known.
    OtherGroup,
    /// Another call-up waits for them.
    CalledAlready,
    /// They have an appointment.
    HasAppointment,
    /// The rules do not allow the day.
    NotEligible,
}

impl Candidate {
    /// Why this member is not asked; `None` when they are.
    pub fn left_out(&self, wanted: &[BloodGroup]) -> Option<LeftOut> {
        if !self.group.is_some_and(|group| wanted.contains(&group)) {
            return Some(LeftOut::OtherGroup);
        }
        if self.called_already {
            return Some(LeftOut::CalledAlready);
        }
        if self.has_appointment {
            return Some(LeftOut::HasAppointment);
        }
        (!self.eligible).then_some(LeftOut::NotEligible)
    }
}

/// What a member says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    Asked,
    /// They come.
    Coming,
    /// They do not.
    NotComing,
    /// They left the team.
    Withdrawn,
}
words!(Answer { Asked = "asked", Coming = "coming", NotComing = "not_coming", Withdrawn = "withdrawn" });

/// Whether a call-up still looks for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It does.
    Open,
    /// Enough donors are coming.
    Met,
    /// It is over.
    Closed,
}
words!(Stage { Open = "open", Met = "met", Closed = "closed" });

/// How far a call-up has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many are needed.
    pub needed: i64,
    /// How many said that they come.
    pub coming: i64,
    /// When it is over.
    pub closes_at: DateTime<Utc>,
    /// Whether somebody ended it before.
    pub closed: bool,
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnswered {
    /// The call-up is over.
    Closed,
    /// Enough donors are coming.
    EnoughAreComing,
}
words!(NotAnswered { Closed = "call_up_closed", EnoughAreComing = "enough_are_coming" });

impl NotAnswered {
    /// One sentence that the donor can act on.
    pub fn message(self) -> &'static str {
        match self {
            Self::Closed => "This call is over. If you cannot come as you said, please call the station.",
            Self::EnoughAreComing => "Enough donors are coming: thank you, you do not have to.",
        }
    }
}

impl Standing {
    /// Where it stands now.
    pub fn stage(&self, now: DateTime<Utc>) -> Stage {
        if self.closed || self.closes_at <= now {
            Stage::Closed
        } else if self.coming >= self.needed {
            Stage::Met
        } else {
            Stage::Open
        }
    }

    /// How many are coming after a member's answer changed from `before` to `after`.
    pub fn coming_after(&self, before: Answer, after: Answer) -> i64 {
        self.coming + i64::from(after == Answer::Coming) - i64::from(before == Answer::Coming)
    }

    /// Whether a member may say `after`: a mind can be changed until it is over.
    ///
    /// # Errors
    /// [`NotAnswered`].
    pub fn may_answer(&self, before: Answer, after: Answer, now: DateTime<Utc>) -> Result<(), NotAnswered> {
        match self.stage(now) {
            Stage::Closed => Err(NotAnswered::Closed),
            Stage::Met if after == Answer::Coming && before != Answer::Coming => {
                Err(NotAnswered::EnoughAreComing)
            }
            Stage::Open | Stage::Met => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn standing(coming: i64) -> Standing {
        Standing { needed: 2, coming, closes_at: at(60), closed: false }
    }

    #[test]
    fn groups_are_read_as_they_were_written() {
        let all: Vec<BloodGroup> = Abo::ALL
            .iter()
            .flat_map(|abo| Rh::ALL.iter().map(|rh| BloodGroup { abo: *abo, rh: *rh }))
            .collect();

        assert_eq!(listed(&all), "A+,A-,B+,B-,O+,O-,AB+,AB-");
        assert_eq!(groups_of(&listed(&all)), all);
        assert_eq!(groups_of(""), []);
        assert_eq!(BloodGroup::of_words(Some("O"), None), None);
        assert_eq!(each_once([all[4], all[5], all[4]]).unwrap(), [all[4], all[5]]);
        assert_eq!(each_once([]).unwrap_err().reason, "no_group");
    }

    #[test]
    fn a_call_up_is_for_somebody_and_for_some_days() {
        assert_eq!(check(1, at(1), at(0)), Ok(()));
        let reason = |needed, closes| check(needed, at(closes), at(0)).unwrap_err().reason;
        assert_eq!((reason(0, 1), reason(1_001, 1)), ("out_of_range", "out_of_range"));
        assert_eq!((reason(1, 0), reason(1, 7 * 24 * 60 + 1)), ("in_the_past", "too_far"));
    }

    #[test]
    fn nobody_of_another_group_is_asked_whatever_is_compatible() {
        let group = |abo, rh| BloodGroup { abo, rh };
        let wanted = [group(Abo::O, Rh::Negative), group(Abo::A, Rh::Positive)];
        let fits = Candidate {
            group: Some(wanted[1]),
            eligible: true,
            has_appointment: false,
            called_already: false,
        };

        assert_eq!(fits.left_out(&wanted), None);
        for (candidate, why) in [
            (Candidate { group: Some(group(Abo::O, Rh::Positive)), ..fits }, LeftOut::OtherGroup),
            (Candidate { group: None, ..fits }, LeftOut::OtherGroup),
            (Candidate { called_already: true, eligible: false, ..fits }, LeftOut::CalledAlready),
            (Candidate { has_appointment: true, ..fits }, LeftOut::HasAppointment),
            (Candidate { eligible: false, ..fits }, LeftOut::NotEligible),
        ] {
            assert_eq!(candidate.left_out(&wanted), Some(why));
        }
    }

    #[test]
    fn nobody_takes_a_place_that_is_not_needed_and_everybody_may_step_back() {
        use Answer::{Asked, Coming, NotComing};
        let enough = Err(NotAnswered::EnoughAreComing);

        assert_eq!(standing(1).may_answer(Asked, Coming, at(0)), Ok(()));
        assert_eq!(standing(2).may_answer(Asked, Coming, at(0)), enough);
        assert_eq!(standing(2).may_answer(NotComing, Coming, at(0)), enough);
        assert_eq!(standing(2).may_answer(Coming, Coming, at(0)), Ok(()));
        assert_eq!(standing(2).may_answer(Coming, NotComing, at(0)), Ok(()));
        assert_eq!(standing(0).may_answer(Asked, Coming, at(60)), Err(NotAnswered::Closed));
        let ended = Standing { closed: true, ..standing(1) };
        assert_eq!(ended.may_answer(Coming, NotComing, at(0)), Err(NotAnswered::Closed));
    }

    #[test]
    fn who_steps_back_makes_room() {
        assert_eq!(standing(2).stage(at(0)), Stage::Met);
        assert_eq!(standing(2).coming_after(Answer::Coming, Answer::Withdrawn), 1);
        assert_eq!(standing(1).coming_after(Answer::Asked, Answer::Coming), 2);
        assert_eq!(standing(1).coming_after(Answer::Coming, Answer::Coming), 1);
        assert_eq!(standing(1).stage(at(60)), Stage::Closed);
    }
}
