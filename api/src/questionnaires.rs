//! The questionnaires: the one that comes with the program, and a station's own beside it.

mod examples;

pub use examples::{Examples, read as read_examples};

use crate::config;
use crate::domain::questionnaire::{Flaw, Questionnaire, Questionnaires};
use crate::error::Error;
use std::path::Path;

/// The questionnaires that come with the program, each with its worked examples.
pub const BUILT_IN: [(&str, &str); 1] = [(
    include_str!("../questionnaires/gb18467-2011.toml"),
    include_str!("../questionnaires/gb18467-2011.examples.toml"),
)];

/// All questionnaires that the configuration knows.
///
/// # Errors
/// `bad_questionnaire`, naming what is wrong.
pub fn open(settings: &config::Questionnaires) -> Result<Questionnaires, Error> {
    let mut all = BUILT_IN.iter().map(|(document, _)| parse(document)).collect::<Result<Vec<_>, Error>>()?;
    if !settings.folder.is_empty() {
        all.extend(read_folder(Path::new(&settings.folder))?);
    }
    Questionnaires::new(all).map_err(|flaw| bad(&flaw))
}

fn read_folder(folder: &Path) -> Result<Vec<Questionnaire>, Error> {
    let unreadable =
        |failure: std::io::Error| Error::invalid("cannot_read", format!("{}: {failure}", folder.display()));
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".toml") && !name.ends_with(".examples.toml") {
            all.push(parse(&std::fs::read_to_string(&path).map_err(unreadable)?)?);
        }
    }
    Ok(all)
}

/// Reads and checks a questionnaire.
///
/// # Errors
/// `bad_questionnaire`.
pub fn parse(text: &str) -> Result<Questionnaire, Error> {
    Questionnaire::parse(text).map_err(|flaw| bad(&flaw))
}

fn bad(flaw: &Flaw) -> Error {
    Error::invalid("bad_questionnaire", format!("A questionnaire cannot be used: {flaw}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worked_example_comes_out_as_it_is_written() {
        for (document, examples) in BUILT_IN {
            let (document, examples) = (parse(document).unwrap(), read_examples(examples).unwrap());
            assert!(examples.len() > 30);
            assert_eq!(examples.wrong(&document), Vec::<String>::new());
        }
    }

    #[test]
    fn a_wrong_example_is_found() {
        let document = parse(BUILT_IN[0].0).unwrap();
        let examples = BUILT_IN[0].1.replace("until = 2026-11-26", "until = 2026-11-27");
        let examples = examples.replace("refused = \"unknown_question\"", "refused = \"in_the_future\"");

        let wrong = read_examples(&examples).unwrap().wrong(&document);

        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("2026-11-26"), "{wrong:?}");
        assert!(wrong[1].contains("unknown_question"), "{wrong:?}");
    }

    #[test]
    fn every_question_of_the_built_in_questionnaire_is_asked_in_an_example() {
        let (document, examples) = BUILT_IN[0];
        let ids = document.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')).skip(1);
        let missing: Vec<&str> = ids.filter(|id| !examples.contains(&format!("{id} = "))).collect();

        assert_eq!(missing, Vec::<&str>::new());
    }
}
