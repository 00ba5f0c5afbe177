/**
 * Sessions without an account: a link of the site's opens a conversation, a time is chosen by keyboard and kept
 * while one types, booked, moved and cancelled; a link of a letter leads to the same; somebody who is slower reads
 * kind words.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ LINK=1001.… node tests/browser/session.mjs
 */
import { AXE, accessible } from './axe.mjs';
import { check, perform, problem, scene, setting, until } from './stage.mjs';

await perform('session', async (browser) => {
  const context = await browser.newContext({ viewport: { width: 900, height: 900 }, timezoneId: 'Europe/Vienna', locale: 'en-GB' });
  await context.addInitScript(AXE);
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  const session = (/** @type {string} */ rest = '') => new URL(`/session${rest}`, setting('SHOP_URL')).href;
  const times = page.locator('.times button');
  const status = page.getByRole('status').first();

  await scene('who comes by a link of the site’s says who he is', async () => {
    await page.goto(session('?topic=technical'));
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Your email address').fill('ada@example.com');
    await accessible(page, 'introduction');
    await page.getByRole('button', { name: 'Choose a time' }).click();
    await until('there are times', async () => (await times.count()) > 3);
    check((await page.getByLabel('Time zone').inputValue()) === 'Europe/Vienna', 'the times are of his own clock');
    await accessible(page, 'times');
  });

  await scene('another zone and another day have other times', async () => {
    await page.locator('.days button').nth(1).click();
    await until('the day is chosen', async () => (await page.locator('.days button').nth(1).getAttribute('aria-pressed')) === 'true');
    const before = await times.first().textContent();
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
    await page.locator('.days button').nth(1).click();
    await until('there are others', async () => (await times.first().textContent()) !== before || (await page.locator('.days button').count()) > 0);
    await page.getByLabel('Time zone').selectOption('Europe/Vienna');
    await until('they are back', async () => (await page.getByLabel('Time zone').inputValue()) === 'Europe/Vienna');
  });

  await scene('somebody was faster: kind words, and other times', async () => {
    const words = 'Somebody else was a moment faster, and nobody is free then any more. Please choose another time.';
    await page.route('**/v1/session/hold', (route) => route.fulfill(problem(409, words)));
    await times.nth(2).click();
    await page.getByRole('alert').getByText('Somebody else was a moment faster').waitFor();
    check((await times.count()) > 3, 'there are still times');
    await page.unroute('**/v1/session/hold');
  });

  await scene('a time is kept while he types, and booked', async () => {
    await page.locator('.days button').nth(2).click();
    await times.nth(2).focus();
    await page.keyboard.press('Enter');
    await until('it is kept', async () => (await status.textContent())?.includes('is kept for you until'));
    await accessible(page, 'held');
    await page.getByRole('textbox', { name: 'What should we look at?' }).fill('My export hangs');
    await page.getByRole('button', { name: 'Book it' }).click();
    await until('it is booked', async () => (await status.textContent())?.startsWith('Your session with Grace'));
    check((await page.getByRole('link', { name: 'Join the session' }).getAttribute('href')) === 'https://meet.example.com/room', 'the link to join is there');
    await accessible(page, 'booked');
  });

  await scene('the link of a letter leads to it; it is moved', async () => {
    await page.goto('about:blank');
    await page.goto(session(`#${setting('LINK')}`));
    await until('it is there', async () => (await status.textContent())?.startsWith('Your session with Grace'));
    const before = await status.textContent();
    await page.getByRole('button', { name: 'Move it' }).click();
    await page.locator('.days button').nth(3).click();
    await times.nth(1).click();
    await until('it is at another time', async () => {
      const now = await status.textContent();
      return now?.startsWith('Your session with Grace') && now !== before;
    });
  });

  await scene('it is cancelled after a question, and another can be booked', async () => {
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByRole('button', { name: 'No' }).click();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await until('it is cancelled', async () => (await status.textContent())?.includes('was cancelled'));
    check((await times.count()) > 3, 'there are times again');
    await accessible(page, 'cancelled');
  });

  await scene('a link that is none says what to do', async () => {
    await page.goto('about:blank');
    await page.goto(session('#1001.aaaaaaaaaaaaaaaa'));
    await page.getByText('This link does not work.').waitFor();
  });

  check(!complaints.length, `the page has no complaint: ${complaints}`);
});
