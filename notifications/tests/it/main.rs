//! The crate from outside: what people read, letters through a real SMTP server, SMS over HTTP, calendars in another program.

#[cfg(test)]
mod calendar;
#[cfg(test)]
mod calendar_interop;
#[cfg(test)]
mod channel;
#[cfg(test)]
mod delivery_states;
#[cfg(test)]
mod email;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod python;
#[cfg(test)]
mod raw_server;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod sms;
#[cfg(test)]
mod sms_texts;
#[cfg(test)]
mod smtp_server;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod wechat;
