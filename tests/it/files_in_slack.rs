//! Files when Slack does not do what it should: it refuses, breaks off, answers late or not at all,
//! and shows a page instead of a file. Each is there once, in its place, or both sides know why not.

use crate::house::files::{pdf, png};
use crate::house::{Customer, DeskKind, House, Setup, Site, until};
use expect_test::expect;
use std::time::Duration;
use threadline_fake_slack::{EventFault, Fault};

plays! {
    what_slack_refuses_is_told_to_both_and_the_text_goes_on,
    an_upload_that_breaks_off_is_made_again,
    what_nobody_heard_of_is_there_once,
    what_comes_late_is_taken_back,
    files_keep_their_order_though_slack_takes_its_time,
    text_does_not_wait_for_a_file_for_ever,
    files_wait_for_a_slack_that_is_down_and_for_the_process,
    a_page_to_sign_in_is_no_file,
    an_agents_file_is_fetched_again_until_it_is_here,
    a_file_that_is_deleted_in_slack_is_gone_for_the_customer,
}

fn slack() -> Setup {
    Setup::at(DeskKind::Slack)
}

/// The customer's lines in the thread, in order.
async fn lines(site: &Site, customer: &Customer) -> Vec<String> {
    site.desk().customers_lines(customer).await
}

async fn what_slack_refuses_is_told_to_both_and_the_text_goes_on(house: House) {
    let site = house.open(slack()).await;
    let ada = site.customer("Ada").await;
    site.slack().faults().next("files.completeUploadExternal", Fault::Error("file_type_not_allowed".into()));
    ada.writes_with("See", &[("one.pdf", pdf())]).await;
    site.settle().await;
    site.slack().faults().next("files.getUploadURLExternal", Fault::Error("storage_limit_reached".into()));
    ada.writes_with("", &[("two.pdf", pdf())]).await;
    site.settle().await;
    ada.writes_with("", &[("three.pdf", pdf())]).await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): See
          Threadline: ⚠️ A file of the customer, “one.pdf”, could not be posted here (this workspace does not allow files of its type). The customer was told.
            [Try again]
          Threadline: ⚠️ A file of the customer, “two.pdf”, could not be posted here (the workspace's storage is full). The customer was told.
            [Try again]
          Ada (customer): [file: three.pdf]
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: See [one.pdf – This file could not be delivered to our team.] (sent)
        me:  [two.pdf – This file could not be delivered to our team.] (sent)
        me:  [three.pdf] (sent)
    "#]]
    .assert_eq(&ada.sees());
}

async fn an_upload_that_breaks_off_is_made_again(house: House) {
    let site = house.open(slack()).await;
    let ada = site.customer("Ada").await;
    let faults = site.slack().faults();
    faults.next("files.getUploadURLExternal", Fault::Status(500));
    faults.next("upload", Fault::CutBefore);
    faults.next("upload", Fault::CutAfter);
    faults.next("upload", Fault::Status(503));
    faults.next("files.completeUploadExternal", Fault::RateLimited { retry_after_secs: 1 });
    ada.writes_with("See", &[("one.pdf", pdf())]).await;
    ada.writes("Well?").await;
    site.settle().await;
    assert_eq!(lines(&site, &ada).await, ["See", "[file: one.pdf]", "Well?"]);
}

async fn what_nobody_heard_of_is_there_once(house: House) {
    let site = house.open(slack()).await;
    for fault in [Fault::CutAfter, Fault::CutBefore] {
        let ada = site.customer("Ada").await;
        site.slack().faults().next("files.completeUploadExternal", fault.clone());
        // Nor is it told of by an event.
        if fault == Fault::CutAfter {
            site.slack().faults().next_event(EventFault::Delay(Duration::from_millis(100)));
        }
        ada.writes_with("See", &[("one.pdf", pdf()), ("two.png", png())]).await;
        site.settle().await;
        ada.writes("Well?").await;
        site.settle().await;
        assert_eq!(lines(&site, &ada).await, ["See", "[file: one.pdf]", "[file: two.png]", "Well?"], "{fault:?}");
    }
}

async fn what_comes_late_is_taken_back(house: House) {
    let site = house.open(Setup { by_hand: true, ..slack() }).await;
    let ada = site.customer("Ada").await;
    ada.writes("Hello").await;
    site.settle().await;
    let late = Duration::from_secs(12);
    site.slack().faults().next("files.completeUploadExternal", Fault::DoneLate(late));
    ada.writes_with("", &[("one.pdf", pdf())]).await;
    let times =
        async |count: usize| lines(&site, &ada).await.iter().filter(|line| *line == "[file: one.pdf]").count() == count;
    until("it to be sent again", async || {
        site.time_passes(200);
        times(1).await
    })
    .await;
    until("the first one to turn up", async || times(2).await).await;
    site.time_passes(60_000);
    until("one of them to be taken back", async || times(1).await).await;
    site.settle().await;
}

