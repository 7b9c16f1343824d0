//! What an imported record means beside the one that is already there.

/// What to do with an incoming record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming {
    /// There is none yet: create it.
    New,
    /// It says what is known already.
    Unchanged,
    /// It corrects a record of an earlier import.
    Correction,
    /// It contradicts a record of the same import: one of the two is wrong, and only people can tell which.
    Contradiction,
}

/// What is known of the record that is already there.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The import that wrote it last.
    pub import_id: &'a str,
    /// Whether the incoming record says the same.
    pub same: bool,
}

/// Judges an incoming record of the import `import_id` beside what is known.
pub fn judge(known: Option<Known<'_>>, import_id: &str) -> Incoming {
    match known {
        None => Incoming::New,
        Some(known) if known.same => Incoming::Unchanged,
        Some(known) if known.import_id == import_id => Incoming::Contradiction,
        Some(_) => Incoming::Correction,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_import_corrects_and_the_same_one_contradicts_itself() {
        let known = |import_id, same| Some(Known { import_id, same });

        assert_eq!(judge(None, "b"), Incoming::New);
        assert_eq!(judge(known("a", true), "b"), Incoming::Unchanged);
        assert_eq!(judge(known("b", true), "b"), Incoming::Unchanged);
        assert_eq!(judge(known("a", false), "b"), Incoming::Correction);
        assert_eq!(judge(known("b", false), "b"), Incoming::Contradiction);
    }
}
