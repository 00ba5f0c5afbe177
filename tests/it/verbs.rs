//! What agents do to conversations: the same words do the same at every desk, to everybody's eyes.

use crate::house::{Customer, DeskKind, House, Setup, Site, until};
use expect_test::expect;
use serde_json::json;

desk_plays! {
    every_verb_does_the_same_at_every_desk,
    of_two_who_claim_at_once_one_has_it,
    what_looks_like_a_verb_never_reaches_the_customer,
    a_resolved_conversation_is_rated_and_comes_back,
    a_team_has_its_own_words,
}
plays! { a_click_is_done_once }

/// How a conversation stands when the verb comes.
const STANDINGS: [(&str, &[&str]); 3] =
    [("waiting", &[]), ("of Grace", &["!claim"]), ("resolved", &["Try again", "!resolve"])];
const VERBS: [&str; 15] = [
    "!claim",
    "!release",
    "!assign me",
    "!assign Alan",
    "!assign Nobody",
    "!note she is in a hurry",
    "!topic billing",
    "!topic cooking",
    "!resolve",
    "!resolve silently",
    "!reopen",
    "!retry",
    "!ticket",
    "!calim",
    "!release it",
];

async fn every_verb_does_the_same_at_every_desk(house: House, desk: DeskKind) {
    let site = house.open(Setup { by_hand: true, ..Setup::at(desk) }).await;
    let mut customers: Vec<Customer> = Vec::new();
    for number in 0..STANDINGS.len() * VERBS.len() {
        let customer = site.customer(&format!("Customer {number}")).await;
        customer.writes("My export hangs").await;
        customers.push(customer);
    }
    site.settle().await;
    let (grace, alan) = (site.agent("Grace"), site.agent("Alan"));
    for (at, customer) in customers.iter().enumerate() {
        // The desk knows who has ever written there.
        alan.writes(customer, "// Alan was here").await;
        for text in STANDINGS[at / VERBS.len()].1 {
            grace.writes(customer, text).await;
        }
    }
    site.settle().await;
    let before: Vec<usize> = lines_of(&site, &customers).await.iter().map(Vec::len).collect();
    let mut table = String::new();
    for (at, customer) in customers.iter().enumerate() {
        alan.writes(customer, VERBS[at % VERBS.len()]).await;
    }
    site.settle().await;
    let after = lines_of(&site, &customers).await;
    for (at, customer) in customers.iter().enumerate() {
        if at % VERBS.len() == 0 {
            table.push_str(&format!("{}\n", STANDINGS[at / VERBS.len()].0));
        }
        let said = after[at][before[at] + 1..].join(" | ");
        table.push_str(&format!("  {}: {} | {said}\n", VERBS[at % VERBS.len()], site.desk().card(customer).await));
        assert!(customer.page().texts("agent").iter().all(|text| text == "Try again"), "{}", customer.sees());
    }
    expect![[r#"
        waiting
          !claim: Waiting for an answer · Alan has it | Threadline: Alan has this conversation now.
          !release: Waiting for an answer | (to Alan alone: Nobody has this conversation, so there is nothing to let go.)
          !assign me: Waiting for an answer · Alan has it | Threadline: Alan has this conversation now.
          !assign Alan: Waiting for an answer · Alan has it | Threadline: Alan has this conversation now.
          !assign Nobody: Waiting for an answer | (to Alan alone: Nobody called “Nobody” is known here. Mention the person, as in !assign @Grace, or write !assign me to take it yourself.)
          !note she is in a hurry: Waiting for an answer | 
          !topic billing: Waiting for an answer | Threadline: Alan changed the topic to Billing Questions.
          !topic cooking: Waiting for an answer | (to Alan alone: There is no topic “cooking”. The topics are Technical Issues, Billing Questions.)
          !resolve: Resolved by Alan | Threadline: Alan resolved this conversation. The customer is asked how it was.
          !resolve silently: Resolved by Alan | Threadline: Alan resolved this conversation.
          !reopen: Waiting for an answer | (to Alan alone: This conversation is open.)
          !retry: Waiting for an answer | (to Alan alone: There is nothing to try again: it is on its way, or it has arrived.)
          !ticket: Waiting for an answer · Ticket due | Threadline: Alan made this a ticket. The customer reads that there is an answer by Fri 2 Jan 00:00 (UTC).
          !calim: Waiting for an answer | (to Alan alone: Nothing was done, and nothing was sent to the customer: !calim looks like !claim. If the customer should read it, send it again with a blank after the !.)
          !release it: Waiting for an answer | (to Alan alone: Nothing was done, and nothing was sent to the customer: !release stands alone, with nothing after it.)
        of Grace
          !claim: Waiting for an answer · Grace has it | (to Alan alone: Grace was first and has this conversation. Thank you for being there! To take it over, write !assign me.)
          !release: Waiting for an answer | Threadline: Alan released this conversation from Grace.
          !assign me: Waiting for an answer · Alan has it | Threadline: Alan took this conversation over from Grace.
          !assign Alan: Waiting for an answer · Alan has it | Threadline: Alan took this conversation over from Grace.
          !assign Nobody: Waiting for an answer · Grace has it | (to Alan alone: Nobody called “Nobody” is known here. Mention the person, as in !assign @Grace, or write !assign me to take it yourself.)
          !note she is in a hurry: Waiting for an answer · Grace has it | 
          !topic billing: Waiting for an answer · Grace has it | Threadline: Alan changed the topic to Billing Questions.
          !topic cooking: Waiting for an answer · Grace has it | (to Alan alone: There is no topic “cooking”. The topics are Technical Issues, Billing Questions.)
          !resolve: Resolved by Alan · Grace has it | Threadline: Alan resolved this conversation. The customer is asked how it was.
          !resolve silently: Resolved by Alan · Grace has it | Threadline: Alan resolved this conversation.
          !reopen: Waiting for an answer · Grace has it | (to Alan alone: This conversation is open.)
          !retry: Waiting for an answer · Grace has it | (to Alan alone: There is nothing to try again: it is on its way, or it has arrived.)
          !ticket: Waiting for an answer · Ticket due · Grace has it | Threadline: Alan made this a ticket. The customer reads that there is an answer by Fri 2 Jan 00:00 (UTC).
          !calim: Waiting for an answer · Grace has it | (to Alan alone: Nothing was done, and nothing was sent to the customer: !calim looks like !claim. If the customer should read it, send it again with a blank after the !.)
          !release it: Waiting for an answer · Grace has it | (to Alan alone: Nothing was done, and nothing was sent to the customer: !release stands alone, with nothing after it.)
        resolved
          !claim: Resolved by Grace · Alan has it | Threadline: Alan has this conversation now.
          !release: Resolved by Grace | (to Alan alone: Nobody has this conversation, so there is nothing to let go.)
          !assign me: Resolved by Grace · Alan has it | Threadline: Alan has this conversation now.
          !assign Alan: Resolved by Grace · Alan has it | Threadline: Alan has this conversation now.
          !assign Nobody: Resolved by Grace | (to Alan alone: Nobody called “Nobody” is known here. Mention the person, as in !assign @Grace, or write !assign me to take it yourself.)
          !note she is in a hurry: Resolved by Grace | 
          !topic billing: Resolved by Grace | Threadline: Alan changed the topic to Billing Questions.
          !topic cooking: Resolved by Grace | (to Alan alone: There is no topic “cooking”. The topics are Technical Issues, Billing Questions.)
          !resolve: Resolved by Grace | (to Alan alone: Grace resolved this conversation already. !reopen opens it again.)
          !resolve silently: Resolved by Grace | (to Alan alone: Grace resolved this conversation already. !reopen opens it again.)
          !reopen: Waiting for an answer | Threadline: Alan opened this conversation again.
          !retry: Resolved by Grace | (to Alan alone: There is nothing to try again: it is on its way, or it has arrived.)
          !ticket: Resolved by Grace | (to Alan alone: Grace resolved this conversation already. !reopen opens it again.)
          !calim: Resolved by Grace | (to Alan alone: Nothing was done, and nothing was sent to the customer: !calim looks like !claim. If the customer should read it, send it again with a blank after the !.)
          !release it: Resolved by Grace | (to Alan alone: Nothing was done, and nothing was sent to the customer: !release stands alone, with nothing after it.)
    "#]].assert_eq(&table);
}

async fn lines_of(site: &Site, customers: &[Customer]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for customer in customers {
        all.push(site.thread(customer).await.lines().map(|line| line.trim().to_string()).collect());
    }
    all
}

async fn of_two_who_claim_at_once_one_has_it(house: House, desk: DeskKind) {
    let site = house.open(Setup { mode: "claimed", ..Setup::at(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, alan) = (site.agent("Grace"), site.agent("Alan"));
    tokio::join!(grace.writes(&ada, "!claim"), alan.writes(&ada, "!claim"));
    site.settle().await;
    let thread = site.thread(&ada).await;
    let (first, other) =
        if thread.contains("Grace has this conversation now") { ("Grace", "Alan") } else { ("Alan", "Grace") };
    assert_eq!(thread.matches("has this conversation now").count(), 1, "{thread}");
    assert!(thread.contains(&format!("(to {other} alone: {first} was first and has this conversation.")), "{thread}");
    assert_eq!(site.desk().card(&ada).await, format!("Waiting for an answer · {first} has it"));
}

async fn what_looks_like_a_verb_never_reaches_the_customer(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    for text in ["!calim", "!resolve it", "!escalate", "!important: save first", "! claim"] {
        grace.writes(&ada, text).await;
        site.settle().await;
    }
    expect![[r#"
        me: My export hangs (sent)
        Grace: !important: save first
        Grace: ! claim
    "#]]
    .assert_eq(&ada.sees());
}

async fn a_team_has_its_own_words(house: House, desk: DeskKind) {
    let verbs = "claim = \"mine\"\nescalate = \"raise\"\nassign = false\nbook = false\ncall = \"book\"";
    let site = house.open(Setup { mode: "claimed", verbs, ..Setup::at(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, alan) = (site.agent("Grace"), site.agent("Alan"));
    for text in ["!claim", "!mien", "!Mine", "!assign me", "!raise", "!escalate", "!book", "On it"] {
        grace.writes(&ada, text).await;
        site.settle().await;
    }
    alan.writes(&ada, "!mine").await;
    site.settle().await;
    alan.writes(&ada, "Me too").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !claim
          Grace: !mien
          Grace: !Mine
          Threadline: Grace has this conversation now.
          Grace: !assign me
          Grace: !raise
          Grace: !escalate
          Grace: !book
          Grace: On it ✓
          Alan: !mine
          Alan: Me too
          (to Grace alone: Nothing was done, and nothing was sent to the customer: here it is called !mine.)
          (to Grace alone: Nothing was done, and nothing was sent to the customer: !mien looks like !mine. If the customer should read it, send it again with a blank after the !.)
          (to Grace alone: Nothing was done, and nothing was sent to the customer: !assign is switched off in this Threadline.)
          (to Grace alone: Nobody was asked: the operator of this Threadline has named nobody who could be ([[tier]] in the configuration).)
          (to Grace alone: Nothing was done, and nothing was sent to the customer: here it is called !raise.)
          (to Grace alone: Nothing was done, and nothing was sent to the customer: !book is not switched on yet: this version of Threadline cannot do it.)
          (to Alan alone: Grace was first and has this conversation. Thank you for being there!)
          (to Alan alone: Nothing was sent to the customer: Grace has this conversation.)
    "#]].assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        Grace: On it
    "#]]
    .assert_eq(&ada.sees());
}

async fn a_resolved_conversation_is_rated_and_comes_back(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let rate = async |key: &str, score: i64, comment: &str| {
        let rating = json!({ "key": key, "score": score, "comment": comment });
        site.web().send(http::Method::POST, "/v1/rating", Some(ada.token()), &rating).await
    };
    assert!(rate("rating-1", 5, "").await.problem().starts_with("409 "));
    // How it stands has no number of its own: the page hears of it when the table was read.
    let stands = async |name: &str, value: serde_json::Value| {
        until(&format!("{name} is {value}"), async || ada.page().standing[name] == value).await;
    };
    site.agent("Grace").writes(&ada, "!resolve").await;
    site.settle().await;
    stands("rating", json!("wanted")).await;
    expect![[r#"
        me: My export hangs (sent)
        resolved by Grace, rating wanted
    "#]]
    .assert_eq(&ada.sees());
    for _ in 0..2 {
        assert_eq!(rate("rating-2", 4, "Quick").await.status, 204);
    }
    site.settle().await;
    stands("score", json!(4)).await;
    assert_eq!(site.desk().card(&ada).await, "Resolved by Grace ★★★★☆");
    expect![[r#"
        me: My export hangs (sent)
        resolved by Grace, rating 4
    "#]]
    .assert_eq(&ada.sees());
    let polled = site.web().get("/v1/messages", Some(ada.token())).await.expect(200);
    assert_eq!((&polled["standing"]["score"], &polled["standing"]["resolved_by"]), (&json!(4), &json!("Grace")));
    ada.writes("It hangs again").await;
    site.settle().await;
    stands("state", json!("open")).await;
    expect![[r#"
        me: My export hangs (sent)
        me: It hangs again (sent)
    "#]]
    .assert_eq(&ada.sees());
    assert_eq!(site.desk().card(&ada).await, "Waiting for an answer");
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !resolve
          Threadline: Grace resolved this conversation. The customer is asked how it was.
          Threadline: The customer gives ★★★★☆ and says: Quick
          Ada (customer): It hangs again
          Threadline: The customer wrote again, so this resolved conversation is open again.
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn a_click_is_done_once(house: House) {
    let site = house.open(Setup::at(DeskKind::Practice)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let path = format!("/practice/api/threads/{}/deeds", ada.number());
    let click = async |key: &str, agent: &str, verb: &str| {
        let done = json!({ "key": key, "agent": agent, "verb": verb });
        let answer = site.web().send(http::Method::POST, &path, None, &done).await;
        // What waits together is one post.
        site.settle().await;
        answer
    };
    assert_eq!(click("click-01", "Grace", "claim").await.status, 204);
    assert_eq!(click("click-02", "Alan", "release").await.status, 204);
    assert_eq!(click("click-01", "Grace", "claim").await.status, 204);
    assert_eq!(click("click-03", "Alan", "note She is in a hurry").await.status, 204);
    assert_eq!(click("click-04", "Alan", "claim").await.status, 204);
    for wrong in ["dance", "snooze", "assign", "claim it"] {
        assert!(click("click-05", "Alan", wrong).await.problem().starts_with("422 "), "{wrong}");
    }
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Threadline: Grace has this conversation now.
          Threadline: Alan released this conversation from Grace.
          Threadline: Note by Alan, which the customer does not see:
            She is in a hurry
          Threadline: Alan has this conversation now.
    "#]]
    .assert_eq(&site.thread(&ada).await);
}
