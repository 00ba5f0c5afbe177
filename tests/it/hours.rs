//! When customers are answered, as the chat is told it: it changes as the hour strikes, and no process
//! has to be told.

use crate::house::{Base, DeskKind, House, Setup, Site, stage, until};
use expect_test::expect;
use serde_json::{Value, json};

const TOPICS: &str = "default_calendar = \"office\"\nanswer_within = \"1 business day\"\n\
                      [[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                      [[topic]]\nid = \"urgent\"\nlabel = \"Urgent\"\ncalendar = \"always\"\n\
                      [[topic]]\nid = \"billing\"\nlabel = \"Billing\"\nanswer_within = \"2 hours\"\n\
                      [calendar.always]\nzone = \"UTC\"\nhours = \"24/7\"\n\
                      [calendar.office]\nzone = \"Europe/Madrid\"\nhours = \"Mo-Fr 09:00-18:00; PH off\"\nholidays = \"ES\"\n";

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

#[test]
fn it_changes_as_the_hour_strikes() {
    stage(Base::Sqlite, async |house: House| {
        // New Year, which is a holiday.
        let site = house.open(Setup { by_hand: true, topics: TOPICS, ..Setup::at(DeskKind::Practice) }).await;
        let mut told = String::new();
        // 2 January at 08:59:59.999 and 09:00 in Madrid, then at its closing: a Friday.
        for millis in [0, 32 * HOUR - 1, 1, 9 * HOUR - 1, 1] {
            site.time_passes(millis);
            told += &availability(&site).await;
        }
        expect![[r#"
            2026-01-01 00:00:00.000, until 2026-01-02 08:00
              billing: closed; opens 2026-01-02 08:00; answer by 2026-01-02 10:00
              technical: closed; opens 2026-01-02 08:00; answer by 2026-01-02 17:00
              urgent: open
            2026-01-02 07:59:59.999, until 2026-01-02 08:00
              billing: closed; opens 2026-01-02 08:00; answer by 2026-01-02 10:00
              technical: closed; opens 2026-01-02 08:00; answer by 2026-01-02 17:00
              urgent: open
            2026-01-02 08:00:00.000, until 2026-01-02 17:00
              billing: open; closes 2026-01-02 17:00
              technical: open; closes 2026-01-02 17:00
              urgent: open
            2026-01-02 16:59:59.999, until 2026-01-02 17:00
              billing: open; closes 2026-01-02 17:00
              technical: open; closes 2026-01-02 17:00
              urgent: open
            2026-01-02 17:00:00.000, until 2026-01-05 08:00
              billing: closed; opens 2026-01-05 08:00; answer by 2026-01-05 10:00
              technical: closed; opens 2026-01-05 08:00; answer by 2026-01-05 17:00
              urgent: open
        "#]]
        .assert_eq(&told);
        // What the chat asks for at first says the same.
        let site_view = site.web().get("/v1/site", None).await.json();
        let alone = site.web().get("/v1/availability", None).await.json();
        assert_eq!(site_view["availability"], alone);
    });
}

#[test]
fn a_team_that_never_closes_has_nothing_to_say() {
    stage(Base::Sqlite, async |house: House| {
        let site = house.open(Setup::at(DeskKind::Practice)).await;
        assert_eq!(site.web().get("/v1/site", None).await.json()["availability"], Value::Null);
        let alone = site.web().get("/v1/availability", None).await.json();
        assert_eq!(alone["topics"]["technical"]["state"], "open");
    });
}

#[test]
fn the_button_that_hides_is_another_loader() {
    stage(Base::Sqlite, async |house: House| {
        let shy = house.open(Setup { widget: "when_closed = \"hide\"", ..Setup::at(DeskKind::Practice) }).await;
        let loader = |site: &Site| {
            let web = site.web().clone();
            async move { web.get("/widget.js", None).await.expect_text(200) }
        };
        assert!(loader(&shy).await.contains("/v1/availability"));
        shy.stops().await;
        let bold = house.open(Setup::at(DeskKind::Practice)).await;
        assert!(!loader(&bold).await.contains("/v1/availability"));
    });
}

async fn availability(site: &Site) -> String {
    let told = site.web().get("/v1/availability", None).await.json();
    let utc = |at: &Value, form: &str| {
        let at = chrono::DateTime::from_timestamp_millis(at.as_i64().unwrap()).unwrap();
        at.format(form).to_string()
    };
    let minute = |at: &Value| utc(at, "%Y-%m-%d %H:%M");
    let mut text = format!("{}, until {}\n", utc(&told["now"], "%Y-%m-%d %H:%M:%S%.3f"), minute(&told["changes_at"]));
    for (topic, it) in told["topics"].as_object().unwrap() {
        text += &format!("  {topic}: {}", it["state"].as_str().unwrap());
        for (key, words) in [("closes_at", "closes"), ("opens_at", "opens"), ("answer_by", "answer by")] {
            if !it[key].is_null() {
                text += &format!("; {words} {}", minute(&it[key]));
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn what_answers_usually_take_is_measured_sqlite() {
    stage(Base::Sqlite, measured);
}

#[test]
fn what_answers_usually_take_is_measured_postgres() {
    stage(Base::Postgres, measured);
}

async fn measured(house: House) {
    let site = house.open(Setup { by_hand: true, ..Setup::at(DeskKind::Practice) }).await;
    let usual = async || {
        let told = site.web().get("/v1/availability", None).await.json();
        (told["topics"]["technical"]["usual_mins"].clone(), told["topics"]["billing"]["usual_mins"].clone())
    };
    for minutes in [1, 2, 3, 30, 90] {
        let ada = site.customer("Ada").await;
        ada.writes("My export hangs").await;
        site.settle().await;
        site.time_passes(minutes * MINUTE);
        site.agent("Grace").writes(&ada, "Looking into it").await;
        site.settle().await;
        // A second answer, and a customer who is never answered, change nothing.
        site.agent("Grace").writes(&ada, "Done").await;
        site.customer("Bo").await.writes("Hello?").await;
        site.settle().await;
    }
    until("it is measured", async || {
        site.time_passes(10 * MINUTE);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        usual().await == (json!(3), Value::Null)
    })
    .await;
    // A week later it is forgotten.
    site.time_passes(8 * 24 * 60 * MINUTE);
    until("it is forgotten", async || {
        site.time_passes(10 * MINUTE);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        usual().await == (Value::Null, Value::Null)
    })
    .await;
    site.settle().await;
}
