//! Files, both ways: each arrives once, in its place, as what its content says it is, and what does
//! not arrive says why to whom it concerns.

use crate::house::files::{pdf, picture, png};
use crate::house::{DeskKind, House, Setup};
use expect_test::expect;
use http::Method;
use image::ImageFormat;
use serde_json::{Value, json};

desk_plays! {
    files_go_both_ways_in_their_place,
    text_and_files_keep_their_order_in_a_rush,
    a_reply_that_is_taken_back_takes_its_files_with_it,
    an_agents_file_that_is_not_taken_is_told_to_both,
}
plays! {
    the_same_upload_twice_is_one_file,
    what_is_not_taken_says_why,
    a_file_opens_to_its_customer_alone,
    a_link_opens_one_file_for_some_minutes,
    nothing_in_a_file_runs,
    a_part_of_a_file_can_be_had,
    files_that_nobody_sends_are_forgotten,
    a_slow_upload_delays_no_text,
    an_upload_that_stands_still_is_ended,
}

/// A site with a practice desk.
fn practice() -> Setup {
    Setup::at(DeskKind::Practice)
}

async fn files_go_both_ways_in_their_place(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes_with("Here it is", &[("screen.png", png()), ("report.pdf", pdf())]).await;
    site.settle().await;
    ada.writes("Do you see it?").await;
    site.settle().await;
    ada.writes_with("", &[("notes.txt", b"step 1".to_vec())]).await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.attaches(&ada, "Like this", "how to.png", png()).await;
    grace.attaches(&ada, "", "guide.pdf", pdf()).await;
    grace.attaches(&ada, "// only for us", "internal.png", png()).await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): Here it is
          Ada (customer): [file: screen.png]
            [file: report.pdf]
          Ada (customer): Do you see it?
          Ada (customer): [file: notes.txt]
          Grace: Like this
            [file: how to.png] ✓
          Grace: [file: guide.pdf] ✓
          Grace: // only for us
            [file: internal.png]
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: Here it is [screen.png] [report.pdf] (sent)
        me: Do you see it? (sent)
        me:  [notes.txt] (sent)
        Grace: Like this [how to.png]
        Grace:  [guide.pdf]
    "#]]
    .assert_eq(&ada.sees());
    for (file, bytes) in ada.files().iter().zip([png(), pdf(), b"step 1".to_vec(), png(), pdf()]) {
        let answer = ada.downloads(file["id"].as_str().unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.bytes == bytes), (200, true), "{file}");
        assert_eq!(answer.header("content-type"), file["media_type"], "{file}");
    }
    let shown = &ada.files()[0];
    assert_eq!((&shown["width"], &shown["height"], &shown["bytes"]), (&json!(40), &json!(30), &json!(png().len())));
    let thumbnail =
        site.web().get(&format!("/v1/thumbnails/{}", shown["id"].as_str().unwrap()), Some(ada.token())).await;
    assert_eq!((thumbnail.status.as_u16(), thumbnail.header("content-type")), (200, "image/jpeg"));
    assert!(!ada.page().ever_got("internal") && !ada.page().ever_got("slack.com"));
}

async fn text_and_files_keep_their_order_in_a_rush(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    let mut sent = Vec::new();
    for number in 0..12 {
        if number % 3 == 1 {
            let name = format!("{number}.txt");
            ada.writes_with("", &[(name.as_str(), format!("{number}").into_bytes())]).await;
            sent.push(format!("[file: {name}]"));
        } else {
            ada.writes(&format!("line {number}")).await;
            sent.push(format!("line {number}"));
        }
    }
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, sent);
}

