/**
 * Out of hours the chat becomes a ticket: it asks for an email address, which it does not ask for while somebody
 * is there; and where it closes under a customer's hands, nothing that he typed is lost. The site's hours are
 * Mo-Fr 09:00-18:00 in Madrid, and its clock stands at Thursday, 2026-01-01T00:00Z until the play moves it (`HAND`).
 */
import { Customer, check, perform, picture, scene, setting, until } from './stage.mjs';
import { HOUR, Hand } from './hand.mjs';

const SHOP = setting('SHOP_URL');

await perform('form', async (browser) => {
  const hand = new Hand();
  /** @param {string} name */
  const customer = async (name) => {
    const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, timezoneId: 'America/New_York', locale: 'en-US' });
    const it = new Customer(await context.newPage(), name);
    await hand.holds(it.page);
    await it.page.goto(SHOP);
    await it.opens();
    return it;
  };
  /** @param {Customer} it */
  const email = (it) => it.widget.locator('input[name=email]');

  await scene('closed: the address is asked for, and the number is there at once', async () => {
    const ada = await customer('Ada');
    await ada.widget.locator('.topics button').first().click();
    await email(ada).waitFor();
    await email(ada).press('Enter');
    check(!(await ada.field.isVisible()), 'without an address it does not go on');
    await picture(ada.page, 'asks');
    await email(ada).fill('ada@example.com');
    await email(ada).press('Enter');
    await ada.writes('My export hangs');
    await ada.learns('My export hangs', 'Delivered');
    await ada.widget.getByText(/Ticket #1001: you have an answer by/).waitFor();
    await picture(ada.page, 'ticket');
  });

  await scene('open: nobody is asked; and it closes while he types', async () => {
    // Thursday 10:00 in Madrid.
    await hand.moves(9 * HOUR);
    const bo = await customer('Bo');
    await bo.widget.locator('.topics button').first().click();
    await bo.field.waitFor();
    await bo.field.fill('My invoice is wr');
    // Thursday 19:00.
    await hand.moves(9 * HOUR, bo.page);
    await bo.field.pressSequentially('ong');
    await bo.field.press('Enter');
    await bo.widget.getByText(/Your message is kept/).waitFor();
    await picture(bo.page, 'asks later');
    await bo.widget.locator('.topics button').first().click();
    await email(bo).waitFor();
    await email(bo).fill('bo@example.com');
    await email(bo).press('Enter');
    await bo.learns('My invoice is wrong', 'Delivered');
    await until('it is a ticket', () => bo.widget.getByText(/Ticket #1002: you have an answer by/).isVisible());
    check((await bo.widget.getByText('My invoice is wrong').count()) === 1, 'it was sent once');
    check(bo.complaints.filter((it) => !/422/.test(it)).length === 0, `the page complains: ${bo.complaints}`);
  });
});
