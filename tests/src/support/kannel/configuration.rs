//! Kannel's configuration file, and its ports.

use super::Kannel;
use std::fmt;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;

/// Where ports are looked for: nothing else of ours does, and the kernel takes none of them for outgoing connections.
const PORTS: std::ops::Range<u16> = 12_000..20_000;
/// How many ports one Kannel has.
const NEEDED: u16 = 5;

/// Consecutive ports of this machine.
///
/// Every Kannel of these tests holds its first port's number as a UDP port, too, so that no two choose the same, and so
/// that they are still free when a program comes back to them.
pub(super) struct Ports {
    first: u16,
    _held: UdpSocket,
}

impl Ports {
    pub fn reserve() -> Self {
        let blocks = (PORTS.end - PORTS.start) / NEEDED;
        let begin = u16::try_from(std::process::id() % u32::from(blocks)).unwrap();
        let firsts = (begin..blocks).chain(0..begin).map(|block| PORTS.start + block * NEEDED);
        let mut free = firsts.filter_map(|first| {
            let held = UdpSocket::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
            (first..first + NEEDED).all(is_free).then_some(Self { first, _held: held })
        });
        free.next().expect("five free ports")
    }

    pub fn admin(&self) -> u16 {
        self.first
    }

    pub fn smsbox(&self) -> u16 {
        self.first + 1
    }

    pub fn sendsms(&self) -> u16 {
        self.first + 2
    }

    pub fn carrier(&self) -> u16 {
        self.first + 3
    }

    pub fn telephones(&self) -> u16 {
        self.first + 4
    }
}

/// Whether nobody listens there, on any address: the fake SMSC takes them all.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

/// The file for one Kannel with two carriers' ports: one takes what we send; texts that come in enter by the other,
/// because a fake SMSC talks to one program at a time.
pub(super) struct Configuration<'a> {
    pub ports: &'a Ports,
    pub folder: &'a Path,
    pub inbound: Option<&'a str>,
}

impl fmt::Display for Configuration<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [admin, smsbox, sendsms, carrier, telephones] = [
            self.ports.admin(),
            self.ports.smsbox(),
            self.ports.sendsms(),
            self.ports.carrier(),
            self.ports.telephones(),
        ];
        let (user, password, folder) = (Kannel::USER, Kannel::PASSWORD, self.folder.display());
        // No smsbox-id: with one and without an smsbox-route, texts that come in are never routed. mo-recode: without it
        // they come as UTF-16, whatever the service asks for.
        write!(
            out,
            r#"group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {smsbox}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = "*.*.*.*"
dlr-storage = internal
store-type = file
store-location = {folder}/queue

group = smsc
smsc = fake
smsc-id = carrier
port = {carrier}
connect-allow-ip = 127.0.0.1

group = smsc
smsc = fake
smsc-id = telephones
allowed-smsc-id = telephones
port = {telephones}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
mo-recode = true

group = sendsms-user
username = {user}
password = {password}
concatenation = true
max-messages = 10
forced-smsc = carrier
user-allow-ip = 127.0.0.1
user-deny-ip = "*.*.*.*"
"#
        )?;
        let Some(url) = self.inbound else { return Ok(()) };
        let begins = if url.contains('?') { '&' } else { '?' };
        write!(
            out,
            r#"
group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{url}{begins}from=%p&text=%b&id=%I"
"#
        )
    }
}
