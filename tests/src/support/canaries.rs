//! The net under every test: what an invented person could be known by is nowhere but where it was asked for.

/// The first thing in a text that belongs to an invented person (`people.rs`): a telephone number, an identity number
/// or an e-mail address.
pub(super) fn personal_in(text: &str) -> Option<&str> {
    let phone = |rest: &str| digits(rest) >= 11;
    let id_number = |rest: &str| digits(rest) >= 17;
    let email = |rest: &str| digits(&rest["canary".len()..]) == 4 && rest.ends_with("@nobody.example");
    find(text, "1700555", 11, phone)
        .or_else(|| find(text, "990099", 17, id_number))
        .or_else(|| find(text, "canary", "canary0000@nobody.example".len(), email))
}

/// The first part of a text that begins with `prefix`, is `length` bytes long and what it looks like.
fn find<'a>(text: &'a str, prefix: &str, length: usize, is: impl Fn(&str) -> bool) -> Option<&'a str> {
    let mut candidates = text.match_indices(prefix).filter_map(|(at, _)| text.get(at..at + length));
    candidates.find(|candidate| is(candidate))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// # Panics
/// When a text holds what belongs to an invented person: unless the test fails already, for another reason.
#[track_caller]
pub(super) fn assert_nothing_personal(what: &str, text: &str) {
    if let Some(canary) = personal_in(text)
        && !std::thread::panicking()
    {
        panic!("{canary} in {what}:\n{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Person;

    #[test]
    fn everything_that_an_invented_person_could_be_known_by_is_found() {
        for person in (1..200).map(Person::number) {
            for canary in [&person.phone, &person.id_number, &person.email] {
                let found =
                    personal_in(&format!("a log line phone=+86{canary}, status=200")).map(str::to_owned);
                assert!(found.is_some_and(|found| canary.starts_with(&found)), "{canary}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for harmless in [
            "+86170****0001",
            "17005550",
            "9900991960",
            "990099-1960",
            "canary",
            "wechat-secret-canary",
            "token-canary-17",
        ] {
            assert_eq!(personal_in(harmless), None, "{harmless}");
        }
    }
}
