//! Finds out whom a claimed message goes to, by which channel and what it says, as things stand when it is sent.

mod message;

use crate::actions::{Context, calendar};
use crate::clock::day_in_china;
use crate::domain::delivery::Purpose;
use crate::domain::send_times::{Holidays, SendTimes};
use crate::error::Error;
use crate::links;
use crate::store::accounts::AccountRow;
use crate::store::message_preferences::{self as preferences, PreferenceRow};
use crate::store::outbox::OutboxRow;
use crate::store::{Db, accounts, consents, donors, message_policy, schedule, wechat_subscriptions};
use crate::vault::Field;
use chrono::{DateTime, TimeDelta, Utc};
use message::Said;
use notifications::{ChannelKind, EmailAddress, Language, Outgoing, Recipient, render};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// How far ahead holidays are looked for: farther than any last.
const HOLIDAYS_SEEN: TimeDelta = TimeDelta::days(30);

/// What came of a claimed message before any channel was asked.
pub enum Prepared {
    /// It can leave.
    Ready(Ready),
    /// Not before: it is night or a holiday, or the channel is left alone.
    Later(DateTime<Utc>),
    /// It would come too late.
    Expired,
    /// What it tells is not so any more.
    Superseded,
    /// Whom it goes to does not want it, or had enough of them.
    Suppressed(&'static str),
    /// Nobody knows how to reach them.
    Unreachable,
    /// It cannot be written: a fault of ours.
    Unwritable,
}

/// A message that can leave.
pub struct Ready {
    /// The channel's name.
    pub channel: &'static str,
    /// Whether another channel is left should this one refuse.
    pub has_other: bool,
    /// Whether a letter goes beside it.
    pub letter_beside: bool,
    /// The message in the channel's form.
    pub outgoing: Outgoing,
    /// The telephone number's keyed hash.
    pub contact_index: Option<Vec<u8>>,
    /// The subscribe message's template, to which a consent is used up.
    pub template_id: Option<String>,
    address: Address,
}

enum Address {
    Phone(Zeroizing<String>),
    Email(EmailAddress),
    WeChat(Subscriber),
}

/// Somebody who still takes a subscribe message.
struct Subscriber {
    openid: Zeroizing<String>,
    template_id: String,
}

impl Ready {
    /// Whom it goes to.
    pub fn recipient(&self) -> Recipient<'_> {
        match &self.address {
            Address::Phone(phone) => Recipient::Phone(phone),
            Address::Email(email) => Recipient::Email(email),
            Address::WeChat(subscriber) => Recipient::WeChat(&subscriber.openid),
        }
    }

    /// The telephone number or the address, and the text, for the demonstration's page.
    pub fn shown(&self) -> (&str, &str) {
        let to = match &self.address {
            Address::Phone(phone) => phone.as_str(),
            Address::Email(email) => email.as_str(),
            Address::WeChat(_) => "",
        };
        match &self.outgoing {
            Outgoing::Sms(sms) => (to, sms.text().as_str()),
            Outgoing::Letter(letter) => (to, letter.text()),
            Outgoing::WeChat(_) => (to, ""),
        }
    }
}

/// What a batch is prepared with.
pub struct Desk<'a> {
    context: &'a Context,
    now: DateTime<Utc>,
    times: SendTimes,
    circuits: HashMap<String, DateTime<Utc>>,
    appeals: (i64, TimeDelta),
}

/// How one account can be told.
struct Ways {
    preferences: PreferenceRow,
    phone: Option<Zeroizing<String>>,
    email: Option<EmailAddress>,
    wechat: Option<Subscriber>,
}

impl<'a> Desk<'a> {
    /// Loads what holds for all messages.
    pub fn open(context: &'a Context, db: &mut Db, now: DateTime<Utc>) -> Result<Self, Error> {
        Ok(Self {
            context,
            now,
            times: send_times(db, now)?,
            circuits: message_policy::circuits(db, now)?,
            appeals: message_policy::appeals(db)?,
        })
    }

    /// One that cannot be prepared does not stop the others.
    pub fn prepare(&self, db: &mut Db, rows: Vec<OutboxRow>) -> Result<Vec<(OutboxRow, Prepared)>, Error> {
        let mut prepared = Vec::with_capacity(rows.len());
        for row in rows {
            let one = self.prepare_one(db, &row).unwrap_or_else(|failure| {
                tracing::error!(
                    message_id = row.id,
                    context = failure.context,
                    "a message cannot be prepared"
                );
                Prepared::Unwritable
            });
            prepared.push((row, one));
        }
        Ok(prepared)
    }

