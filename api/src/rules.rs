//! The rule packs: those that come with the program, and a station's own beside them.

mod examples;

pub use examples::{Example, read as read_examples};

use crate::config;
use crate::domain::eligibility::{RulePack, RulePacks};
use crate::error::Error;
use std::path::Path;

/// The packs that come with the program, each with its worked examples.
pub const BUILT_IN: [(&str, &str); 2] = [
    (include_str!("../rules/gb18467-2011.toml"), include_str!("../rules/gb18467-2011.examples.toml")),
    (
        include_str!("../rules/blood-donation-law-draft-2025.toml"),
        include_str!("../rules/blood-donation-law-draft-2025.examples.toml"),
    ),
];

/// All packs that the configuration honours.
///
/// # Errors
/// `bad_rule_pack`, naming the pack.
pub fn open(settings: &config::Rules) -> Result<RulePacks, Error> {
    let mut packs = BUILT_IN.iter().map(|(pack, _)| parse(pack)).collect::<Result<Vec<_>, Error>>()?;
    if !settings.folder.is_empty() {
        packs.extend(read_folder(Path::new(&settings.folder))?);
    }
    RulePacks::new(packs, settings.drafts).map_err(bad)
}

fn read_folder(folder: &Path) -> Result<Vec<RulePack>, Error> {
    let unreadable = |failure: std::io::Error| bad(format!("{}: {failure}", folder.display()));
    let mut packs = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".toml") && !name.ends_with(".examples.toml") {
            packs.push(parse(&std::fs::read_to_string(&path).map_err(unreadable)?)?);
        }
    }
    Ok(packs)
}

/// Reads and checks a pack.
///
/// # Errors
/// `bad_rule_pack`.
pub fn parse(text: &str) -> Result<RulePack, Error> {
    RulePack::parse(text).map_err(bad)
}

fn bad(problem: String) -> Error {
    Error::invalid("bad_rule_pack", format!("A rule pack cannot be used: {problem}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worked_example_comes_out_as_it_is_written() {
        for (place, (_, examples)) in BUILT_IN.iter().enumerate() {
            let packs = BUILT_IN.iter().take(place + 1).map(|(pack, _)| parse(pack).unwrap()).collect();
            let packs = RulePacks::new(packs, true).unwrap();
            let examples = read_examples(examples).unwrap();
            assert!(!examples.is_empty());
            for example in examples {
                assert_eq!(example.check(&packs), Ok(()), "{}", example.name());
            }
        }
    }

    #[test]
    fn a_wrong_example_is_found() {
        let packs = open(&config::Rules::default()).unwrap();
        let text = "[[example]]\nname = \"x\"\nborn = 1990-01-01\ngiven = []\non = 2026-01-01\n\
                    product = \"whole_blood\"\nfirst_day = 2026-01-02\nblocked_by = []\n";

        let wrong = read_examples(text).unwrap().remove(0).check(&packs).unwrap_err();

        assert!(wrong.contains("2026-01-01"), "{wrong}");
    }

    #[test]
    fn drafts_are_honoured_only_when_asked_for() {
        let day = "2027-07-01".parse().unwrap();
        let id =
            |drafts| open(&config::Rules { drafts, ..Default::default() }).unwrap().on(day).id().to_owned();

        assert_eq!(id(false), "gb18467-2011");
        assert_eq!(id(true), "blood-donation-law-draft-2025");
    }

    #[test]
    fn a_pack_that_makes_no_sense_is_refused_by_name() {
        let (good, _) = BUILT_IN[0];
        let broken = [
            (good.replace("months = 6", "months = 6\ndays = 3"), "either months or days"),
            (
                good.replace("to = \"apheresis_platelets\"\ndays = 14", "to = \"whole_blood\"\ndays = 14"),
                "direction",
            ),
            (good.replace("max = 55", "max = 17"), "ages"),
            (good.replace("donations = 24", "donations = 0"), "allows nothing"),
            (good.replace("days = 28", "weeks = 4"), "weeks"),
            (
                good.replace(
                    "from = \"whole_blood\"\nto = \"whole_blood\"",
                    "from = \"plasma\"\nto = \"whole_blood\"",
                ),
                "plasma",
            ),
        ];

        for (text, problem) in broken {
            let error = parse(&text).unwrap_err();
            assert!(error.message.contains(problem), "{}: {problem}", error.message);
        }
    }
}
