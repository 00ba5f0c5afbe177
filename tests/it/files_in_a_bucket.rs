//! Files kept in a bucket of something that speaks S3: as in a folder while it works, and told truthfully
//! while it does not. Nothing that was taken is lost.

use crate::house::files::{pdf, picture, png};
use crate::house::s3::Sickness;
use crate::house::{DeskKind, House, Setup, until};
use expect_test::expect;
use image::ImageFormat;
use serde_json::json;
use std::time::Duration;

desk_plays! {
    files_go_both_ways_through_a_bucket,
    while_the_bucket_is_down_text_arrives_and_files_are_told_of,
}

plays! {
    a_large_file_goes_up_in_parts,
    an_agents_file_waits_for_the_bucket,
    a_customers_file_waits_for_the_bucket,
    a_bucket_that_is_slow_delays_no_text,
    a_bucket_is_tried_out,
}

fn at(desk: DeskKind) -> Setup {
    Setup { in_a_bucket: true, ..Setup::at(desk) }
}

async fn files_go_both_ways_through_a_bucket(house: House, desk: DeskKind) {
    let site = house.open(at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes_with("Here it is", &[("screen.png", png()), ("report.pdf", pdf())]).await;
    site.settle().await;
    site.agent("Grace").attaches(&ada, "Like this", "guide.pdf", pdf()).await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): Here it is
          Ada (customer): [file: screen.png]
            [file: report.pdf]
          Grace: Like this
            [file: guide.pdf] ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
    let files = ada.files();
    assert_eq!(files.iter().map(|file| file["state"].as_str().unwrap()).collect::<Vec<_>>(), ["here"; 3]);
    for file in &files[1..] {
        assert_eq!(ada.downloads(file["id"].as_str().unwrap()).await.expect_bytes(200), &pdf());
    }
    let thumbnail = format!("/v1/thumbnails/{}", files[0]["id"].as_str().unwrap());
    ada.web().get(&thumbnail, Some(ada.token())).await.expect_bytes(200);
    // The same bytes are one object; a picture is two, with its thumbnail.
    assert_eq!(site.s3().objects().len(), 3);
    let arriving = std::fs::read_dir(site.files_folder().join("arriving")).unwrap().count();
    assert_eq!(arriving, 0, "something was left in the folder");
}

async fn while_the_bucket_is_down_text_arrives_and_files_are_told_of(house: House, desk: DeskKind) {
    let site = house.open(at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes_with("Here it is", &[("report.pdf", pdf())]).await;
    site.settle().await;
    let id = ada.files()[0]["id"].as_str().unwrap().to_string();
    site.s3().is(Sickness::Down);
    let refused = ada.uploads("notes.txt", b"step 1".to_vec()).await;
    let words = refused.problem();
    assert!(words.starts_with("503 ") && words.contains("Send the same again in a few seconds"), "{words}");
    assert!(ada.downloads(&id).await.problem().starts_with("503 "));
    ada.writes("Do you see it?").await;
    site.agent("Grace").writes(&ada, "Yes").await;
    site.settle().await;
    assert!(ada.page().texts("agent").contains(&"Yes".to_string()), "{}", ada.sees());
    site.s3().is(Sickness::None);
    let again = ada.uploads("notes.txt", b"step 1".to_vec()).await.expect(201)["id"].clone();
    ada.sends_with(&ada.fresh_key(), "", &json!([again])).await.expect(201);
    site.settle().await;
    assert_eq!(ada.downloads(&id).await.expect_bytes(200), &pdf());
    let lines = site.desk().customers_lines(&ada).await;
    assert_eq!(lines, ["Here it is", "[file: report.pdf]", "Do you see it?", "[file: notes.txt]"]);
}

/// More than goes up at once.
async fn a_large_file_goes_up_in_parts(house: House) {
    let site = house.open(at(DeskKind::Practice)).await;
    let ada = site.customer("Ada").await;
    let mut large = pdf();
    large.resize(20 * 1024 * 1024, b'x');
    ada.writes_with("", &[("large.pdf", large.clone())]).await;
    site.settle().await;
    let file = &ada.files()[0];
    assert_eq!(ada.downloads(file["id"].as_str().unwrap()).await.expect_bytes(200), &large);
    assert_eq!(site.s3().objects().len(), 1);
}

async fn an_agents_file_waits_for_the_bucket(house: House) {
    let site = house.open(at(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.s3().is(Sickness::Down);
    site.agent("Grace").attaches(&ada, "This helps", "guide.png", picture(40, 30, ImageFormat::Png)).await;
    ada.waits_to_see("This helps [guide.png …]").await;
    let asked = site.s3().requests();
    until("the bucket to be tried", async || site.s3().requests() > asked).await;
    site.s3().is(Sickness::None);
    until("the file to be here", async || ada.files()[0]["state"] == "here").await;
    site.settle().await;
}

/// What was taken while it worked is on its way to Slack when it does not any more.
async fn a_customers_file_waits_for_the_bucket(house: House) {
    let site = house.open(at(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    let id = ada.uploads("report.pdf", pdf()).await.expect(201)["id"].clone();
    for sickness in [Sickness::Down, Sickness::Cuts] {
        site.s3().is(sickness);
        let asked = site.s3().requests();
        if sickness == Sickness::Down {
            ada.sends_with(&ada.fresh_key(), "See", &json!([id])).await.expect(201);
        }
        until("the bucket to be tried", async || site.s3().requests() > asked).await;
    }
    until("the text", async || site.desk().customers_lines(&ada).await == ["See"]).await;
    site.s3().is(Sickness::None);
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["See", "[file: report.pdf]"]);
}

async fn a_bucket_that_is_slow_delays_no_text(house: House) {
    let site = house.open(at(DeskKind::Practice)).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    site.s3().is(Sickness::Slow(Duration::from_secs(2)));
    let uploading = tokio::spawn({
        let ada = ada.clone();
        async move { ada.uploads("report.pdf", pdf()).await.expect(201) }
    });
    until("the bucket to be asked", async || site.s3().requests() > 0).await;
    bob.writes("My export hangs").await;
    until("the text at the desk", async || site.desk().customers_lines(&bob).await == ["My export hangs"]).await;
    assert!(!uploading.is_finished(), "the bucket is not slow");
    uploading.await.unwrap();
}

async fn a_bucket_is_tried_out(house: House) {
    let site = house.open(at(DeskKind::Practice)).await;
    assert_eq!(site.checks_files().await, Ok("can be kept in the bucket threadline-files".to_string()));
    assert!(site.s3().objects().is_empty(), "what was tried out is still there");
    site.s3().is(Sickness::Down);
    let problems = site.checks_files().await.unwrap_err().join("\n");
    assert!(problems.starts_with("the bucket threadline-files does not work: a file cannot be kept: "), "{problems}");
}