async fn files_keep_their_order_though_slack_takes_its_time(house: House) {
    let site = house.open(Setup { file_delay: Duration::from_millis(700), ..slack() }).await;
    let ada = site.customer("Ada").await;
    for number in 0..3 {
        ada.writes_with(&format!("text {number}"), &[(format!("{number}.pdf").as_str(), pdf())]).await;
    }
    ada.writes("done").await;
    site.settle().await;
    let sent = ["text 0", "[file: 0.pdf]", "text 1", "[file: 1.pdf]", "text 2", "[file: 2.pdf]", "done"];
    assert_eq!(lines(&site, &ada).await, sent);
}

async fn text_does_not_wait_for_a_file_for_ever(house: House) {
    let site = house.open(Setup { by_hand: true, ..slack() }).await;
    let ada = site.customer("Ada").await;
    site.slack().faults().always("upload", Fault::Status(503));
    ada.writes_with("See", &[("one.pdf", pdf())]).await;
    ada.writes("Well?").await;
    until("the text before it", async || lines(&site, &ada).await == ["See"]).await;
    site.time_passes(19_000);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(lines(&site, &ada).await, ["See"]);
    site.time_passes(1_000);
    until("the text after it", async || lines(&site, &ada).await == ["See", "Well?"]).await;
    site.slack().faults().clear();
    until("the file", async || {
        site.time_passes(1_000);
        lines(&site, &ada).await == ["See", "Well?", "[file: one.pdf]"]
    })
    .await;
    site.settle().await;
}

async fn files_wait_for_a_slack_that_is_down_and_for_the_process(house: House) {
    let site = house.open(slack()).await;
    let ada = site.customer("Ada").await;
    ada.writes("Hello").await;
    site.settle().await;
    site.slack().faults().next("files.completeUploadExternal", Fault::CutAfter);
    site.slack().faults().always("conversations.replies", Fault::Status(500));
    ada.writes_with("See", &[("one.pdf", pdf())]).await;
    until("it to be shown, unheard of", async || lines(&site, &ada).await.len() == 3).await;
    site.stops().await;
    site.slack().goes_down();
    site.slack().faults().clear();
    site.starts().await;
    ada.writes_with("And", &[("two.pdf", pdf())]).await;
    site.slack().comes_back();
    site.settle().await;
    assert_eq!(lines(&site, &ada).await, ["Hello", "See", "[file: one.pdf]", "And", "[file: two.pdf]"]);
}

async fn a_page_to_sign_in_is_no_file(house: House) {
    let site = house.open(slack()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    site.slack().faults().next("download", Fault::Html);
    grace.attaches(&ada, "This helps", "guide.pdf", pdf()).await;
    site.settle().await;
    site.slack().faults().next("files.info", Fault::Error("missing_scope".into()));
    grace.attaches(&ada, "And this", "more.html", b"<!doctype html><p>More".to_vec()).await;
    site.settle().await;
    grace.attaches(&ada, "Now it does", "page.html", b"<!doctype html><p>More".to_vec()).await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: This helps
            [file: guide.pdf] ✓
          Threadline: ⚠️ The customer did not get the file “guide.pdf”: the bot may not read files here; the operator was told what to do about it. The text goes out without it.
            [Try again]
          Grace: And this
            [file: more.html] ✓
          Threadline: ⚠️ The customer did not get the file “more.html”: the bot may not read files here; the operator was told what to do about it. The text goes out without it.
            [Try again]
          Grace: Now it does
            [file: page.html] ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        Grace: This helps [guide.pdf – This file could not be delivered to you. Our team knows.]
        Grace: And this [more.html – This file could not be delivered to you. Our team knows.]
        Grace: Now it does [page.html]
    "#]]
    .assert_eq(&ada.sees());
    assert_eq!((site.logged("files:read"), site.logged("works again")), (1, 1), "the operator is told once");
}

async fn an_agents_file_is_fetched_again_until_it_is_here(house: House) {
    let site = house.open(slack()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let faults = site.slack().faults();
    faults.next("files.info", Fault::Status(500));
    faults.next("download", Fault::CutBefore);
    faults.next("download", Fault::Status(503));
    site.agent("Grace").attaches(&ada, "This helps", "guide.pdf", pdf()).await;
    site.settle().await;
    let file = &ada.files()[0];
    assert_eq!(file["state"], "here");
    assert_eq!(ada.downloads(file["id"].as_str().unwrap()).await.bytes, pdf());
}

async fn a_file_that_is_deleted_in_slack_is_gone_for_the_customer(house: House) {
    let site = house.open(slack()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let post = site.agent("Grace").attaches(&ada, "This helps", "wrong.pdf", pdf()).await;
    site.settle().await;
    let id = ada.files()[0]["id"].as_str().unwrap().to_string();
    assert_eq!(ada.downloads(&id).await.status, 200);
    site.slack().agent("Grace").deletes_files(&post);
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: This helps [wrong.pdf – This file was taken back.]
    "#]]
    .assert_eq(&ada.sees());
    assert!(ada.downloads(&id).await.problem().starts_with("404 "));
}
