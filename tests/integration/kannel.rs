//! The SMS channel against a real Kannel.

use actix_web::web::Query;
use chrono::DateTime;
use notifications::receipt::{Outcome, kannel as receipt_of, kannel_inbound};
use notifications::{Accepted, Call, Class, Failure, HttpTimeouts, Kannel as Channel, KannelSettings, Trust};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tests::support::{ArrivedSms, Kannel, variable};
use tokio::task::JoinSet;

/// A call that takes longer is not coming.
const PATIENCE: Duration = Duration::from_secs(30);

/// The channel to a Kannel, which asks for receipts at an address unless that is empty.
pub(crate) fn channel_to(kannel: &Kannel, receipts_url: &str) -> Channel {
    with_password(kannel, receipts_url, Kannel::PASSWORD)
}

fn with_password(kannel: &Kannel, receipts_url: &str, password: &str) -> Channel {
    Channel::new(KannelSettings {
        url: kannel.url(),
        user: Kannel::USER.to_owned(),
        password: password.to_owned(),
        from: Kannel::FROM.to_owned(),
        receipts_url: receipts_url.to_owned(),
        timeouts: HttpTimeouts::default(),
        trust: Trust::System,
    })
    .unwrap()
}

pub(crate) async fn send(channel: &Channel, to: &str, text: &str) -> Result<Accepted, Failure> {
    channel.send_text(to, text, &Call::new("a-message", DateTime::UNIX_EPOCH, "once")).await
}

/// Recipient and text of a message by its number; no two are alike.
pub(crate) fn numbered(number: usize) -> (String, String) {
    (
        format!("+8617005{number:06}"),
        format!("【热血示范中心血站】您预约的第 {number} 号献血位置已保留，请携带身份证。"),
    )
}

/// What Kannel calls: every request is answered with 200 and an empty body.
struct Callbacks {
    address: SocketAddr,
    calls: Receiver<Vec<(String, String)>>,
}

impl Callbacks {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, calls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                (&stream)
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
                let target = head[0].split(' ').nth(1).unwrap();
                let query = target.split_once('?').map_or("", |(_, query)| query);
                let parameters = Query::<Vec<(String, String)>>::from_query(query);
                // The test that no longer listens is over.
                let _ = sender.send(parameters.unwrap().into_inner());
            }
        });
        Self { address, calls }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    #[track_caller]
    fn next(&self) -> Vec<(String, String)> {
        self.calls.recv_timeout(PATIENCE).expect("Kannel calls")
    }
}

fn borrowed(parameters: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

#[tokio::test]
async fn twenty_messages_reach_the_carrier_as_they_were_written() {
    let kannel = Kannel::start();
    let channel = channel_to(&kannel, "");
    let mut sent: Vec<(String, String)> = (0..15).map(numbered).collect();
    let others = [
        "【热血】100% + a&b=c;d?e#f \"引号\" '单' <b> \\n %d %F %%".to_owned(),
        "【热血】第一行\n第二行\t制表".to_owned(),
        "【热血】😀𠮷".to_owned(),
        format!("【热血】{}", "长".repeat(66)),
        // The end of the first part, at 67 units, is in the middle of a pair.
        format!("【热血】{}😀{}", "长".repeat(62), "尾".repeat(60)),
    ];
    sent.extend(others.into_iter().zip(20..).map(|(text, number)| (numbered(number).0, text)));

    for (to, text) in &sent {
        assert_eq!(send(&channel, to, text).await.unwrap().code, 202);
    }

    let expected = sent.into_iter().map(|(to, text)| ArrivedSms { from: Kannel::FROM.to_owned(), to, text });
    assert_eq!(kannel.wait_for_count(20), expected.collect::<Vec<_>>());
}

/// How many are sent at once; `REXUE_TEST_SMS=2000` measures.
#[tokio::test]
async fn many_messages_at_once_arrive_once_each() {
    let count = variable("REXUE_TEST_SMS").map_or(200, |text| text.parse().unwrap());
    let kannel = Kannel::start();
    let channel = Arc::new(channel_to(&kannel, ""));
    let began = Instant::now();

    let mut senders = JoinSet::new();
    for sender in 0..8 {
        let channel = Arc::clone(&channel);
        senders.spawn(async move {
            for number in (sender..count).step_by(8) {
                let (to, text) = numbered(number);
                send(&channel, &to, &text).await.unwrap();
            }
        });
    }
    senders.join_all().await;
    let accepted = began.elapsed();
    let arrived = kannel.wait_for_count(count);

    println!("{count} SMS: accepted within {accepted:?}, with the carrier within {:?}", began.elapsed());
    let arrived: BTreeMap<String, String> = arrived.into_iter().map(|sms| (sms.to, sms.text)).collect();
    assert_eq!(arrived, (0..count).map(numbered).collect());
    assert_eq!(kannel.messages().len(), count, "none came twice");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_nothing_is_sent() {
    let kannel = Kannel::start();
    let (to, text) = numbered(1);

    let failure = send(&with_password(&kannel, "", "guess"), &to, &text).await.unwrap_err();
    send(&channel_to(&kannel, ""), "+8617005999999", "the only one").await.unwrap();

    assert_eq!(failure.class, Class::Account);
    kannel.wait_for("+8617005999999", |text| text == "the only one");
    assert_eq!(kannel.messages().len(), 1);
}

#[tokio::test]
async fn receipts_name_the_message_that_they_are_about() {
    let kannel = Kannel::start();
    let callbacks = Callbacks::listen();
    let channel = channel_to(&kannel, &callbacks.url("/v1/receipts/kannel?token=a%2Fb"));
    let (to, text) = numbered(1);
    let reference = "0199b9a2-7c11-7000-8000-000000000001";

    channel.send_text(&to, &text, &Call::new(reference, DateTime::UNIX_EPOCH, "once")).await.unwrap();

    // The fake carrier delivers whatever it is given; which of the two comes first is a matter of luck.
    let calls = [callbacks.next(), callbacks.next()];
    let receipts = calls.each_ref().map(|call| receipt_of(borrowed(call)).unwrap());
    assert!(receipts.iter().all(|receipt| receipt.reference.as_deref() == Some(reference)), "{receipts:?}");
    assert!(calls.iter().all(|call| call.contains(&("token".to_owned(), "a/b".to_owned()))), "{calls:?}");
    let outcomes = receipts.map(|receipt| receipt.outcome);
    for outcome in [Outcome::Submitted, Outcome::Delivered] {
        assert!(outcomes.contains(&outcome), "{outcomes:?}");
    }
}

#[test]
fn texts_that_come_in_are_handed_on_as_they_were_written() {
    let callbacks = Callbacks::listen();
    let mut kannel = Kannel::start();
    kannel.inbound_to(&callbacks.url("/v1/inbound/kannel?token=secret"));
    let telephone = "+8617005000001";

    for text in ["R", "TD", "退订", "拒收 100% & 再见 😀", "a & b + c = 100%"] {
        kannel.receive(telephone, Kannel::FROM, text);

        let call = callbacks.next();
        let inbound = kannel_inbound(borrowed(&call)).unwrap();
        assert_eq!((inbound.from.as_str(), inbound.text.as_str()), (telephone, text));
        assert!(inbound.id.is_some(), "{call:?}");
        assert!(call.contains(&("token".to_owned(), "secret".to_owned())), "{call:?}");
    }
}
