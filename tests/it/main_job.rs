//! The main job: what a customer writes is in the thread, what an agent answers is on the page, with
//! receipts on both sides.

use crate::house::{DeskKind, House, NewCustomer, Setup};
use expect_test::expect;

desk_plays! {
    both_ways_with_receipts,
    what_agents_format_is_formatted_on_the_page,
    two_customers_have_two_threads,
    a_customer_without_a_name,
}
plays! { the_card_in_slack, the_card_at_the_practice_desk }

async fn both_ways_with_receipts(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    ada.looks().await;
    ada.writes("Thank you").await;
    site.settle().await;
    grace.writes(&ada, "It is done").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Looking into it ✓ 👁
          Ada (customer): Thank you
          Grace: It is done ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
        me: Thank you (sent)
        Grace: It is done
    "#]]
    .assert_eq(&ada.sees());
}

async fn what_agents_format_is_formatted_on_the_page(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("How do I *export* <b>this</b>?").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "First *bold*, _italic_, ~gone~ and `code`").await;
    grace.writes(&ada, "- open the list\n- press Export").await;
    grace.writes(&ada, "1. one\n2. two").await;
    grace.writes(&ada, "> you wrote\nand I answer").await;
    grace.writes(&ada, "```\nlet x = *y; // <b>\n```").await;
    grace.writes(&ada, "See https://example.com/help?a=1&b=2 and <script>alert(1)</script>").await;
    site.settle().await;
    expect![[r#"
        me: How do I *export* <b>this</b>? (sent)
        Grace: First *bold*, _italic_, ~gone~ and `code`
        Grace: • open the list
            • press Export
        Grace: 1. one
            2. two
        Grace: > you wrote
            and I answer
        Grace: ```
            let x = *y; // <b>
            ```
        Grace: See [https://example.com/help?a=1&b=2](https://example.com/help?a=1&b=2) and <script>alert(1)</script>
    "#]]
    .assert_eq(&ada.sees());
}

async fn two_customers_have_two_threads(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    ada.writes("Ada's first").await;
    bob.writes("Bob's first").await;
    site.settle().await;
    ada.writes("Ada's second").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&bob, "for Bob").await;
    grace.writes(&ada, "for Ada").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): Ada's first
          Ada (customer): Ada's second
          Grace: for Ada ✓
        #1002 · Technical Issues
          Bob (customer): Bob's first
          Grace: for Bob ✓
    "#]]
    .assert_eq(&(site.thread(&ada).await + &site.thread(&bob).await));
    assert_eq!(
        (ada.page().texts("agent"), bob.page().texts("agent")),
        (vec!["for Ada".into()], vec!["for Bob".into()])
    );
    assert!(!ada.page().ever_got("Bob") && !bob.page().ever_got("Ada"));
}

async fn a_customer_without_a_name(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let nobody = site.new_customer(NewCustomer { name: None, topic: "billing", ..NewCustomer::named("") }).await;
    nobody.writes("Is anybody there?").await;
    site.settle().await;
    expect![[r#"
        #1001 · Billing Questions
          Customer: Is anybody there?
    "#]]
    .assert_eq(&site.thread(&nobody).await);
}

async fn the_card_in_slack(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
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
          Grace: Looking into it ✓
    "#]]
    .assert_eq(&site.slack().transcript());
}

async fn the_card_at_the_practice_desk(house: House) {
    let site = house.open(Setup { by_hand: true, ..Setup::at(DeskKind::Practice) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let thread = site.web().get("/practice/api/threads/1001", None).await.expect(200);
    expect![[r##"{"buttons":[{"asks":null,"label":"Claim","verb":"claim"},{"asks":null,"label":"Resolve","verb":"resolve"}],"fields":[{"label":"Customer","text":"Ada"},{"label":"Email","text":"ada@example.com"},{"href":"https://shop.example.com/exports","label":"Page","text":"https://shop.example.com/exports","title":"Exports"}],"holder":null,"more":[{"asks":"person","label":"Assign…","verb":"assign"},{"asks":"note","label":"Note…","verb":"note"},{"asks":null,"label":"Make a ticket","verb":"ticket"},{"asks":"topic","label":"Topic…","verb":"topic"},{"asks":null,"label":"Help","verb":"help"}],"replies":[],"small_print":[],"standing":"Waiting for an answer","texts":[],"ticket":null,"time":{"at":1767225600000,"before":"since"},"title":"#1001 · Technical Issues","topics":["Technical Issues","Billing Questions"]}"##]].assert_eq(&thread["posts"][0]["card"].to_string());
    let threads = site.web().get("/practice/api/threads", None).await.expect(200);
    assert_eq!(
        (&threads["threads"][0]["last_line"], &threads["threads"][0]["unanswered"]),
        (&"My export hangs".into(), &true.into())
    );
}
