//! Hands subscribe messages to WeChat, with the access token that the nodes share.

use crate::actions::Context;
use notifications::{Accepted, Call, Cause, Channel, Failure, Outgoing, Reason, Recipient};

/// Hands a message over. A token that WeChat refuses is replaced once: with it nothing was sent.
pub(super) async fn send(
    context: &Context,
    channel: &Channel,
    recipient: &Recipient<'_>,
    outgoing: &Outgoing,
    call: &Call<'_>,
) -> Result<Accepted, Failure> {
    let (wechat, clock) = (&context.wechat, context.clock);
    // Without a token the channel says that it needs one: the message is tried again.
    let Ok(token) = wechat.access_token(clock).await.inspect_err(|failure| {
        tracing::warn!(context = failure.context, "WeChat gave no access token");
    }) else {
        return channel.send(recipient, outgoing, call).await;
    };
    let sent = channel.send(recipient, outgoing, &Call { access_token: Some(token.reveal()), ..*call }).await;
    match &sent {
        Err(failure) if failure.cause == Cause::Refused(Reason::Token) => {}
        _ => return sent,
    }
    match wechat.token_after(&token, clock).await {
        Ok(token) => {
            channel.send(recipient, outgoing, &Call { access_token: Some(token.reveal()), ..*call }).await
        }
        Err(_) => sent,
    }
}
