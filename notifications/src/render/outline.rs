//! A letter's words, written once and shown twice: as plain text and as HTML.
//!
//! The first line is the subject. Then come paragraphs with empty lines between them; lines that begin with `- ` are a list, and
//! the line `>> label` is the letter's link, left out when there is none. The link's address is no part of the words, so that
//! nothing in a name can become one.

use super::Rendered;
use crate::message::Language;

const BUTTON: &str =
    "display:inline-block;padding:10px 20px;border-radius:6px;background:#b3261e;color:#ffffff";

/// The two forms of a letter from its outline.
pub(super) fn letter(outline: &str, station: &str, link: &str, language: Language) -> Rendered {
    let outline = outline.trim();
    let (subject, words) = outline.split_once('\n').unwrap_or((outline, ""));
    let paragraphs: Vec<Vec<&str>> = words
        .split("\n\n")
        .map(|paragraph| lines_of(paragraph, link))
        .filter(|lines| !lines.is_empty())
        .collect();
    let text: Vec<String> = paragraphs.iter().map(|lines| text(lines, link, language)).collect();
    let html: String = paragraphs.iter().map(|lines| html(lines, link)).collect();
    Rendered::new(station, subject.to_owned(), text.join("\n\n"), page(subject, &html, language))
}

fn lines_of<'a>(paragraph: &'a str, link: &str) -> Vec<&'a str> {
    let has_place = |line: &&str| !line.is_empty() && (!link.is_empty() || !line.starts_with(">> "));
    paragraph.lines().map(str::trim).filter(has_place).collect()
}

fn text(lines: &[&str], link: &str, language: Language) -> String {
    let colon = match language {
        Language::Chinese => "：",
        Language::English => ":",
    };
    let written: Vec<String> = lines
        .iter()
        .map(|line| match line.strip_prefix(">> ") {
            Some(label) => format!("{label}{colon}\n{link}"),
            None => (*line).to_owned(),
        })
        .collect();
    written.join("\n")
}

/// Lines of a list are one list; others of one paragraph are broken.
fn html(lines: &[&str], link: &str) -> String {
    let items: Vec<String> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("- "))
        .map(|item| format!("<li>{}</li>\n", escaped(item)))
        .collect();
    let label = lines.iter().find_map(|line| line.strip_prefix(">> "));
    let words: Vec<String> = lines
        .iter()
        .filter(|line| !line.starts_with("- ") && !line.starts_with(">> "))
        .map(|line| escaped(line))
        .collect();
    let mut html = String::new();
    if !words.is_empty() {
        html.push_str(&format!("<p>{}</p>\n", words.join("<br>")));
    }
    if !items.is_empty() {
        html.push_str(&format!("<ul>\n{}</ul>\n", items.concat()));
    }
    if let Some(label) = label {
        html.push_str(&format!(
            "<p><a href=\"{}\" style=\"{BUTTON}\">{}</a></p>\n",
            escaped(link),
            escaped(label)
        ));
    }
    html
}

fn page(title: &str, content: &str, language: Language) -> String {
    let language = match language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    };
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n</head>\n<body style=\"margin:0;padding:24px;font:16px/1.6 sans-serif\">\n\
         <div style=\"max-width:34em;margin:0 auto\">\n{content}</div>\n</body>\n</html>\n",
        escaped(title)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTLINE: &str = "Subject & more\n\nHello,\n\nBooked <b>:\n- When: 8\n- Where: \"here\"\n\n>> Change it\n\nBye\nStation";

    #[test]
    fn an_outline_is_a_text_and_a_page() {
        let letter = letter(OUTLINE, "Station", "https://a.example/?b=1&c=2", Language::English);

        assert_eq!(letter.subject(), "Subject & more");
        assert_eq!(
            letter.text(),
            "Hello,\n\nBooked <b>:\n- When: 8\n- Where: \"here\"\n\nChange it:\nhttps://a.example/?b=1&c=2\n\nBye\nStation"
        );
        let html = letter.html();
        assert!(html.contains("<title>Subject &amp; more</title>"), "{html}");
        assert!(
            html.contains(
                "<p>Booked &lt;b&gt;:</p>\n<ul>\n<li>When: 8</li>\n<li>Where: &quot;here&quot;</li>\n</ul>"
            ),
            "{html}"
        );
        assert!(html.contains("<a href=\"https://a.example/?b=1&amp;c=2\""), "{html}");
        assert!(html.contains("<p>Bye<br>Station</p>"), "{html}");
    }

    #[test]
    fn without_a_link_there_is_no_place_for_one() {
        let letter = letter(OUTLINE, "Station", "", Language::English);

        assert!(!letter.text().contains("Change it") && !letter.html().contains("Change it"));
        assert!(!letter.text().contains("\n\n\n"), "{}", letter.text());
    }
}
