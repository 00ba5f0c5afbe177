//! Saved replies: an agent looks at one alone, and sends it when he says so; the customer gets it once,
//! and just as it was shown.

use crate::house::{CHANNEL, DeskKind, House, NewCustomer, Setup, slack_thread, until};
use expect_test::expect;

desk_plays! {
    a_saved_reply_is_looked_at_and_sent_once,
    what_cannot_be_sent_says_why,
    pressed_twice_and_typed_it_is_one_message,
    in_mode_claimed_only_the_claimers_goes_out,
    in_mode_explicit_to_send_is_explicit,
    what_is_sent_can_be_taken_back_while_it_is_held,
    what_the_customer_says_of_himself_is_text,
    a_preview_outlives_the_process,
}
plays! { in_slack_a_menu_and_a_command_lead_to_a_preview }

const REPLIES: &[(&str, &str)] = &[
    ("hello", "Good news!\nHello *{customer.first_name|there}*, this is {agent.name}:\n- #{number}, {topic}"),
    ("late", "Sorry, {order} is late."),
    ("look", "See https://app.example.com/of/{customer.name}/now"),
];

fn setup(desk: DeskKind) -> Setup {
    Setup { replies: REPLIES, ..Setup::at(desk) }
}

async fn a_saved_reply_is_looked_at_and_sent_once(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let ada = site.customer("Ada Lovelace").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "!r").await;
    site.settle().await;
    grace.writes(&ada, "!r Hello").await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
    "#]]
    .assert_eq(&ada.sees());
    // Nobody else can send what Grace alone has seen.
    site.agent("Alan").writes(&ada, "!r send").await;
    site.settle().await;
    assert!(ada.page().texts("agent").is_empty(), "{}", ada.sees());
    for _ in 0..2 {
        grace.writes(&ada, "!r send").await;
        site.settle().await;
    }
    ada.looks().await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada Lovelace (customer): My export hangs
          Grace: !r
          Grace: !r Hello
          Alan: !r send
          Grace: !r send
          Threadline: Grace sends the customer the saved reply “hello”:
            Good news!
            Hello Ada, this is Grace:
            • #1001, Technical Issues ✓ 👁
          Grace: !r send
          (to Grace alone: Saved replies. !r name shows you alone how one would read; nothing is sent before you say so:
            • hello Good news!
            • late Sorry, {order} is late.
            • look See https://app.example.com/of/{customer.name}/now)
          (to Grace alone: So the customer would read “hello”:
            Good news!
            Hello Ada, this is Grace:
            • #1001, Technical Issues
            Nobody else sees this. !r send sends it, !r cancel does not.)
          (to Alan alone: Nothing was sent: you are looking at no saved reply here. !r name shows you one.)
          (to Grace alone: Nothing was sent: you are looking at no saved reply here. !r name shows you one.)
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        Grace: Good news!
            Hello *Ada*, this is Grace:
            • #1001, Technical Issues
    "#]]
    .assert_eq(&ada.sees());
}

async fn what_cannot_be_sent_says_why(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    for text in ["!r helo", "!r late", "!r send", "!r late order=7 of May", "!r send", "!r cancel"] {
        grace.writes(&ada, text).await;
        site.settle().await;
    }
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !r helo
          Grace: !r late
          Grace: !r send
          Grace: !r late order=7 of May
          Grace: !r send
          Threadline: Grace sends the customer the saved reply “late”:
            Sorry, 7 of May is late. ✓
          Grace: !r cancel
          (to Grace alone: Nothing was sent: there is no saved reply “helo”. Did you mean !r hello?)
          (to Grace alone: “late” cannot be sent so: a value is missing for order. It says so far:
            Sorry, {order} is late.
            Write !r late order=… with what goes there, or answer in your own words.)
          (to Grace alone: Nothing was sent: you are looking at no saved reply here. !r name shows you one.)
          (to Grace alone: So the customer would read “late”:
            Sorry, 7 of May is late.
            Nobody else sees this. !r send sends it, !r cancel does not.)
          (to Grace alone: Nothing was sent: you are looking at no saved reply here. !r name shows you one.)
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        Grace: Sorry, 7 of May is late.
    "#]]
    .assert_eq(&ada.sees());
}

async fn pressed_twice_and_typed_it_is_one_message(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "!r hello").await;
    site.settle().await;
    grace.presses_in_preview(&ada, "Send", 2).await;
    grace.writes(&ada, "!r send").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent").len(), 1, "{}", ada.sees());
    let thread = site.thread(&ada).await;
    assert_eq!(thread.matches("Threadline: Grace sends the customer").count(), 1, "{thread}");
    assert_eq!(thread.matches('✓').count(), 1, "{thread}");

    grace.writes(&ada, "!r hello").await;
    site.settle().await;
    grace.presses_in_preview(&ada, "Cancel", 1).await;
    site.settle().await;
    grace.writes(&ada, "!r send").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent").len(), 1, "{}", ada.sees());
    until("no preview is left to press", async || !grace.has_preview(&ada).await).await;
}

