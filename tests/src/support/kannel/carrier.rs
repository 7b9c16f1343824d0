//! What `fakesmsc` says: the carrier's side.

use super::process::Log;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A message that takes longer is not coming.
const PATIENCE: Duration = Duration::from_secs(30);
/// The user data header of a part: its length, "concatenated", three bytes follow (3GPP TS 23.040 §9.2.3.24.1).
const PART: [u8; 3] = [5, 0, 3];

/// An SMS that the carrier got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedSms {
    /// The sender.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The text, of all parts together.
    pub text: String,
}

/// All that the carrier got, from every program that played it.
#[derive(Clone, Default)]
pub(super) struct Carrier(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    messages: Vec<ArrivedSms>,
    /// Payloads by number of the part; sender, recipient and reference say whose they are.
    parts: HashMap<(String, String, u8), BTreeMap<u8, Vec<u8>>>,
}

impl Carrier {
    /// Reads what a program says, until it ends.
    pub fn read(&self, log: Log) {
        let shared = self.0.clone();
        std::thread::spawn(move || {
            for line in log.map_while(Result::ok) {
                if let Some(message) = message_in(&line) {
                    shared.lock().take(message);
                    shared.changed.notify_all();
                }
            }
        });
    }

    pub fn messages(&self) -> Vec<ArrivedSms> {
        self.0.lock().messages.clone()
    }

    /// What is found in the messages sooner or later; `None` when the patience ends.
    pub fn wait<T>(&self, find: impl Fn(&[ArrivedSms]) -> Option<T>) -> Option<T> {
        let nothing = |state: &mut State| find(&state.messages).is_none();
        let (state, _) = self.0.changed.wait_timeout_while(self.0.lock(), PATIENCE, nothing).unwrap();
        find(&state.messages)
    }
}

impl Shared {
    /// A test that panicked while it held the lock shall not hide why.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `from to text …`, `from to ucs-2 …`, or `from to udh … data …` for a part.
fn message_in(line: &str) -> Option<&str> {
    let (_, message) = line.split_once("Got message ")?.1.split_once(": <")?;
    message.strip_suffix('>')
}

impl State {
    fn take(&mut self, message: &str) {
        let [from, to, kind, rest] =
            message.splitn(4, ' ').map(str::to_owned).collect::<Vec<_>>().try_into().expect(message);
        let text = match kind.as_str() {
            "text" => rest,
            "ucs-2" | "data" => from_ucs2(&url_decoded(&rest)),
            "udh" => match self.whole(&from, &to, &rest) {
                Some(text) => text,
                None => return,
            },
            _ => panic!("fakesmsc says: {message}"),
        };
        self.messages.push(ArrivedSms { from, to, text });
    }

    /// The text, when this was the last part that was missing.
    fn whole(&mut self, from: &str, to: &str, part: &str) -> Option<String> {
        let [header, _kind, payload] = part.split(' ').collect::<Vec<_>>().try_into().expect(part);
        let header = url_decoded(header);
        let Some([reference, count, number]) = header.strip_prefix(&PART) else { panic!("no part: {part}") };
        let key = (from.to_owned(), to.to_owned(), *reference);
        let parts = self.parts.entry(key.clone()).or_default();
        parts.insert(*number, url_decoded(payload));
        if parts.len() < usize::from(*count) {
            return None;
        }
        let parts = self.parts.remove(&key)?;
        Some(from_ucs2(&parts.into_values().flatten().collect::<Vec<_>>()))
    }
}

/// The product sends nothing but UCS-2; what stands for 😀 in it is a pair, which a part's end may cut.
fn from_ucs2(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_be_bytes(pair.try_into().unwrap())).collect();
    String::from_utf16(&units).unwrap()
}

fn url_decoded(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    decoded
}

/// What `fakesmsc` is told to send: as a telephone does, in plain characters if they suffice, otherwise in UCS-2.
pub(super) fn line_to_send(from: &str, to: &str, text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return format!("{from} {to} text {text}");
    }
    let bytes = text.encode_utf16().flat_map(u16::to_be_bytes);
    let encoded: String = bytes.map(|byte| format!("%{byte:02x}")).collect();
    format!("{from} {to} ucs2 {encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: &str = "106900001234 +8617000000001";

    fn taken(messages: &[&str]) -> Vec<String> {
        let mut state = State::default();
        for message in messages {
            state.take(&format!("{NUMBERS} {message}"));
        }
        state.messages.into_iter().map(|message| message.text).collect()
    }

    #[test]
    fn texts_are_read_as_fakesmsc_shows_them() {
        let line = format!("2026-11-23 13:17:42 [8445] [0] DEBUG: Got message 4: <{NUMBERS} text a b>");
        assert_eq!(message_in(&line), Some(format!("{NUMBERS} text a b").as_str()));

        assert_eq!(taken(&["text hello > world"]), ["hello > world"]);
        assert_eq!(taken(&["ucs-2 0%10SWl%B30%11%00+%D8%3D%DE%00%00%2B"]), ["【南河】 😀+"]);
    }

    #[test]
    fn parts_are_put_together_in_their_order() {
        let (first, second) =
            ("udh %05%00%03%01%02%01 data %95%7F%D8%3D", "udh %05%00%03%01%02%02 data %DE%00");

        assert_eq!(taken(&[second, first]), ["长😀"]);
        assert_eq!(taken(&[first]), Vec::<String>::new());
    }
}