async fn a_reply_that_is_taken_back_takes_its_files_with_it(house: House, desk: DeskKind) {
    let site = house.open(Setup { hold_secs: 3, by_hand: true, ..Setup::at(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    let wrong = grace.attaches(&ada, "Look", "of another customer.png", png()).await;
    site.settle().await;
    grace.deletes(&ada, &wrong).await;
    site.settle().await;
    site.time_passes(3_000);
    site.settle().await;
    assert!(!ada.page().ever_got("another"), "what is held has no file either");
    let late = grace.attaches(&ada, "Look", "late.png", png()).await;
    site.settle().await;
    site.time_passes(3_000);
    site.settle().await;
    let id = ada.files()[0]["id"].as_str().unwrap().to_string();
    ada.downloads(&id).await.expect_bytes(200);
    grace.deletes(&ada, &late).await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: (deleted)
    "#]]
    .assert_eq(&ada.sees());
    assert!(ada.downloads(&id).await.problem().starts_with("404 "));
}

async fn an_agents_file_that_is_not_taken_is_told_to_both(house: House, desk: DeskKind) {
    if desk == DeskKind::Practice {
        // This desk refuses the upload itself.
        let site = house.open(Setup { files: "bytes_max = 2000", ..Setup::at(desk) }).await;
        let ada = site.customer("Ada").await;
        ada.writes("My export hangs").await;
        site.settle().await;
        let refused = crate::house::files::practice_upload(site.web(), &ada, "large.pdf", pdf()).await;
        assert!(refused.problem().starts_with("413 "));
        return;
    }
    let site = house.open(Setup { files: "bytes_max = 2000", ..Setup::at(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.attaches(&ada, "This helps", "large.pdf", pdf()).await;
    site.settle().await;
    grace.attaches(&ada, "And this", "setup.exe", b"MZ\x90\0\x03\0\0\0".to_vec()).await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: This helps
            [file: large.pdf] ✓
          Threadline: ⚠️ The customer did not get the file “large.pdf”: it is larger than 1 kB. The text goes out without it.
          Grace: And this
            [file: setup.exe] ✓
          Threadline: ⚠️ The customer did not get the file “setup.exe”: files of the type application/octet-stream are not allowed. The text goes out without it.
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        Grace: This helps [large.pdf – This file could not be delivered to you. Our team knows.]
        Grace: And this [setup.exe – This file could not be delivered to you. Our team knows.]
    "#]]
    .assert_eq(&ada.sees());
}

async fn the_same_upload_twice_is_one_file(house: House) {
    let site = house.open(practice()).await;
    let ada = site.customer("Ada").await;
    let first = ada.uploads_as("an-upload-1", "a.png", png()).await.expect(201);
    let again = ada.uploads_as("an-upload-1", "a.png", png()).await.expect(200);
    assert_eq!(first, again);
    let id = first["id"].clone();
    ada.sends_with("a-message-1", "See", &json!([id])).await.expect(201);
    ada.sends_with("a-message-1", "See", &json!([id])).await.expect(200);
    let other = ada.sends_with("a-message-2", "And this", &json!([id])).await;
    assert!(other.problem().starts_with("404 "), "a file is part of one message");
    let fresh = ada.uploads("b.png", png()).await.expect(201)["id"].clone();
    let twice = ada.sends_with("a-message-3", "Twice", &json!([fresh, fresh])).await;
    assert!(twice.problem().starts_with("404 "), "and once of it");
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): See
          Ada (customer): [file: a.png]
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn what_is_not_taken_says_why(house: House) {
    let files = "bytes_max = 20000\nper_message_max = 2\nmegabytes_per_conversation_per_day = 1";
    let site = house.open(Setup { files, ..practice() }).await;
    let ada = site.customer("Ada").await;
    let mut said = String::new();
    for (name, bytes) in [
        ("large.pdf", [pdf(), vec![0xb7; 20_000]].concat()),
        ("setup.exe", b"MZ\x90\0\x03\0\0\0".to_vec()),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec()),
        ("empty.txt", Vec::new()),
        ("broken.png", png()[..100].to_vec()),
    ] {
        said.push_str(&format!("{name}: {}\n", ada.uploads(name, bytes).await.problem()));
    }
    let bearer = format!("Bearer {}", ada.token());
    for (what, headers) in [
        ("no key", [("authorization", bearer.as_str()), ("upload-name", "a")]),
        ("no name", [("authorization", bearer.as_str()), ("upload-key", "12345678")]),
        ("no token", [("upload-key", "12345678"), ("upload-name", "a")]),
    ] {
        let answer = site.web().ask(Method::POST, "/v1/files", &headers, "x".into()).await.unwrap();
        said.push_str(&format!("{what}: {}\n", answer.problem()));
    }
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(ada.uploads(&format!("{number}.txt"), "hello").await.expect(201)["id"].clone());
    }
    said.push_str(&format!("three files: {}\n", ada.sends_with("12345678", "", &json!(ids)).await.problem()));
    said.push_str(&format!("nothing: {}\n", ada.sends_with("12345678", " ", &json!([])).await.problem()));
    said.push_str(&format!("no id: {}\n", ada.sends_with("12345678", "", &json!(["fil_x"])).await.problem()));
    for number in 0..60 {
        let answer = ada.uploads(&format!("{number}.pdf"), [pdf(), vec![0xb7; 16_000]].concat()).await;
        if answer.status != 201 {
            assert_eq!(number, 55, "a megabyte a day");
            said.push_str(&format!("too much: {}\n", answer.problem()));
            break;
        }
    }
    expect![[r#"
        large.pdf: 413 This file is too large. The largest that can be sent has 19 kB.
        setup.exe: 415 Files of this type cannot be sent here. Send a picture, a PDF, a text or a recording of it.
        photo.heic: 415 Files of the type image/heic cannot be sent here. Send a picture, a PDF, a text or a recording of it.
        empty.txt: 422 This file is empty, or a picture that cannot be opened or is too large to be. Save it anew and send that.
        broken.png: 422 This file is empty, or a picture that cannot be opened or is too large to be. Save it anew and send that.
        no key: 400 Upload-Key: make one of 8 to 64 letters, digits, - and _, new for each file.
        no name: 400 Upload-Name: send the file's name, encoded with encodeURIComponent.
        no token: 401 No conversation is opened by this token. Open a new one with POST /v1/conversations.
        three files: 422 files: a message has at most 2 files. Send the others in the next one.
        nothing: 422 The message is empty. Write something.
        no id: 404 There is no such file here for you, or it is part of another message already. Upload it again.
        too much: 429 Too many files in this conversation today. Try again in 3600 s.
    "#]]
    .assert_eq(&said);
    let site = site.web().get("/v1/site", None).await.expect(200);
    assert_eq!((&site["files"]["bytes_max"], &site["files"]["per_message_max"]), (&json!(20000), &json!(2)));
    assert!(site["files"]["types"].as_array().unwrap().contains(&json!("image/png")));
}

async fn a_file_opens_to_its_customer_alone(house: House) {
    let site = house.open(Setup { hold_secs: 3, by_hand: true, ..practice() }).await;
    let (ada, eve) = (site.customer("Ada").await, site.customer("Eve").await);
    let draft = ada.uploads("draft.png", png()).await.expect(201)["id"].as_str().unwrap().to_string();
    ada.downloads(&draft).await.expect_bytes(200);
    assert!(eve.downloads(&draft).await.problem().starts_with("404 "));
    assert!(eve.sends_with("12345678", "Mine", &json!([draft])).await.problem().starts_with("404 "));
    assert!(site.web().get(&format!("/v1/files/{draft}/x"), None).await.problem().starts_with("401 "));
    let path = format!("/v1/files/{draft}/link");
    assert!(site.web().send(Method::POST, &path, Some(eve.token()), &Value::Null).await.problem().starts_with("404 "));
    assert!(site.web().get(&format!("/v1/thumbnails/{draft}"), Some(eve.token())).await.problem().starts_with("404 "));
    // What an agent attached is at the desk, and not the customer's before it is shown.
    ada.writes("Hello").await;
    site.settle().await;
    let uploaded = crate::house::files::practice_upload(site.web(), &ada, "team.png", png()).await.expect(201);
    assert!(ada.downloads(uploaded["id"].as_str().unwrap()).await.problem().starts_with("404 "));
}

async fn a_link_opens_one_file_for_some_minutes(house: House) {
    let site = house.open(Setup { by_hand: true, ..practice() }).await;
    let ada = site.customer("Ada").await;
    let ids: Vec<String> = {
        let (one, other) = (ada.uploads("Ünï 1.png", png()).await, ada.uploads("other.png", pdf()).await);
        [one, other].map(|answer| answer.expect(201)["id"].as_str().unwrap().to_string()).into()
    };
    let path = format!("/v1/files/{}/link", ids[0]);
    let link = site.web().send(Method::POST, &path, Some(ada.token()), &Value::Null).await.expect(200);
    let href = link["href"].as_str().unwrap();
    assert!(!href.contains(ada.token()) && href.starts_with(&format!("/v1/files/{}/%C3%9Cn%C3%AF%201.png?", ids[0])));
    let answer = site.web().get(href, None).await;
    assert_eq!((answer.status.as_u16(), answer.bytes == png()), (200, true));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let later = href.replace("until=1", "until=2");
    for wrong in [href.replace(&ids[0], &ids[1]), later, href[..href.len() - 1].to_string(), format!("{href}0")] {
        assert!(site.web().get(&wrong, None).await.problem().starts_with("403 "), "{wrong}");
    }
    site.time_passes(10 * 60_000);
    assert_eq!(site.web().get(href, None).await.status, 200);
    site.time_passes(1);
    assert!(site.web().get(href, None).await.problem().starts_with("403 "));
}

async fn nothing_in_a_file_runs(house: House) {
    let site = house.open(practice()).await;
    let ada = site.customer("Ada").await;
    let mut said = String::new();
    for (name, bytes) in [
        ("picture.png", png()),
        ("photo.jpg", picture(20, 10, ImageFormat::Jpeg)),
        (
            "vector.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>".to_vec(),
        ),
        ("page.html", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("page.png", b"<html><script>alert(1)</script>".to_vec()),
        ("a\r\nX-Evil: 1\"; x=\u{202e}gnp.exe", png()),
        ("../../etc/passwd", b"root:x:0:0".to_vec()),
        ("run.bat", b"del /q *.*".to_vec()),
        ("bomb.png", [b"PK\x03\x04\x14\0\0\0\x08\0".as_slice(), &[0; 200]].concat()),
    ] {
        let file = ada.uploads(name, bytes).await.expect(201);
        let answer = ada.downloads(file["id"].as_str().unwrap()).await;
        said.push_str(&format!(
            "{} {}\n  {}\n",
            file["media_type"].as_str().unwrap(),
            file["name"],
            answer.header("content-disposition")
        ));
        assert_eq!(answer.header("content-type"), file["media_type"]);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(answer.header("x-evil"), "");
    }
    expect![[r#"
        image/png "picture.png"
          inline; filename="picture.png"; filename*=UTF-8''picture.png
        image/jpeg "photo.jpg"
          inline; filename="photo.jpg"; filename*=UTF-8''photo.jpg
        image/svg+xml "vector.svg"
          attachment; filename="vector.svg"; filename*=UTF-8''vector.svg
        text/html "page.html"
          attachment; filename="page.html"; filename*=UTF-8''page.html
        text/html "page.png.html"
          attachment; filename="page.png.html"; filename*=UTF-8''page.png.html
        image/png "a X-Evil_ 1_; x=gnp.exe.png"
          inline; filename="a X-Evil_ 1_; x=gnp.exe.png"; filename*=UTF-8''a%20X-Evil_%201_%3B%20x%3Dgnp.exe.png
        text/plain "passwd.txt"
          attachment; filename="passwd.txt"; filename*=UTF-8''passwd.txt
        text/plain "run.bat.txt"
          attachment; filename="run.bat.txt"; filename*=UTF-8''run.bat.txt
        application/zip "bomb.png.zip"
          attachment; filename="bomb.png.zip"; filename*=UTF-8''bomb.png.zip
    "#]]
    .assert_eq(&said);
    let long = ada.uploads(&("x".repeat(2_000) + ".png"), png()).await.expect(201);
    assert_eq!(long["name"].as_str().unwrap().len(), 120);
    // A head this long is refused by the server before anything is read.
    assert_eq!(ada.uploads(&("x".repeat(10_000) + ".png"), png()).await.status, 431);
}

async fn a_part_of_a_file_can_be_had(house: House) {
    let site = house.open(practice()).await;
    let ada = site.customer("Ada").await;
    let id = ada.uploads("a.txt", "0123456789").await.expect(201)["id"].as_str().unwrap().to_string();
    let bearer = format!("Bearer {}", ada.token());
    for (range, status, part, content_range) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=-3", 206, "789", "bytes 7-9/10"),
        ("bytes=0-1,3-4", 200, "0123456789", ""),
        ("bytes=10-", 416, "", "bytes */10"),
    ] {
        let headers = [("authorization", bearer.as_str()), ("range", range)];
        let answer = site.web().ask(Method::GET, &format!("/v1/files/{id}/a.txt"), &headers, "".into()).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.header("content-range")), (status, content_range), "{range}");
        if status != 416 {
            assert_eq!(answer.text(), part, "{range}");
        }
    }
}

async fn files_that_nobody_sends_are_forgotten(house: House) {
    let site = house.open(Setup { by_hand: true, ..practice() }).await;
    let ada = site.customer("Ada").await;
    let left = ada.uploads("left.png", png()).await.expect(201)["id"].as_str().unwrap().to_string();
    let message = ada.writes_with("Sent", &[("sent.png", png())]).await;
    site.settle().await;
    site.time_passes(25 * 3_600_000);
    // Housekeeping begins with the start.
    site.stops().await;
    site.starts().await;
    crate::house::until("the draft is forgotten", async || ada.downloads(&left).await.status == 404).await;
    let sent = message["files"][0]["id"].as_str().unwrap();
    assert_eq!(ada.downloads(sent).await.bytes, png(), "the same bytes, still somebody's");
    assert!(ada.sends_with("12345678", "Late", &json!([left])).await.problem().starts_with("404 "));
}

async fn a_slow_upload_delays_no_text(house: House) {
    let site = house.open(practice()).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    let upload = ada.begins_upload("slow-upload", "report.pdf", &pdf()).await;
    ada.writes("It is on its way").await;
    bob.writes("My export hangs").await;
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["It is on its way"]);
    assert_eq!(site.desk().customers_lines(&bob).await, ["My export hangs"]);
    let answer = upload.ends().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

async fn an_upload_that_stands_still_is_ended(house: House) {
    let site = house.open(practice()).await;
    let ada = site.customer("Ada").await;
    let answer = ada.begins_upload("still-upload", "report.pdf", &pdf()).await.waits().await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("with the same key"), "{answer}");
    ada.uploads_as("still-upload", "report.pdf", pdf()).await.expect(201);
}
