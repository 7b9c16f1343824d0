//! What the sweep found, as a table.

use super::cast::Cast;
use super::expected::{EXPECTED, Objects, ROLES, Who};
use super::requests::Operation;
use std::fmt;
use tests::support::{Answer, Kind};

/// The checks, the leaks among them, and the table.
pub struct Report {
    /// What should not have been, in words.
    pub leaks: Vec<String>,
    kind: Kind,
    /// The names of the tokens that open nothing.
    tokens: Vec<&'static str>,
    rows: Vec<Row>,
    checks: usize,
}

struct Row {
    operation: String,
    cells: Vec<String>,
}

impl Report {
    /// One without rows.
    pub fn new(kind: Kind, cast: &Cast) -> Self {
        let tokens = cast.refused.iter().map(|(name, ..)| *name).collect();
        Self { leaks: Vec::new(), kind, tokens, rows: Vec::new(), checks: 0 }
    }

    /// Begins an operation's row; its second one tries the second name in its path.
    pub fn begin(&mut self, operation: &Operation, place: usize) {
        let note = if place == 0 { "" } else { " (own hospital)" };
        self.rows.push(Row { operation: format!("{}{note}", operation.id), cells: Vec::new() });
    }

    /// Nobody gets in with this token.
    pub fn refused(&mut self, token: &str, answer: &Answer, status: u16, code: &str) {
        self.check(is_refused(answer, status, code), token, || format!("not {status} {code}"), answer);
        let challenged = answer.header("www-authenticate") == "Bearer";
        self.check(challenged, token, || "without WWW-Authenticate".to_owned(), answer);
        self.cell(&[answer]);
    }

    /// The role may not do this, on whatever object.
    pub fn all_refused(&mut self, role: &str, answers: &[Answer]) {
        for answer in answers {
            self.check(
                is_refused(answer, 403, "not_allowed"),
                role,
                || "not 403 not_allowed".to_owned(),
                answer,
            );
        }
        self.cell(&answers.iter().collect::<Vec<_>>());
    }

    /// The role may do this; when its objects have owners, on its own only.
    pub fn let_in(&mut self, role: &str, answers: &[Answer], owned: bool) {
        for answer in answers {
            let let_in = ![401, 403, 429].contains(&answer.status) && answer.status < 500;
            self.check(let_in, role, || "not let in".to_owned(), answer);
        }
        if owned {
            let [own, other, none] = answers else { panic!("an operation without objects has no owners") };
            self.check(own.status != 404, role, || "does not find its own".to_owned(), own);
            self.check(other.status == 404, role, || "finds somebody else's".to_owned(), other);
            let alike = (other.status, &other.body) == (none.status, &none.body);
            self.check(alike, role, || format!("tells it from none: {}", none.text()), other);
        }
        self.cell(&answers.iter().collect::<Vec<_>>());
    }

    /// A public operation answers as it does without a token.
    pub fn public(&mut self, who: Option<&str>, answer: &Answer, status: u16) {
        let same = answer.status == status && ![401, 403].contains(&status) && status < 500;
        self.check(same, who.unwrap_or("no token"), || format!("not {status}, as for anybody"), answer);
        self.cell(&[answer]);
    }

    fn check(&mut self, holds: bool, who: &str, wrong: impl FnOnce() -> String, answer: &Answer) {
        self.checks += 1;
        if !holds {
            let operation = &self.rows.last().unwrap().operation;
            let body = String::from_utf8_lossy(&answer.body);
            self.leaks.push(format!("{operation}, {who}: {}: {} {body}", wrong(), answer.status));
        }
    }

    fn cell(&mut self, answers: &[&Answer]) {
        let statuses: Vec<String> = answers.iter().map(|answer| answer.status.to_string()).collect();
        self.rows.last_mut().unwrap().cells.push(statuses.join(" "));
    }
}

fn is_refused(answer: &Answer, status: u16, code: &str) -> bool {
    answer.status == status && answer.json()["code"] == code
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Every operation on {:?}. Statuses under a role: own, other, none.", self.kind)?;
        write!(out, "{:<30} {:<9}", "", "no token")?;
        for token in &self.tokens {
            write!(out, " {token:<9}")?;
        }
        for role in ROLES {
            write!(out, " {role:<14}")?;
        }
        writeln!(out)?;
        for Row { operation, cells } in &self.rows {
            write!(out, "{operation:<30}")?;
            for (place, cell) in cells.iter().enumerate() {
                let width = if place <= self.tokens.len() { 9 } else { 14 };
                write!(out, " {cell:<width$}")?;
            }
            writeln!(out)?;
        }
        for row in EXPECTED {
            match (&row.who, &row.objects) {
                (Who::Anybody(why), _) => writeln!(out, "{} is open to all: {why}", row.operation)?,
                (_, Objects::Unowned(why)) => {
                    writeln!(out, "{} names what has no owner: {why}", row.operation)?
                }
                _ => {}
            }
        }
        write!(out, "{} checks, {} leaks", self.checks, self.leaks.len())
    }
}
