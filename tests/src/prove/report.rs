//! What was wanted, and what was found.

use super::checker::{Kind, Violation};
use crate::support::now;

/// Violations that are shown.
const SHOWN: usize = 20;

/// The figures of one fault test.
#[must_use]
pub struct Report {
    title: String,
    rows: Vec<Row>,
    violations: Vec<Violation>,
    /// Kinds of violations that have a figure.
    told: Vec<Kind>,
}

struct Row {
    figure: String,
    /// Nothing is wanted of what is only told.
    wanted: Option<usize>,
    found: usize,
}

impl Report {
    /// A report without figures.
    pub fn new(title: &str, violations: Vec<Violation>) -> Self {
        Self { title: title.to_owned(), rows: Vec::new(), violations, told: Vec::new() }
    }

    /// A figure that is told, and no more.
    pub fn tell(&mut self, figure: &str, found: usize) {
        self.rows.push(Row { figure: figure.to_owned(), wanted: None, found });
    }

    /// A figure that has to be what is wanted.
    pub fn figure(&mut self, figure: &str, wanted: usize, found: usize) {
        self.rows.push(Row { figure: figure.to_owned(), wanted: Some(wanted), found });
    }

    /// No violations of these kinds are wanted.
    pub fn none(&mut self, figure: &str, kinds: &[Kind]) {
        let found = self.violations.iter().filter(|violation| kinds.contains(&violation.kind)).count();
        self.told.extend(kinds);
        self.figure(figure, 0, found);
    }

    /// No violations of any other kind are wanted.
    pub fn rest(&mut self) {
        let found = self.violations.iter().filter(|violation| !self.told.contains(&violation.kind)).count();
        self.figure("other violations", 0, found);
    }

    /// Whether everything is as it is wanted, and nothing is wrong besides.
    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
            && self.rows.iter().all(|row| row.wanted.is_none_or(|wanted| wanted == row.found))
    }

    /// The table, and the first violations.
    pub fn text(&self) -> String {
        let mut lines = vec![self.title.clone(), format!("  {:<44} {:>9} {:>9}", "", "wanted", "found")];
        for Row { figure, wanted, found } in &self.rows {
            let verdict = if wanted.is_some_and(|wanted| wanted != *found) { "  WRONG" } else { "" };
            let wanted = wanted.map(|wanted| wanted.to_string()).unwrap_or_default();
            lines.push(format!("  {figure:<44} {wanted:>9} {found:>9}{verdict}"));
        }
        lines.extend(self.violations.iter().take(SHOWN).map(|violation| format!("  ! {violation}")));
        lines.join("\n")
    }
}

/// A line about how far it is.
#[expect(clippy::print_stderr, reason = "a run takes minutes: whoever waits wants to know")]
pub(super) fn say(line: &str) {
    eprintln!("{} {line}", now().format("%T"));
}
