//! Invented messages, one of each kind: for previews and for tests.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Appeal, AppointmentEvent, AppointmentNews, BloodUsed, CallUp, CertificateReady, Language, MayGiveAgain,
    Message, SignInCode, Thanks, Visit,
};

/// 2026-11-23 01:00:00 UTC, a Monday: nine o'clock in Shanghai.
const NINE_OCLOCK: i64 = 1_795_395_600;
const DAY_SECONDS: i64 = 86_400;

/// A grey picture of one pixel.
const PICTURE: &[u8] =
    b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\
    \x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\xda\x63\x68\x00\x00\x00\x82\x00\
    \x81\xda\x45\x08\x3b\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

impl Message {
    /// One invented message of each kind, in the order of [`Message::KINDS`]; the names in it are in this language. None of it is
    /// anybody's.
    ///
    /// ```
    /// use notifications::{Language, Message, render_sms};
    ///
    /// let samples = Message::samples(Language::Chinese);
    /// let reminder = samples.iter().find(|message| message.kind() == "reminder").ok_or("no such kind")?;
    ///
    /// assert!(render_sms(reminder, Language::Chinese)?.as_str().starts_with("【南河市中心血站】提醒"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn samples(language: Language) -> Vec<Self> {
        let names = names(language);
        let mut samples = vec![
            certificate(&names),
            Self::SignInCode(SignInCode {
                station: names.station.to_owned(),
                code: "042137".to_owned(),
                minutes: 5,
            }),
        ];
        samples.extend(events(&names).map(|what| appointment(&names, what)));
        samples.extend(
            [false, true]
                .map(|certificate| Self::Thanks(Thanks { station: names.station.to_owned(), certificate })),
        );
        samples.extend(invitations(&names));
        samples
    }
}

struct Names {
    station: &'static str,
    donor: &'static str,
    place: &'static str,
    other_place: &'static str,
}

fn names(language: Language) -> Names {
    match language {
        Language::Chinese => Names {
            station: "南河市中心血站",
            donor: "张*",
            place: "人民广场献血屋",
            other_place: "南河大学采血车",
        },
        Language::English => Names {
            station: "Nanhe Blood",
            donor: "Zhang *",
            place: "People's Square",
            other_place: "University bus",
        },
    }
}

fn certificate(names: &Names) -> Message {
    Message::CertificateReady(CertificateReady {
        station: names.station.to_owned(),
        masked_name: names.donor.to_owned(),
        certificate_number: "NH-2026-000123".to_owned(),
        link: "https://blood.example/c/NH-2026-000123".to_owned(),
        total_ml: 1200,
        donations: 4,
        lives_saved: 6,
        valid_until: "2027-11-22".to_owned(),
        qr_png: PICTURE.to_vec(),
    })
}

/// In the order of the kinds.
fn events(names: &Names) -> [AppointmentEvent; 8] {
    let held = Visit { place: names.other_place.to_owned(), starts_at: at(NINE_OCLOCK + 2 * DAY_SECONDS) };
    [
        AppointmentEvent::Booked,
        AppointmentEvent::Moved,
        AppointmentEvent::Cancelled,
        AppointmentEvent::Near,
        AppointmentEvent::SessionMoved,
        AppointmentEvent::SessionCancelled(None),
        AppointmentEvent::SessionCancelled(Some(held)),
        AppointmentEvent::Offered(at(NINE_OCLOCK - DAY_SECONDS)),
    ]
}

fn appointment(names: &Names, what: AppointmentEvent) -> Message {
    let link = match what {
        AppointmentEvent::Cancelled => String::new(),
        _ => link("a"),
    };
    let visit = Visit { place: names.place.to_owned(), starts_at: at(NINE_OCLOCK) };
    Message::Appointment(AppointmentNews { station: names.station.to_owned(), what, visit, link })
}

fn invitations(names: &Names) -> [Message; 5] {
    let station = || names.station.to_owned();
    let appeal = |site: Option<&str>| {
        let site = site.map(str::to_owned);
        Message::Appeal(Appeal { station: station(), site, link: link("b"), opt_out: "R".to_owned() })
    };
    let from = NaiveDate::from_ymd_opt(2027, 5, 23).unwrap_or_default();
    [
        Message::MayGiveAgain(MayGiveAgain { station: station(), from, link: link("b") }),
        Message::BloodUsed(BloodUsed { station: station() }),
        appeal(None),
        appeal(Some(names.place)),
        Message::CallUp(CallUp { station: station(), link: link("t") }),
    ]
}

/// A link as long as a real one: its key has 43 characters.
fn link(path: &str) -> String {
    format!("https://blood.example/{path}/AZubonwRcACAAAAAAAAAAQAAAAEs4mVqvWc0K1nXb7u")
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
