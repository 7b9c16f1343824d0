//! A gateway's words, of which only harmless ones are kept.

/// The longest that is kept, characters.
const LONGEST_CHARACTERS: usize = 300;

/// What a gateway's words are compared with.
pub(super) struct Words<'a> {
    /// What must not come back: the number, the text, the user, the password.
    pub secrets: &'a [&'a str],
}

impl Words<'_> {
    /// The words as one line. A word stays when it is made of Latin letters and marks, or is a single digit (Kannel begins with
    /// `0:` or `3:`), and is no part of a secret; a proxy's error page likes to quote the whole request.
    pub fn of(&self, body: &[u8]) -> String {
        let body = String::from_utf8_lossy(body);
        let kept: Vec<&str> = body
            .split_whitespace()
            .take(LONGEST_CHARACTERS)
            .map(|word| if is_plain(word) && !self.tells(word) { word } else { "<…>" })
            .collect();
        kept.join(" ").chars().take(LONGEST_CHARACTERS).collect()
    }

    /// Short words (`for`, `a`) tell nothing and are in every text.
    fn tells(&self, word: &str) -> bool {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        self.secrets.iter().any(|secret| {
            (bare.len() > 3 && secret.contains(bare)) || (!secret.is_empty() && word.contains(secret))
        })
    }
}

fn is_plain(word: &str) -> bool {
    let mark = |byte: u8| b".,:;()!'-".contains(&byte);
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let others = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || mark(byte));
    others && (digits == 0 || (digits == 1 && word.len() <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: Words<'_> = Words {
        secrets: &["rexue", "correct horse", "+8617000000001", "【站】Sign-in code 123456. Tell nobody."],
    };

    #[test]
    fn kannels_own_words_are_kept() {
        for words in
            ["0: Accepted for delivery", "3: Queued for later delivery", "Authorization failed for sendsms"]
        {
            assert_eq!(SECRETS.of(words.as_bytes()), words);
        }
    }

    #[test]
    fn a_page_that_quotes_the_request_loses_all_of_it() {
        let page = "Bad\r\nrequest: /cgi-bin/sendsms?username=rexue&password=correct+horse&to=%2B8617000000001 \
                    correct horse rexue 【站】Sign-in code 123456. nobody +8617000000001 17000000001";

        let words = SECRETS.of(page.as_bytes());

        assert_eq!(words, "Bad request: <…> <…> <…> <…> <…> <…> <…> <…> <…> <…>");
    }

    #[test]
    fn a_book_is_cut() {
        assert_eq!(SECRETS.of("x ".repeat(100_000).as_bytes()).chars().count(), 300);
    }
}
