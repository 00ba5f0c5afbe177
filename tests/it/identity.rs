//! Who the customer is: plays of what the site signs, of what a browser makes up, and of what the card
//! says about it.

use crate::house::{Answer, DeskKind, House, NewCustomer, SECRETS, Setup, Site, signed, signed_as, signed_with};
use expect_test::expect;
use http::Method;
use serde_json::{Value, json};

desk_plays! { the_card_says_who_is_verified }
plays! { what_proves_nothing_is_refused }

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
              Ada King (customer): It is me
            └ Threadline: #1002 · Technical Issues
                  Waiting for an answer since (a time)
                  Customer
                  Bob Email
                  bob@example.com Identity
                  verified: u-8 (name and email as typed)
              Bob (customer): Me too
            └ Threadline: #1003 · Technical Issues
                  Waiting for an answer since (a time)
                  Customer
                  Eve (verified) Email
                  eve@example.com Identity
                  not verified
                  From the page: identity = verified: u-7
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