    fn prepare_one(&self, db: &mut Db, row: &OutboxRow) -> Result<Prepared, Error> {
        let (purpose, expires_at) = (Purpose::of(&row.kind), row.expires_at.and_utc());
        if expires_at <= self.now {
            return Ok(Prepared::Expired);
        }
        if let Some(later) = self.times.later(&row.kind, self.now) {
            return Ok(if later < expires_at { Prepared::Later(later) } else { Prepared::Expired });
        }
        let Some(account_id) = &row.account_id else { return self.code(row) };
        let Some(said) = message::of(self.context, db, row)? else { return Ok(Prepared::Superseded) };
        let Some(ways) = self.ways(db, account_id, said.message.kind())? else {
            return Ok(Prepared::Superseded);
        };
        match self.unwanted(db, account_id, purpose, &ways)? {
            Some(why) => Ok(Prepared::Suppressed(why)),
            None => self.by_first_channel(row, &said, ways),
        }
    }

    /// A code goes to the number that asked for it.
    fn code(&self, row: &OutboxRow) -> Result<Prepared, Error> {
        if !self.context.channels.reaches_telephones() {
            return Ok(Prepared::Unreachable);
        }
        let (message, language) = message::code(self.context, row)?;
        let phone = row.recipient(&self.context.vault)?;
        let outgoing = Outgoing::new(&message, language, ChannelKind::Sms).map_err(Error::internal)?;
        Ok(self.ready(ChannelKind::Sms, false, false, outgoing, Address::Phone(phone)))
    }

    fn ways(&self, db: &mut Db, account_id: &str, kind: &str) -> Result<Option<Ways>, Error> {
        let Some(account) = accounts::by_id(db, account_id)? else { return Ok(None) };
        let preferences = preferences::of_account(db, account_id)?;
        let email = match preferences.channels.contains("email") || preferences.letters {
            true => self.email_of(db, account_id)?,
            false => None,
        };
        let wechat = match preferences.channels.contains("wechat") {
            true => self.subscriber(db, &account, kind, language(&preferences))?,
            false => None,
        };
        Ok(Some(Ways { phone: account.phone(&self.context.vault)?, email, wechat, preferences }))
    }

    /// Who signs in with WeChat and has agreed to one more message of this kind.
    fn subscriber(
        &self,
        db: &mut Db,
        account: &AccountRow,
        kind: &str,
        language: Language,
    ) -> Result<Option<Subscriber>, Error> {
        let template = self.context.channels.subscribe_message(kind, language);
        let (Some(template), Some(openid)) = (template, account.openid(&self.context.vault)?) else {
            return Ok(None);
        };
        let left = wechat_subscriptions::remaining(db, &account.id, template)?;
        Ok((left > 0).then(|| Subscriber { openid, template_id: template.to_owned() }))
    }

    fn email_of(&self, db: &mut Db, account_id: &str) -> Result<Option<EmailAddress>, Error> {
        let own =
            accounts::donors_of(db, account_id)?.into_iter().find(|donor| donor.link.relation == "self");
        let Some(own) = own else { return Ok(None) };
        let record = donors::by_ids(db, &[own.link.donor_id])?.pop();
        let email = record.map(|record| record.email(&self.context.vault)).transpose()?.flatten();
        Ok(email.and_then(|email| email.parse().ok()))
    }

