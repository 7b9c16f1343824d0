//! What becomes of messages when Kannel's `bearerbox` ends in the middle of its work.

use crate::kannel::{channel_to, numbered, send};
use notifications::Class;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tests::support::{Kannel, until};
use tokio::sync::mpsc::unbounded_channel;

#[tokio::test]
async fn what_was_accepted_while_the_carrier_was_away_survives_kill_9() {
    let mut kannel = Kannel::start();
    let channel = channel_to(&kannel, "");
    kannel.send_carrier_away();
    for number in 0..5 {
        let (to, text) = numbered(number);
        assert_eq!(send(&channel, &to, &text).await.unwrap().code, 202);
    }

    kannel.kill_bearerbox();
    kannel.start_bearerbox_without_carrier();
    let queued = kannel.queued();
    kannel.bring_carrier_back();

    let arrived = kannel.wait_for_count(5).into_iter().map(|sms| (sms.to, sms.text));
    assert_eq!(arrived.collect::<BTreeMap<_, _>>(), (0..5).map(numbered).collect());
    assert_eq!(queued, Some(5));
}

#[tokio::test]
async fn what_is_sent_while_bearerbox_is_dead_is_not_accepted() {
    let mut kannel = Kannel::start();
    let channel = channel_to(&kannel, "");
    kannel.kill_bearerbox();

    let (to, text) = numbered(1);
    let failure = send(&channel, &to, &text).await.unwrap_err();

    assert!(matches!(failure.class, Class::Transient | Class::Ambiguous), "{failure:?}");
    kannel.start_bearerbox_again();
    let (to, text) = numbered(2);
    send(&channel_to(&kannel, ""), &to, &text).await.unwrap();
    kannel.wait_for(&to, |arrived| arrived == text);
    println!("while it was dead: {:?} {:?}", failure.class, failure.cause);
}

#[tokio::test]
async fn kill_9_under_load_loses_nothing_that_was_accepted() {
    kill_under_load(Kannel::start()).await;
}

#[tokio::test]
async fn kill_9_under_load_loses_nothing_of_a_queue() {
    let mut kannel = Kannel::start();
    kannel.send_carrier_away();
    kill_under_load(kannel).await;
}

/// Kills `bearerbox` after 100 of 400 messages, and looks for all that were accepted.
async fn kill_under_load(mut kannel: Kannel) {
    const COUNT: usize = 400;
    let channel = Arc::new(channel_to(&kannel, ""));
    let (results, mut ended) = unbounded_channel();

    for sender in 0..8 {
        let (channel, results) = (Arc::clone(&channel), results.clone());
        tokio::spawn(async move {
            for number in (sender..COUNT).step_by(8) {
                let (to, text) = numbered(number);
                let result = send(&channel, &to, &text).await.map_err(|failure| failure.class);
                results.send((to, result)).unwrap();
            }
        });
    }
    drop(results);
    let (mut accepted, mut refused) = (BTreeSet::new(), BTreeMap::new());
    while let Some((to, result)) = ended.recv().await {
        match result {
            Ok(_) => drop(accepted.insert(to)),
            Err(class) => drop(refused.insert(to, class)),
        }
        if accepted.len() == COUNT / 4 && refused.is_empty() {
            kannel.kill_bearerbox();
        }
    }
    kannel.start_bearerbox_again();

    let arrived = || kannel.messages().into_iter().map(|sms| sms.to).collect::<BTreeSet<_>>();
    until("all that was accepted arrives", || accepted.is_subset(&arrived()));
    until("nothing is left in the queue", || kannel.queued() == Some(0));
    let (total, arrived) = (kannel.messages().len(), arrived());
    println!(
        "{} accepted, {} not; {total} arrived, {} of them twice; {} arrived that were not accepted",
        accepted.len(),
        refused.len(),
        total - arrived.len(),
        arrived.difference(&accepted).count(),
    );
    assert!(!refused.is_empty(), "it was killed in the middle");
    for (to, class) in refused {
        assert!(matches!(class, Class::Transient | Class::Ambiguous), "{class:?}");
        assert!(class == Class::Ambiguous || !arrived.contains(&to), "what is called unsent may not arrive");
    }
}
