//! Who the customer is: plays of what the site signs, of what a browser makes up, and of what the card
//! says about it.

use crate::house::{
    Answer, Customer, DeskKind, House, NewCustomer, SECRETS, Setup, Site, signed, signed_as, signed_with,
};
use expect_test::expect;
use http::Method;
use serde_json::{Value, json};

desk_plays! { the_card_says_who_is_verified, the_card_follows_what_the_site_says }
plays! {
    what_proves_nothing_is_refused,
    a_second_device_finds_the_conversations_and_goes_on,
    nobody_gets_at_the_conversations_of_another,
    so_many_browsers_and_the_oldest_is_shut_out,
    what_cannot_be_added_changes_nothing,
}

fn setup(desk: DeskKind) -> Setup {
    Setup { identity: SECRETS, by_hand: true, ..Setup::at(desk) }
}

async fn the_card_says_who_is_verified(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let whole = json!({ "name": "Ada King", "email": "ada@shop.example" });
    let more = json!({ "proof": signed("u-7", &whole), "page": null });
    let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Eve") }).await;
    ada.writes("It is me").await;
    site.settle().await;
    let yesterday = SECRETS.split(',').next_back().unwrap();
    let more = json!({ "proof": signed_with(yesterday, "u-8", &json!({})), "page": null });
    let bob = site.new_customer(NewCustomer { more, ..NewCustomer::named("Bob") }).await;
    bob.writes("Me too").await;
    site.settle().await;
    let more = json!({ "facts": { "identity": "verified: u-7" }, "name": "Eve (verified)", "page": null });
    let eve = site.new_customer(NewCustomer { more, ..NewCustomer::named("Eve") }).await;
    eve.writes("And me").await;
    site.settle().await;
    match desk {
        DeskKind::Slack => expect![[r#"
            #support
            └ Threadline: #1001 · Technical Issues
                  Waiting for an answer since (a time)
                  Customer
                  Ada King Email
                  ada@shop.example Identity
                  verified: u-7
                  [Claim] [Resolve] […]
              Ada King (customer): It is me
            └ Threadline: #1002 · Technical Issues
                  Waiting for an answer since (a time)
                  Customer
                  Bob Email
                  bob@example.com Identity
                  verified: u-8 (name and email as typed)
                  [Claim] [Resolve] […]
              Bob (customer): Me too
            └ Threadline: #1003 · Technical Issues
                  Waiting for an answer since (a time)
                  Customer
                  Eve (verified) Email
                  eve@example.com Identity
                  not verified
                  From the page: identity = verified: u-7
                  [Claim] [Resolve] […]
              Eve (verified) (customer): And me
        "#]]
        .assert_eq(&site.slack().transcript()),
        DeskKind::Practice => {
            let mut cards = String::new();
            for customer in [&ada, &bob, &eve] {
                cards += &card(&site, customer.number()).await;
            }
            expect![[r#"
                Customer: Ada King
                Email: ada@shop.example
                Identity: verified: u-7
                Customer: Bob
                Email: bob@example.com
                Identity: verified: u-8 (name and email as typed)
                Customer: Eve (verified)
                Email: eve@example.com
                Identity: not verified
                From the page: identity = verified: u-7
            "#]]
            .assert_eq(&cards);
        }
    }
    assert_eq!(site.logged(&signed("u-7", &whole)), 0, "a token is in the log");
}

/// The card at the practice desk.
async fn card(site: &Site, number: i64) -> String {
    let thread = site.web().get(&format!("/practice/api/threads/{number}"), None).await.expect(200);
    let card = &thread["posts"][0]["card"];
    let fields = card["fields"].as_array().unwrap().iter();
    let lines = fields.map(|it| format!("{}: {}", it["label"].as_str().unwrap(), it["text"].as_str().unwrap()));
    let small_print = card["small_print"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_string());
    lines.chain(small_print).map(|line| line + "\n").collect()
}

async fn what_proves_nothing_is_refused(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let nothing = json!({});
    let good = signed("u-7", &nothing);
    let (text, signature) = good.rsplit_once('.').unwrap();
    let other_claims = signed("u-8", &nothing);
    let forged = format!("{}.{signature}", other_claims.rsplit_once('.').unwrap().0);
    let today = SECRETS.split(',').next().unwrap();
    // The clock by hand stands at 2026-01-01T00:00Z.
    let now = 1_767_225_600;
    let mut answers = String::new();
    for (what, token) in [
        ("forged", forged),
        ("unsigned", format!("{text}.")),
        ("other secret", signed_with("tomorrow: a secret that is long enough", "u-7", &nothing)),
        ("alg none", signed_as(&json!({ "alg": "none" }), today, "u-7", &nothing)),
        ("alg RS256", signed_as(&json!({ "alg": "RS256" }), today, "u-7", &nothing)),
        ("expired", signed("u-7", &json!({ "exp": now }))),
        ("no end", signed("u-7", &json!({ "exp": null }))),
        ("not yet", signed("u-7", &json!({ "nbf": now + 61 }))),
        ("nobody", signed("", &nothing)),
        ("for another service", signed("u-7", &json!({ "aud": "billing" }))),
        ("no token", "u-7".to_string()),
    ] {
        let answer = opens(&site, json!({ "topic": "billing", "proof": token })).await;
        assert_eq!(answer.json()["field"], "proof", "{what}");
        answers += &format!("{what}: {}\n", answer.problem());
    }
    expect![[r#"
        forged: 422 proof: the token is not signed with the secret that is set here.
        unsigned: 422 proof: the token is not signed with the secret that is set here.
        other secret: 422 proof: the token is not signed with the secret that is set here.
        alg none: 422 proof: the token has to be signed with HS256, and its head must have no "crit".
        alg RS256: 422 proof: the token has to be signed with HS256, and its head must have no "crit".
        expired: 422 proof: the token has expired; sign a new one.
        no end: 422 proof: the token has no "exp"; say until when it counts.
        not yet: 422 proof: the token does not count yet: "nbf" or "iat" is more than a minute ahead.
        nobody: 422 proof: the token needs a "sub": the customer's id, one line of at most 128 characters.
        for another service: 422 proof: the token is for another service: leave "aud" out, or make it "threadline".
        no token: 422 proof: this is no JSON Web Token; sign one with HS256.
    "#]]
    .assert_eq(&answers);
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM conversation").await, 0);
    let expiring = signed("u-7", &json!({ "exp": now + 10 }));
    opens(&site, json!({ "topic": "billing", "proof": expiring })).await.expect(201);
    site.time_passes(10_000);
    opens(&site, json!({ "topic": "billing", "proof": expiring })).await.expect(422);
}

async fn opens(site: &Site, said: Value) -> Answer {
    site.web().send(Method::POST, "/v1/conversations", None, &said).await
}

/// His conversations, as the list tells of them.
async fn listed(site: &Site, proof: &str) -> String {
    let list = site.web().get("/v1/conversations", Some(proof)).await.expect(200);
    let line = |it: &Value| {
        let (last, standing) = (&it["last"], &it["standing"]["state"]);
        let who = last["name"].as_str().unwrap_or("me");
        let text = last["text"].as_str().unwrap_or("-");
        format!("#{} {} {} unread {} | {who}: {text}\n", it["number"], it["topic"], it["unread"], standing)
    };
    list["conversations"].as_array().unwrap().iter().map(line).collect()
}

async fn takes(site: &Site, proof: &str, id: &str) -> Answer {
    site.web().send(Method::POST, &format!("/v1/conversations/{id}/tokens"), Some(proof), &json!({})).await
}

async fn a_second_device_finds_the_conversations_and_goes_on(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let proof = signed("u-7", &json!({ "name": "Ada" }));
    assert_eq!(listed(&site, &proof).await, "");
    let with_proof = |topic| NewCustomer { topic, more: json!({ "proof": proof }), ..NewCustomer::named("Ada") };
    let export = site.new_customer(with_proof("technical")).await;
    let silent = site.new_customer(with_proof("billing")).await;
    export.writes("My export hangs").await;
    site.settle().await;
    site.time_passes(60_000);
    let invoice = site.new_customer(with_proof("billing")).await;
    invoice.writes("Where is\nmy invoice?").await;
    site.settle().await;
    let grace = site.agent("Grace");
    for text in ["Looking into it", "Found it", "A third one", "// a note that is nobody's business"] {
        grace.writes(&export, text).await;
    }
    site.settle().await;
    export.looks().await;
    grace.writes(&export, "And mended").await;
    let last = grace.writes(&export, "Realy").await;
    site.settle().await;
    grace.edits(&export, &last, "Really").await;
    site.settle().await;
    expect![[r##"
        #1003 "billing" 0 unread "open" | me: Where is my invoice?
        #1001 "technical" 2 unread "open" | Grace: Really
    "##]]
    .assert_eq(&listed(&site, &proof).await);
    assert!(!listed(&site, &proof).await.contains(&silent.number().to_string()), "nothing was written there");

    // Another day, another device: the token is another one, for the same customer.
    let proof = signed("u-7", &json!({ "iat": 1_767_225_600 }));
    let opened = takes(&site, &proof, export.id()).await.expect(201);
    let token = opened["token"].as_str().unwrap();
    assert_eq!(opened["conversation"]["number"], export.number());
    assert_ne!(token, export.token());
    let page = site.web().get("/v1/messages", Some(token)).await.expect(200);
    assert_eq!(page["messages"].as_array().unwrap().len(), 6);
    let said = json!({ "key": "second-device-1", "text": "It works, thank you" });
    site.web().send(Method::POST, "/v1/messages", Some(token), &said).await.expect(201);
    let receipts = json!({ "received": page["rev"], "seen": page["rev"] });
    site.web().send(Method::POST, "/v1/receipts", Some(token), &receipts).await.expect(204);
    site.settle().await;
    export.writes("Thanks from here, too").await;
    site.settle().await;
    assert_eq!(export.page().texts("customer"), ["My export hangs", "It works, thank you", "Thanks from here, too"]);
    expect![[r##"
        #1003 "billing" 0 unread "open" | me: Where is my invoice?
        #1001 "technical" 0 unread "open" | me: Thanks from here, too
    "##]]
    .assert_eq(&listed(&site, &proof).await);
    assert!(!site.probe().text("SELECT MIN(hash) FROM token").await.contains(token), "only a hash is stored");
}

async fn nobody_gets_at_the_conversations_of_another(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let nothing = json!({});
    let ada_s = signed("u-7", &nothing);
    let more = json!({ "proof": ada_s });
    let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
    ada.writes("This is between us").await;
    let bob = site.customer("Bob").await;
    bob.writes("I am nobody in particular").await;
    site.settle().await;
    let eve_s = signed("u-8", &nothing);
    assert_eq!(listed(&site, &eve_s).await, "");
    let mut answers = String::new();
    let now = 1_767_225_600;
    for (who, proof) in [
        ("another customer", eve_s.as_str()),
        ("an id that begins alike", &signed("u-7 ", &nothing)),
        ("an id in other letters", &signed("U-7", &nothing)),
        ("a wildcard", &signed("%", &nothing)),
        ("yesterday's token", &signed("u-7", &json!({ "exp": now - 1 }))),
        ("another secret", &signed_with("tomorrow: a secret that is long enough", "u-7", &nothing)),
        ("her conversation's token", ada.token()),
        ("nothing", ""),
    ] {
        let list = site.web().get("/v1/conversations", Some(proof)).await;
        let list = if list.status == 200 { list.json()["conversations"].to_string() } else { list.problem() };
        answers += &format!("{who}\n    {list}\n    {}\n", takes(&site, proof, ada.id()).await.problem());
    }
    expect![[r#"
        another customer
            []
            404 This customer has no such conversation.
        an id that begins alike
            401 It is not known who asks: the token needs a "sub": the customer's id, one line of at most 128 characters.
            401 It is not known who asks: the token needs a "sub": the customer's id, one line of at most 128 characters.
        an id in other letters
            []
            404 This customer has no such conversation.
        a wildcard
            []
            404 This customer has no such conversation.
        yesterday's token
            401 It is not known who asks: the token has expired; sign a new one.
            401 It is not known who asks: the token has expired; sign a new one.
        another secret
            401 It is not known who asks: the token is not signed with the secret that is set here.
            401 It is not known who asks: the token is not signed with the secret that is set here.
        her conversation's token
            401 It is not known who asks: this is no JSON Web Token; sign one with HS256.
            401 It is not known who asks: this is no JSON Web Token; sign one with HS256.
        nothing
            401 It is not known who asks: this is no JSON Web Token; sign one with HS256.
            401 It is not known who asks: this is no JSON Web Token; sign one with HS256.
    "#]].assert_eq(&answers);
    // What nobody vouched for is nobody's, whatever one calls oneself.
    takes(&site, &ada_s, bob.id()).await.expect(404);
    takes(&site, &ada_s, "cnv_00000000000000000000000000").await.expect(404);
    takes(&site, &ada_s, "x").await.expect(404);
    // A token that is not for signing in opens no conversation.
    site.web().get("/v1/messages", Some(&ada_s)).await.expect(401);
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM token").await, 2);
    // While it counts a token can be used again; not a moment longer.
    let expiring = signed("u-7", &json!({ "exp": now + 10 }));
    takes(&site, &expiring, ada.id()).await.expect(201);
    takes(&site, &expiring, ada.id()).await.expect(201);
    site.time_passes(10_000);
    takes(&site, &expiring, ada.id()).await.expect(401);
}

async fn so_many_browsers_and_the_oldest_is_shut_out(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let proof = signed("u-7", &json!({}));
    let new =
        NewCustomer { more: json!({ "proof": proof }), page: false, receipts: false, ..NewCustomer::named("Ada") };
    let ada = site.new_customer(new).await;
    let mut tokens = vec![ada.token().to_string()];
    for _ in 0..50 {
        site.time_passes(1_000);
        let opened = takes(&site, &proof, ada.id()).await.expect(201);
        tokens.push(opened["token"].as_str().unwrap().to_string());
    }
    site.web().get("/v1/messages", Some(&tokens[0])).await.expect(401);
    site.web().get("/v1/messages", Some(&tokens[1])).await.expect(200);
    site.web().get("/v1/messages", Some(&tokens[50])).await.expect(200);
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM token").await, 50);
}

async fn tells(site: &Site, customer: &Customer, said: &Value) -> Answer {
    site.web().send(Method::POST, "/v1/context", Some(customer.token()), said).await
}

async fn the_card_follows_what_the_site_says(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let more = json!({ "facts": { "plan": "free", "seats": 3 } });
    let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
    // Nothing is at the desk yet, and nothing is posted for it.
    tells(&site, &ada, &json!({ "facts": { "basket": "2 items" } })).await.expect(204);
    site.settle().await;
    ada.writes("I cannot pay").await;
    site.settle().await;
    let said = json!({
        "facts": { "plan": "pro", "seats": null, "transaction_id": "tx-77" },
        "page": { "url": "https://shop.example.com/pay?<!channel>", "title": "Pay <b>" },
        "proof": signed("u-7", &json!({ "name": "Ada King" })),
        "email": "king@example.com",
    });
    tells(&site, &ada, &said).await.expect(204);
    site.settle().await;
    match desk {
        DeskKind::Slack => expect![[r#"
            #support
            └ Threadline: #1001 · Technical Issues
                  Waiting for an answer since (a time)
                  Customer
                  Ada King Email
                  king@example.com Identity
                  verified: u-7 (email as typed) Page
                  Pay <b>
                  https://shop.example.com/pay?<!channel>
                  From the page: basket = 2 items, plan = pro, transaction_id = tx-77
                  [Claim] [Resolve] […] (edited)
              Ada (customer): I cannot pay
        "#]]
        .assert_eq(&site.slack().transcript()),
        DeskKind::Practice => expect![[r#"
            Customer: Ada King
            Email: king@example.com
            Identity: verified: u-7 (email as typed)
            Page: https://shop.example.com/pay?<!channel>
            From the page: basket = 2 items, plan = pro, transaction_id = tx-77
        "#]]
        .assert_eq(&card(&site, ada.number()).await),
    }
    // Said again it is nothing new: no edit, no change.
    let before = site.probe().number("SELECT card_rev FROM conversation").await;
    tells(&site, &ada, &said).await.expect(204);
    site.settle().await;
    assert_eq!(site.probe().number("SELECT card_rev FROM conversation").await, before);
    assert_eq!(
        listed(&site, &signed("u-7", &json!({}))).await,
        "#1001 \"technical\" 0 unread \"open\" | me: I cannot pay\n"
    );
}

async fn what_cannot_be_added_changes_nothing(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let more = json!({ "proof": signed("u-7", &json!({})), "facts": { "plan": "free" } });
    let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
    ada.writes("Hello").await;
    site.settle().await;
    let before = card(&site, ada.number()).await;
    let many: serde_json::Map<String, Value> = (0..30).map(|n| (format!("key_{n}"), json!(n))).collect();
    let mut answers = String::new();
    for said in [
        json!({ "proof": signed("u-8", &json!({ "name": "Eve" })), "facts": { "plan": "pro" } }),
        json!({ "proof": "e30.e30.e30", "facts": { "plan": "pro" } }),
        json!({ "facts": many }),
        json!({ "facts": { "plan": "pro", "token": "e30.e30.e30" } }),
        json!({ "email": "ada", "facts": { "plan": "pro" } }),
    ] {
        answers += &(tells(&site, &ada, &said).await.problem() + "\n");
    }
    expect![[r#"
        403 This conversation is another customer's. Open a new one with POST /v1/conversations.
        422 proof: this is no JSON Web Token; sign one with HS256.
        422 facts: at most 30 keys.
        422 token: what the site signs is no fact: send it as `proof`.
        422 email: this is no email address. Write it like ada@example.com.
    "#]]
    .assert_eq(&answers);
    site.web().send(Method::POST, "/v1/context", Some("cnv_x.y"), &json!({})).await.expect(401);
    site.settle().await;
    assert_eq!(card(&site, ada.number()).await, before);
}