    /// Why a message that needs a consent is not sent.
    fn unwanted(
        &self,
        db: &mut Db,
        account_id: &str,
        purpose: Purpose,
        ways: &Ways,
    ) -> Result<Option<&'static str>, Error> {
        let Some(consent) = purpose.consent() else { return Ok(None) };
        if !consents::is_given(db, account_id, consent.as_str())? {
            return Ok(Some("no_consent"));
        }
        if let Some(phone) = &ways.phone {
            let index = self.context.vault.index(Field::AccountPhone, phone);
            if preferences::is_opted_out(db, &index)? {
                return Ok(Some("opted_out"));
            }
        }
        let (most, within) = self.appeals;
        let kinds = ["appeal", "may_give_again"];
        let enough = purpose == Purpose::Appeal
            && preferences::sent_since(db, account_id, &kinds, self.now - within)? >= most;
        Ok(enough.then_some("enough"))
    }

    /// By the first channel that the account wants, that has not refused it, and that is not left alone.
    fn by_first_channel(&self, row: &OutboxRow, said: &Said, mut ways: Ways) -> Result<Prepared, Error> {
        let language = language(&ways.preferences);
        let wanted = match &row.only_by {
            Some(only) => only.clone(),
            None => ways.preferences.channels.clone(),
        };
        let refused: Vec<&str> = row.refused_by.split(',').collect();
        let mut left = wanted
            .split(',')
            .filter(|name| !refused.contains(name) && self.context.channels.get(name).is_some())
            .filter_map(ChannelKind::parse);
        let (mut closed_until, mut found) = (None::<DateTime<Utc>>, None);
        for kind in left.by_ref() {
            let Some(address) = ways.take(kind) else { continue };
            match self.circuits.get(kind.as_str()) {
                Some(until) => closed_until = Some(closed_until.map_or(*until, |first| first.min(*until))),
                None => {
                    found = Some((kind, address));
                    break;
                }
            }
        }
        let Some((kind, address)) = found else {
            return Ok(closed_until.map_or(Prepared::Unreachable, Prepared::Later));
        };
        let has_other = left.any(|kind| ways.take(kind).is_some());
        let letter_beside = row.only_by.is_none()
            && kind != ChannelKind::Email
            && ways.preferences.letters
            && said.visit.is_some()
            && ways.email.is_some();
        let outgoing = match &address {
            Address::Phone(_) | Address::WeChat(_) => {
                Outgoing::new(&said.message, language, kind).map_err(Error::internal)?
            }
            Address::Email(to) => {
                let whose = (row.account_id.as_deref().unwrap_or_default(), Purpose::of(&row.kind));
                self.letter(said, whose, language, to)?
            }
        };
        Ok(self.ready(kind, has_other, letter_beside, outgoing, address))
    }

    /// One click ends appeals and news; mail programs take it from `https://` only (RFC 8058 §3.1).
    fn way_out(&self, account_id: &str) -> Result<String, Error> {
        let key = links::unsubscribe::key(self.context.vault.link_secret(), account_id)?;
        Ok(format!("{}/u/{key}", self.context.public_url))
    }

    fn letter(
        &self,
        said: &Said,
        (account_id, purpose): (&str, Purpose),
        language: Language,
        to: &EmailAddress,
    ) -> Result<Outgoing, Error> {
        let letter = render(&said.message, language).map_err(Error::internal)?;
        let letter = match &said.visit {
            Some(visit) => letter.with_calendar(&calendar::invitation(self.context, visit, to)?),
            None => letter,
        };
        let way_out = purpose.consent().is_some() && self.context.public_url.starts_with("https://");
        let letter = match way_out {
            true => letter.with_unsubscribe(&self.way_out(account_id)?).map_err(Error::internal)?,
            false => letter,
        };
        Ok(Outgoing::from(letter))
    }

    fn ready(
        &self,
        kind: ChannelKind,
        has_other: bool,
        letter_beside: bool,
        outgoing: Outgoing,
        address: Address,
    ) -> Prepared {
        let (contact_index, template_id) = match &address {
            Address::Phone(phone) => (Some(self.context.vault.index(Field::AccountPhone, phone)), None),
            Address::WeChat(subscriber) => (None, Some(subscriber.template_id.clone())),
            Address::Email(_) => (None, None),
        };
        Prepared::Ready(Ready {
            channel: kind.as_str(),
            has_other,
            letter_beside,
            outgoing,
            contact_index,
            template_id,
            address,
        })
    }
}

/// When messages leave from now on.
fn send_times(db: &mut Db, now: DateTime<Utc>) -> Result<SendTimes, Error> {
    let today = day_in_china(now);
    let calendar = schedule::holidays_between(db, today, today + HOLIDAYS_SEEN)?;
    let holidays = Holidays::of(calendar.into_iter().map(|row| (row.day, row.is_off)));
    Ok(SendTimes { quiet: message_policy::quiet_hours(db)?, holidays })
}

impl Ways {
    fn take(&mut self, kind: ChannelKind) -> Option<Address> {
        match kind {
            ChannelKind::Sms => self.phone.take().map(Address::Phone),
            ChannelKind::Email => self.email.clone().map(Address::Email),
            ChannelKind::WeChat => self.wechat.take().map(Address::WeChat),
            ChannelKind::Console => None,
        }
    }
}

fn language(preferences: &PreferenceRow) -> Language {
    if preferences.language == "en" { Language::English } else { Language::Chinese }
}
