/**
 * When customers are answered, as the chat says it in their own time: closed, open, and turning from one to
 * the other under their hands. The site's hours are Mo-Fr 09:00-18:00 in Madrid, and its clock stands at
 * Thursday, 2026-01-01T00:00Z until the play moves it (`HAND`).
 */
import { Customer, check, perform, picture, scene, setting, until } from './stage.mjs';
import { HOUR, Hand } from './hand.mjs';

const SHOP = setting('SHOP_URL');

await perform('hours', async (browser) => {
  const hand = new Hand();
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, timezoneId: 'America/New_York', locale: 'en-US' });
  const ada = new Customer(await context.newPage(), 'Ada');
  await hand.holds(ada.page);
  const line = ada.widget.locator('.hours');
  /** @param {string} words */
  const says = (words) => until(`the chat says “${words}”`, async () => ((await line.textContent()) ?? '').replaceAll('\u202f', ' ') === words);

  await scene('closed: since when, and by when there is an answer, in the time of New York', async () => {
    await ada.page.goto(SHOP);
    await ada.opens();
    await says('Closed now. We are back Thursday 3:00 AM. Write to us, and you have an answer by Thursday 12:00 PM your time.');
    check((await line.getAttribute('role')) === 'status', 'a screen reader hears of it');
    await picture(ada.page, 'closed');
  });

  await scene('it opens while the customer writes, and nothing typed is lost', async () => {
    await ada.introduces();
    await ada.field.fill('My export ha');
    await hand.moves(8 * HOUR, ada.page);
    await says('We are here until 12:00 PM your time.');
    check((await ada.field.inputValue()) === 'My export ha', 'what was typed is there');
    await ada.field.pressSequentially('ngs');
    await ada.field.press('Enter');
    await ada.learns('My export hangs', 'Delivered to the team');
    await picture(ada.page, 'open');
  });

  await scene('it closes for the weekend while the customer writes', async () => {
    // From Thursday 08:00Z to Friday 17:00Z: the closing of Friday.
    await ada.field.fill('And another thing');
    await hand.moves(9 * HOUR, ada.page);
    await says('Closed now. We are back Friday 3:00 AM. Write to us, and you have an answer by Friday 12:00 PM your time.');
    await hand.moves(24 * HOUR, ada.page);
    await says('Closed now. We are back Monday 3:00 AM. Write to us, and you have an answer by Monday 12:00 PM your time.');
    check((await ada.field.inputValue()) === 'And another thing', 'what was typed is there');
    await ada.field.press('Enter');
    await says('Ticket #1001: you have an answer by Monday 12:00 PM your time.');
  });

  await scene('after a reload it is as true', async () => {
    await ada.page.reload();
    await ada.panel.waitFor();
    await says('Ticket #1001: you have an answer by Monday 12:00 PM your time.');
  });

  await scene('a promise that was not kept is not repeated', async () => {
    // Monday, 17:00Z: the end of the business day.
    await hand.moves(72 * HOUR, ada.page);
    await says('Ticket #1001: our answer is late. We are sorry; you are on our list.');
    check(ada.complaints.length === 0, `the page complains: ${ada.complaints}`);
  });
});
