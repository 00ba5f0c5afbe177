//! What stays inside: notes, words of those who may not answer, words in modes that want a sign.
//! Never a byte of it reaches the customer, and whoever expected otherwise is told privately.

use crate::house::{Customer, DeskKind, House, Setup, Site};
use expect_test::expect;

desk_plays! { notes_stay_inside, only_the_claimer_answers, only_what_is_marked_goes_out, a_note_stays_a_note_when_edited }
plays! { other_apps_and_other_workspaces_are_told_that_nothing_was_sent }

/// What no customer ever gets in these plays.
const SECRET: &str = "SECRET";

async fn asserts_no_secret(site: &Site, customer: &Customer) {
    assert!(!customer.page().ever_got(SECRET), "it leaked: {}", customer.sees());
    let polled = site.web().get("/v1/messages", Some(customer.token())).await.text();
    assert!(!polled.contains(SECRET), "it leaked: {polled}");
}

async fn notes_stay_inside(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "// SECRET: he is on the small plan").await;
    grace.writes(&ada, "🔒 SECRET").await;
    grace.writes(&ada, "//SECRET\nsecond line SECRET").await;
    grace.writes(&ada, "Looking into it // really").await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it // really
    "#]]
    .assert_eq(&ada.sees());
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: // SECRET: he is on the small plan
          Grace: 🔒 SECRET
          Grace: //SECRET
            second line SECRET
          Grace: Looking into it // really ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
    asserts_no_secret(&site, &ada).await;
}

async fn a_note_stays_a_note_when_edited(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    let note = grace.writes(&ada, "// SECRET").await;
    site.settle().await;
    grace.edits(&ada, &note, "SECRET without its mark").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: SECRET without its mark (edited)
          (to Grace alone: Your edit was not sent to the customer, and nothing was done: a message that was once a note or a command, or was taken back, stays inside. Write it as a new message.)
    "#]]
    .assert_eq(&site.thread(&ada).await);
    grace.edits(&ada, &note, "!claim").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !claim (edited)
          (to Grace alone: Your edit was not sent to the customer, and nothing was done: a message that was once a note or a command, or was taken back, stays inside. Write it as a new message.)
          (to Grace alone: Your edit was not sent to the customer, and nothing was done: a message that was once a note or a command, or was taken back, stays inside. Write it as a new message.)
    "#]]
    .assert_eq(&site.thread(&ada).await);
    grace.deletes(&ada, &note).await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), Vec::<String>::new());
    asserts_no_secret(&site, &ada).await;
}

async fn only_the_claimer_answers(house: House, desk: DeskKind) {
    let site = house.open(Setup { mode: "claimed", ..Setup::at(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, alan) = (site.agent("Grace"), site.agent("Alan"));
    for (agent, text) in [
        (&grace, "SECRET: nobody has claimed"),
        (&grace, "!claim"),
        (&grace, "I have it"),
        (&alan, "SECRET: not mine"),
        (&alan, "!claim"),
        (&grace, "!release"),
        (&alan, "!claim"),
        (&alan, "Now I have it"),
    ] {
        agent.writes(&ada, text).await;
        site.settle().await;
    }
    expect![[r#"
        me: My export hangs (sent)
        Grace: I have it
        Alan: Now I have it
    "#]]
    .assert_eq(&ada.sees());
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: SECRET: nobody has claimed
          Grace: !claim
          Threadline: Grace has this conversation now.
          Grace: I have it ✓
          Alan: SECRET: not mine
          Alan: !claim
          Grace: !release
          Threadline: Grace let this conversation go.
          Alan: !claim
          Threadline: Alan has this conversation now.
          Alan: Now I have it ✓
          (to Grace alone: Nothing was sent to the customer: here only the person who has a conversation answers it. Write !claim, then send your message again.)
          (to Alan alone: Nothing was sent to the customer: Grace has this conversation. To take it over, write !assign me, then send your message again.)
          (to Alan alone: Grace was first and has this conversation. Thank you for being there! To take it over, write !assign me.)
    "#]]
    .assert_eq(&site.thread(&ada).await);
    asserts_no_secret(&site, &ada).await;
}

async fn only_what_is_marked_goes_out(house: House, desk: DeskKind) {
    let site = house.open(Setup { mode: "explicit", ..Setup::at(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "SECRET: who knows this?").await;
    grace.writes(&ada, "> We are looking into it").await;
    let slip = grace.writes(&ada, "> We are lokking").await;
    site.settle().await;
    grace.edits(&ada, &slip, "> It is done").await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: We are looking into it
        Grace: It is done (edited)
    "#]]
    .assert_eq(&ada.sees());
    asserts_no_secret(&site, &ada).await;
}

async fn other_apps_and_other_workspaces_are_told_that_nothing_was_sent(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let slack = site.slack();
    let thread = slack.find_thread_containing("My export hangs").unwrap();
    slack.other_bot("Deploys").writes("support", thread.as_str(), "SECRET: deployed");
    site.settle().await;
    let mallory = slack.outsider("Mallory");
    let said = mallory.writes("support", thread.as_str(), "SECRET: I am from elsewhere");
    site.settle().await;
    mallory.edits(&said, "SECRET: once more");
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
    "#]]
    .assert_eq(&ada.sees());
    expect![[r#"
        #support
        └ Threadline: #1001 · Technical Issues
              Answered
              Customer
              Ada Email
              ada@example.com Page
              Exports
              https://shop.example.com/exports
              [Claim] [Resolve] […] (edited)
          Ada (customer): My export hangs
          Deploys: SECRET: deployed
          Threadline: Nothing was sent to the customer: messages of apps stay in this thread. If the customer should read it, send it yourself. (ephemeral to Deploys)
          Mallory: SECRET: once more (edited)
          Threadline: Nothing was sent to the customer: you belong to another workspace. Ask somebody of this workspace to send it. (ephemeral to Mallory)
          Grace: Looking into it ✓
    "#]].assert_eq(&site.slack().transcript());
    asserts_no_secret(&site, &ada).await;
}
