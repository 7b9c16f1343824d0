//! `rexue demo`: a city to try things with.

use super::output::{print, progress, say};
use super::setup::Setup;
use crate::actions::import::{self, Import};
use crate::actions::issue::{Selection, issue};
use crate::actions::{Context, keys};
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::demo::city;
use crate::domain::quiet_hours::QuietHours;
use crate::error::Error;
use crate::links;
use crate::records::{DONATION_COLUMNS, DONOR_COLUMNS, Encoding, RecordFile};
use crate::store::{certificates as store, donations, donors, message_policy};
use clap::Args;
use std::process::ExitCode;

/// The city's seed: the same city wherever it is built.
const SEED: u64 = 2019;

#[derive(Args)]
pub(super) struct Demo {
    /// How many donors live in the city.
    #[arg(long, default_value_t = 2_000)]
    donors: u32,
}

impl Demo {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let pool = setup.migrated_pool()?;
        if !setup.keys().is_initialised() {
            let publication = setup.publication(&pool)?;
            keys::init(&setup.keys(), &publication, setup.clock.now(), &mut Chance::from_system()?)?;
        }
        drop(pool);
        let context = setup.command_context()?;
        if context.pool.read_blocking(donors::count)? == 0 {
            self.fill(&context, setup)?;
        }
        invitation(&context, setup)
    }

    fn fill(&self, context: &Context, setup: &Setup) -> Result<(), Error> {
        say("Filling the demo city (all names and numbers are invented) …");
        let city = city(self.donors, day_in_china(context.clock.now()), &mut Chance::from_seed(SEED));
        let open = |text: String, columns| {
            RecordFile::new(Box::new(std::io::Cursor::new(text.into_bytes())), Encoding::Utf8, columns)
                .map(Some)
        };
        let bar = progress("rows");
        let numbering = setup.config.station.numbering()?;
        let request = Import {
            donors: open(city.donors_csv, DONOR_COLUMNS)?,
            donations: open(city.donations_csv, DONATION_COLUMNS)?,
            units: None,
            numbering: &numbering,
            on_rejection: &mut |file, rejection| {
                Err(Error::internal(format_args!("the demo city's {file}: {:?}", rejection.refusal)))
            },
            on_batch: &mut |_, rows| bar.inc(rows),
        };
        let summary = import::import(context, request)?;
        bar.finish_and_clear();
        let issued = issue(context, &Selection::All, &mut |_| {})?;
        // Whoever tries it at night wants to see the messages; nobody is woken.
        context.pool.write_blocking(|db| message_policy::set_quiet_hours(db, QuietHours::NONE))?;
        say(&format!(
            "{} donors, {} donations, {} certificates",
            summary.donors.created, summary.donations.counts.created, issued
        ));
        Ok(())
    }
}

/// What to open and try.
fn invitation(context: &Context, setup: &Setup) -> Result<ExitCode, Error> {
    let mut page = context.pool.read_blocking(|db| store::newest(db, None, "", 1))?;
    let Some((donor_no, row)) = page.pop() else {
        return print("The data folder holds no certificate yet.\n");
    };
    let url = &context.public_url;
    let link = links::certificate(context, &row)?;
    let text_link = link.replace("/qr.svg?", "/qr.txt?");
    print(&format!(
        "
Rexue 热血 · demo city

  Verify page (a hospital's window)   {url}/verify
  A certificate's QR (donor {donor_no})   {link}
  The contract                        {url}/openapi.json

Try, while the server runs:

  curl -s '{text_link}' | curl -s --data-binary @- -H 'content-type: text/plain' {url}/v1/verify

And beside it, in another terminal:

  target/release/rexue --data {data} certificates suspend {number} --reason 'a try'
{donor}{staff}
",
        data = setup.data.display(),
        number = row.certificate_no,
        donor = sign_in_hint(context, &donor_no)?,
        staff = staff_hint(setup, url),
    ))
}

/// How to sign in as a donor of the city. Only where messages go nowhere: there, everybody is invented.
fn sign_in_hint(context: &Context, donor_no: &str) -> Result<String, Error> {
    if !context.channels.shows_messages() {
        return Ok(String::new());
    }
    let hint = context.pool.read_blocking(|db| {
        let Some(donor) = donors::by_number(db, donor_no)? else { return Ok(None) };
        let donation = donations::of_donors(db, &[&donor.id])?.pop();
        let (Some(phone), Some(donation)) = (donor.phone(&context.vault)?, donation) else { return Ok(None) };
        let id_number = donor.id_number(&context.vault)?;
        Ok(Some((phone, id_number, donation.donation_no)))
    })?;
    let Some((phone, id_number, donation_no)) = hint else { return Ok(String::new()) };
    let url = &context.public_url;
    let json = "-H 'content-type: application/json'";
    Ok(format!(
        r#"
Sign in as donor {donor_no}, an invented person:

  curl -s {json} -d '{{"phone":"{phone}"}}' {url}/v1/auth/otp
  curl -s {url}/demo/messages
  curl -s {json} -d '{{"grant_type":"otp","phone":"{phone}","code":"…"}}' {url}/v1/auth/token
  curl -s {json} -H 'authorization: Bearer …' -d '{{"id_number":"{id_number}","donation_no":"{donation_no}"}}' {url}/v1/me/donor
  curl -s -H 'authorization: Bearer …' {url}/v1/me
"#,
        phone = phone.as_str(),
        id_number = id_number.as_str(),
    ))
}

/// How to become a member of staff.
fn staff_hint(setup: &Setup, url: &str) -> String {
    format!(
        "
Invite yourself as a member of staff, and accept with an authenticator at hand (openapi.json: open_invitation):

  target/release/rexue --data {} users invite boss --name 主任 --role admin    → {url}/v1/auth/invitations/open
",
        setup.data.display()
    )
}
