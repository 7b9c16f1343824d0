//! Who calls: extractors that only yield a caller who may do what the operation does.

use crate::actions::Context;
use crate::domain::access::Permission;
use crate::error::{Error, Kind};
use crate::store::audit::Actor;
use crate::tokens::Principal;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

type Coming<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Whoever may do what `P` names. The handler's parameter is the check.
pub struct By<P>(pub Arc<Principal>, PhantomData<P>);

/// What a handler needs of its caller, as a type.
pub trait Needs: 'static {
    /// The row of the table in `domain/access.rs`.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),+ $(,)?) => {$(
        #[doc = concat!("[`Permission::", stringify!($name), "`] as a type.")]
        pub struct $name;

        impl Needs for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

/// Permissions as types.
pub mod needs {
    use super::{Needs, Permission};

    needs!(
        OwnSessions,
        OwnAccount,
        ReadHospital,
        ManageHospital,
        ManageHospitals,
        ManageUsers,
        FindDonors,
        AssistDonors,
        SeeMerges,
        ProposeMerges,
        DecideMerges,
        ManageSchedule,
        ManageTeams,
        ManageAppeals,
        WorkAtTheDoor,
        DecideDeferrals,
        FollowReactions,
        ReadQuestionnaires,
        CheckPasses,
        ReadUnits,
        ManageUnits,
        HandleMessages,
        ReadAudit,
    );
}

/// A donor, or a relative who manages a donor's record.
pub type Donor = By<needs::OwnAccount>;
/// A hospital's cashier, admin or system, and the station's admin.
pub type Desk = By<needs::ReadHospital>;
/// A member of staff who may do what `P` names.
pub type Staff<P> = By<P>;
/// Anybody who has signed in.
pub type Somebody = By<needs::OwnSessions>;

impl<P> By<P> {
    /// The id of the account, user or client.
    pub fn id(&self) -> &str {
        self.0.subject.id()
    }

    /// The context in which the caller is who acts.
    pub fn acting(&self, context: &Context) -> Context {
        context.acting(Actor::from(&self.0.subject))
    }
}

impl<P: Needs> FromRequest for By<P> {
    type Error = Error;
    type Future = Coming<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = request.app_data::<web::Data<Context>>().cloned();
        let token = bearer(request).map(str::to_owned);
        Box::pin(async move {
            let context = context.ok_or_else(no_context)?;
            let principal = authenticate(&context, &token?).await?;
            if !principal.role.may(P::PERMISSION) {
                return Err(Error::new(
                    Kind::Forbidden,
                    "not_allowed",
                    "Your role does not allow this operation.",
                ));
            }
            Ok(Self(principal, PhantomData))
        })
    }
}

/// Who calls, whatever they may do.
///
/// # Errors
/// `missing_token`, `invalid_token`, `expired_token`, `session_ended`.
pub async fn caller(request: &HttpRequest) -> Result<Arc<Principal>, Error> {
    let context = request.app_data::<web::Data<Context>>().ok_or_else(no_context)?;
    authenticate(context, bearer(request)?).await
}

fn no_context() -> Error {
    Error::internal("the server has no context")
}

/// The token of the `Authorization` header (RFC 6750 §2.1); no other place is looked at.
fn bearer(request: &HttpRequest) -> Result<&str, Error> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| token.trim()).ok_or_else(|| {
        Error::new(
            Kind::Unauthenticated,
            "missing_token",
            "This operation needs an access token: Authorization: Bearer <token>.",
        )
    })
}

async fn authenticate(context: &Context, token: &str) -> Result<Arc<Principal>, Error> {
    let principal = context.tokens.check(token, context.clock.now())?;
    if context.is_forgotten(&principal.session).await {
        return Err(Error::new(
            Kind::Unauthenticated,
            "session_ended",
            "You were signed out. Sign in again.",
        ));
    }
    Ok(principal)
}
