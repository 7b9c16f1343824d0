//! A refused value: which column, why, and a sentence for whoever has to mend it.

use std::borrow::Cow;

/// Why a value was not accepted. MUST NOT hold the value: it may be somebody's identity number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The column (field) that holds the value.
    pub column: &'static str,
    /// Stable, `snake_case`.
    pub reason: &'static str,
    /// One sentence.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal of what stands in `column`.
    pub fn new(column: &'static str, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { column, reason, message: message.into() }
    }

    /// The same refusal, of a value that stands in another column than its kind usually does.
    #[must_use]
    pub fn in_column(self, column: &'static str) -> Self {
        Self { column, ..self }
    }
}

/// A word that stands for one of an enum's values, both ways: what files, the database and the API hold.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that files, the database and the API hold.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a word; `None` when there is none.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
