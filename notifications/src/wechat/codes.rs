//! What `WeChat`'s `errcode`s mean for the queue (`sendMessage`, and the global return codes).

use crate::reason::Reason;

pub(super) fn reason(errcode: i64) -> Reason {
    match errcode {
        // "The system is busy, please try again later."
        -1 => Reason::Busy,
        40001 | 40014 | 41001 | 42001 => Reason::Token,
        40003 => Reason::Recipient,
        43101 => Reason::NotSubscribed,
        // The page (41030), the template (40037) or a value that does not suit its field (47003): the console has to be looked at.
        40037 | 41030 | 47001 | 47003 => Reason::Setup,
        45009 | 45011 | 45033 => Reason::Pace,
        87014 => Reason::Content,
        // The mini-program, its permissions, its address list.
        40013 | 40164 | 43107 | 48001 | 48004 | 50001 | 50002 => Reason::Account,
        _ => Reason::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;

    #[test]
    fn every_code_has_its_class() {
        for (codes, class) in [
            (&[43101, 40003, 87014][..], Class::Permanent),
            (&[40001, 40014, 41001, 42001, -1], Class::Transient),
            (&[45009, 45011], Class::Throttled),
            (&[47003, 40037, 41030, 40013, 48001, 43107], Class::Account),
            (&[1, 99999], Class::Ambiguous),
        ] {
            for code in codes {
                assert_eq!(reason(*code).class(), class, "{code}");
            }
        }
    }
}