async fn in_mode_claimed_only_the_claimers_goes_out(house: House, desk: DeskKind) {
    let site = house.open(Setup { mode: "claimed", ..setup(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, alan) = (site.agent("Grace"), site.agent("Alan"));
    for (who, text) in [
        (&grace, "!r hello"),
        (&grace, "!r send"),
        (&alan, "!claim"),
        (&grace, "!r send"),
        (&grace, "!assign me"),
        (&grace, "!r send"),
    ] {
        who.writes(&ada, text).await;
        site.settle().await;
    }
    let thread = site.thread(&ada).await;
    let told: String =
        thread.lines().filter(|line| line.contains(" was sent")).map(|line| format!("{line}\n")).collect();
    expect![[r#"
        me: My export hangs (sent)
        Grace: Good news!
            Hello *Ada*, this is Grace:
            • #1001, Technical Issues
          (to Grace alone: Nothing was sent to the customer: here only the person who has a conversation answers it. Write !claim, then !r send.)
          (to Grace alone: Nothing was sent to the customer: Alan has this conversation. To take it over, write !assign me, then !r send.)
    "#]].assert_eq(&format!("{}{told}", ada.sees()));
}

async fn in_mode_explicit_to_send_is_explicit(house: House, desk: DeskKind) {
    let site = house.open(Setup { mode: "explicit", ..setup(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    for text in ["!r hello", "!r send", "This is for the team"] {
        grace.writes(&ada, text).await;
        site.settle().await;
    }
    expect![[r#"
        me: My export hangs (sent)
        Grace: Good news!
            Hello *Ada*, this is Grace:
            • #1001, Technical Issues
    "#]]
    .assert_eq(&ada.sees());
}

async fn what_is_sent_can_be_taken_back_while_it_is_held(house: House, desk: DeskKind) {
    let site = house.open(Setup { hold_secs: 60, by_hand: true, ..setup(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    for text in ["!r hello", "!r send", "!r cancel"] {
        site.time_passes(1_000);
        grace.writes(&ada, text).await;
        site.settle().await;
    }
    site.time_passes(60_000);
    site.settle().await;
    assert!(ada.page().texts("agent").is_empty(), "{}", ada.sees());
    assert!(!ada.page().ever_got("this is Grace"), "{}", ada.sees());
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !r hello
          Grace: !r send
          Threadline: Grace sends the customer the saved reply “hello”:
            Good news!
            Hello Ada, this is Grace:
            • #1001, Technical Issues
          Grace: !r cancel
          Threadline: Grace took the saved reply back. The customer has not seen it.
          (to Grace alone: So the customer would read “hello”:
            Good news!
            Hello Ada, this is Grace:
            • #1001, Technical Issues
            Nobody else sees this. !r send sends it, !r cancel does not.)
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

/// A name as an enemy types it.
const HOSTILE: &str = "{customer.email} <!channel> [x](javascript:alert(1)) *b* https://evil.example @here";

async fn what_the_customer_says_of_himself_is_text(house: House, desk: DeskKind) {
    let site = house.open(Setup { replies: HOSTILE_REPLIES, ..setup(desk) }).await;
    let eve = site.new_customer(NewCustomer::named(HOSTILE)).await;
    eve.writes("Hello").await;
    site.settle().await;
    let grace = site.agent("Grace");
    for name in ["plain", "look"] {
        for text in [format!("!r {name}"), "!r send".to_string()] {
            grace.writes(&eve, &text).await;
            site.settle().await;
        }
    }
    let bodies: Vec<String> =
        eve.page().messages().iter().filter(|it| it["from"] == "agent").map(|it| it["body"].to_string()).collect();
    expect![[r#"
        [{"c":[{"t":"text","v":"Dear "},{"b":1,"t":"text","v":"{customer.email} <!channel> [x](javascript:alert(1)) *b* https://evil.example @here"},{"t":"text","v":","}],"t":"p"},{"c":[{"t":"text","v":"{customer.email} <!channel> [x](javascript:alert(1)) *b* https://evil.example @here"}],"t":"quote"}]
        [{"c":[{"href":"https://app.example.com/of/%7Bcustomer.email%7D%20%3C%21channel%3E%20%5Bx%5D%28javascript%3Aalert%281%29%29%20%2Ab%2A%20https%3A%2F%2Fevil.example%20%40here/now","t":"a","v":"https://app.example.com/of/%7Bcustomer.email%7D%20%3C%21channel%3E%20%5Bx%5D%28javascript%3Aalert%281%29%29%20%2Ab%2A%20https%3A%2F%2Fevil.example%20%40here/now"}],"t":"p"}]"#]].assert_eq(&bodies.join("\n"));
    if desk == DeskKind::Slack {
        let thread = slack_thread(site.slack(), &eve).await;
        let posts = site.slack().thread(&thread.channel, &thread.ts);
        let sent: Vec<String> =
            posts.iter().filter(|post| post.is_ours).map(|post| post.json["blocks"].to_string()).collect();
        let named = |kind: &str| sent.iter().filter(|blocks| blocks.contains(&format!("\"type\":\"{kind}\""))).count();
        assert_eq!((named("broadcast"), named("user"), named("usergroup"), named("link")), (0, 0, 0, 0), "{sent:?}");
    }
}

const HOSTILE_REPLIES: &[(&str, &str)] = &[
    ("plain", "Dear *{customer.name}*,\n> {customer.name}"),
    ("look", "https://app.example.com/of/{customer.name}/now"),
];

async fn a_preview_outlives_the_process(house: House, desk: DeskKind) {
    let site = house.open(Setup { programs: 1, ..setup(desk) }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "!r hello").await;
    // Whatever the program has got to: what it took in, it goes on with.
    site.is_killed();
    site.starts().await;
    site.settle().await;
    until("a preview", async || grace.has_preview(&ada).await).await;
    site.is_killed();
    // The file says something else now; what was shown is what is sent.
    site.saves_reply("hello", "Something else");
    site.starts().await;
    site.settle().await;
    grace.writes(&ada, "!r send").await;
    site.settle().await;
    site.is_killed();
    site.starts().await;
    site.settle().await;
    grace.writes(&ada, "!r hello").await;
    site.settle().await;
    let texts = ada.page().texts("agent");
    assert_eq!(texts.len(), 1, "{}", ada.sees());
    assert!(texts[0].contains("this is Grace"), "{texts:?}");
    let thread = site.thread(&ada).await;
    assert_eq!(thread.matches("Threadline: Grace sends the customer").count(), 1, "{thread}");
    assert!(thread.contains("Something else"), "{thread}");
}

async fn in_slack_a_menu_and_a_command_lead_to_a_preview(house: House) {
    let site = house.open(setup(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let card = slack_thread(site.slack(), &ada).await.ts;
    let grace = site.slack().agent("Grace");
    assert!(grace.presses(&card, "verbs/more", "r/1001").payload().await.is_some());
    until("a form", async || site.slack().modal().is_some()).await;
    expect![[r#"
        [
          {
            "block_id": "saved",
            "element": {
              "action_id": "saved",
              "options": [
                {
                  "description": {
                    "emoji": false,
                    "text": "Good news!",
                    "type": "plain_text"
                  },
                  "text": {
                    "emoji": false,
                    "text": "hello",
                    "type": "plain_text"
                  },
                  "value": "hello"
                },
                {
                  "description": {
                    "emoji": false,
                    "text": "Sorry, {order} is late.",
                    "type": "plain_text"
                  },
                  "text": {
                    "emoji": false,
                    "text": "late",
                    "type": "plain_text"
                  },
                  "value": "late"
                },
                {
                  "description": {
                    "emoji": false,
                    "text": "See https://app.example.com/of/{customer.name}/now",
                    "type": "plain_text"
                  },
                  "text": {
                    "emoji": false,
                    "text": "look",
                    "type": "plain_text"
                  },
                  "value": "look"
                }
              ],
              "type": "static_select"
            },
            "hint": {
              "emoji": false,
              "text": "You see it as the customer would read it. Nothing is sent before you say so.",
              "type": "plain_text"
            },
            "label": {
              "emoji": false,
              "text": "Which one?",
              "type": "plain_text"
            },
            "type": "input"
          }
        ]"#]]
    .assert_eq(&format!("{:#}", site.slack().modal().unwrap()["blocks"]));
    assert!(grace.fills(&[("saved", "hello")]).payload().await.unwrap().is_null());
    site.settle().await;
    assert!(grace.presses_alone(CHANNEL, "saved/send").payload().await.is_some());
    site.settle().await;
    // A command's preview is where the command was.
    assert!(grace.commands(CHANNEL, "/threadline", "r #1001 look").payload().await.is_some());
    site.settle().await;
    let told = || site.slack().ephemerals(CHANNEL).into_iter().map(|(who, words)| format!("{who}: {words}\n"));
    expect![[r#"
        Grace: #1001: So the customer would read “look”:
        See https://app.example.com/of/Ada/now
        Nobody else sees this. !r send sends it, !r cancel does not.
    "#]]
    .assert_eq(&told().collect::<String>());
    assert!(grace.presses_alone(CHANNEL, "saved/send").payload().await.is_some());
    site.settle().await;
    until("the previews are gone", async || !told().any(|line| line.contains("would read"))).await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Good news!
            Hello *Ada*, this is Grace:
            • #1001, Technical Issues
        Grace: See [https://app.example.com/of/Ada/now](https://app.example.com/of/Ada/now)
    "#]]
    .assert_eq(&ada.sees());
}
