//! `rexue users`: the first admin, and whoever an admin cannot help.

use super::output::print;
use super::setup::Setup;
use crate::actions::users::{self, Manager, NewInvitation};
use crate::domain::access::Role;
use crate::domain::hospital::HospitalCode;
use crate::domain::personal::PersonName;
use crate::domain::user_name::UserName;
use crate::error::Error;
use crate::store::users as store;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Users {
    /// Invite a user; the invitation is printed once, and accepted with POST /v1/auth/invitations/accept.
    Invite(Invite),
    /// Invite a user anew, who lost the password or the authenticator.
    Reinvite {
        /// What the user signs in with.
        user_name: String,
    },
    /// Disable a user; all sessions end.
    Disable {
        /// What the user signs in with.
        user_name: String,
    },
    /// List users.
    List,
}

#[derive(Args)]
pub(super) struct Invite {
    /// What the user signs in with.
    user_name: String,
    /// What colleagues see.
    #[arg(long)]
    name: String,
    /// desk, hospital_admin, operator, doctor, reviewer, admin or auditor.
    #[arg(long)]
    role: String,
    /// The hospital's code, for a hospital's user.
    #[arg(long)]
    hospital: Option<String>,
}

impl Users {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let context = setup.command_context()?;
        let manager = Manager::on_the_machine();
        let id_of = |user_name: &str| {
            let name = UserName::parse(user_name)?;
            let user = context.pool.read_blocking(|db| store::by_name(db, name.as_str()))?;
            user.map(|user| user.id).ok_or_else(|| Error::not_found("There is no user of this name."))
        };
        match self {
            Self::Invite(invite) => {
                let wanted = invite.read()?;
                let invitation =
                    actix_web::rt::System::new().block_on(users::invite(&context, manager, wanted))?;
                print(&invited(&invitation))
            }
            Self::Reinvite { user_name } => {
                let id = id_of(&user_name)?;
                let invitation =
                    actix_web::rt::System::new().block_on(users::invite_again(&context, manager, id))?;
                print(&invited(&invitation))
            }
            Self::Disable { user_name } => {
                let id = id_of(&user_name)?;
                actix_web::rt::System::new().block_on(users::disable(&context, manager, id))?;
                Ok(ExitCode::SUCCESS)
            }
            Self::List => {
                let rows = context.pool.read_blocking(|db| store::list(db, None))?;
                let lines = rows.iter().map(|user| {
                    let hospital = user.hospital_code.as_deref().unwrap_or("-");
                    Ok(format!("{}\t{}\t{hospital}\t{}\n", user.user_name, user.role()?, user.state()))
                });
                print(&lines.collect::<Result<String, Error>>()?)
            }
        }
    }
}

impl Invite {
    fn read(self) -> Result<NewInvitation, Error> {
        Ok(NewInvitation {
            user_name: UserName::parse(&self.user_name)?,
            display_name: PersonName::parse(&self.name)?,
            role: Role::from_word(&self.role)
                .ok_or_else(|| Error::invalid("unknown_role", "There is no such role."))?,
            hospital: self.hospital.as_deref().map(HospitalCode::parse).transpose()?,
        })
    }
}

fn invited(invitation: &users::Invitation) -> String {
    let users::Invitation { user_id, code, expires_at } = invitation;
    format!("{}\n", json!({ "user_id": user_id, "invitation": code, "expires_at": expires_at }))
}
