/**
 * What the page knows and what the topic asks for, on their way to the card at the practice desk.
 */
import { Customer, check, perform, picture, scene, setting, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');
const PRACTICE = setting('PRACTICE_URL');

await perform('context', async (browser) => {
  const desk = await (await browser.newContext({ viewport: { width: 1100, height: 760 } })).newPage();
  const context = await browser.newContext({ viewport: { width: 900, height: 760 }, locale: 'de-AT', timezoneId: 'Asia/Kolkata' });
  const ada = new Customer(await context.newPage(), 'Ada');
  /** @type {string[]} */
  const warnings = [];
  ada.page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));

  /** @param {string} label */
  const field = (label) => ada.widget.getByLabel(label);
  /** @param {string} label */
  const shown = (label) => desk.locator('.root dl div', { hasText: label }).locator('dd');

  await scene('what the page said before the script is heard, and its mistakes are told', async () => {
    await ada.page.addInitScript(() => {
      const here = /** @type {any} */ (globalThis);
      here.Threadline = [{ campaignId: 'cp100', plan: 'pro', basket: { items: 3 }, note: 'x'.repeat(501) }];
    });
    await ada.page.goto(SHOP);
    await ada.opens();
    await ada.widget.locator('.topics button').nth(1).click();
    await field('Your email').waitFor();
    check((await field('Campaign ID').inputValue()) === 'cp100', 'what the page knows is filled in');
    await until('two mistakes are told', () => warnings.length === 2);
    check(warnings[0] === 'Threadline leaves out “basket”: it is no text, number or boolean.', warnings[0]);
    check(warnings[1] === 'Threadline leaves out “note”: it is longer than 500 characters.', warnings[1]);
    await picture(ada.page, 'fields');
  });

  await scene('answers are checked before anything is sent, in words', async () => {
    await field('Your email').fill('ada@example.com');
    await field('Campaign ID').fill('Summer sale');
    await ada.widget.locator('.go').click();
    await ada.widget.getByText('A campaign id begins with cp.').waitFor();
    check(await field('Campaign ID').evaluate((input) => input === /** @type {ShadowRoot} */ (input.getRootNode()).activeElement), 'the keyboard is at the mistake');
    check((await field('Campaign ID').getAttribute('aria-invalid')) === 'true', 'a reader hears of the mistake');
    await picture(ada.page, 'field-wrong');
    await field('Campaign ID').fill('cp200');
    await field('Who is affected?').selectOption('My whole team');
    await field('Steps').fill('1. Open the list\n2. Press *Export*');
    await ada.widget.locator('.go').click();
    await ada.field.waitFor();
  });

  await scene('the card has it all', async () => {
    await ada.writes('My export hangs');
    await ada.learns('My export hangs', 'Delivered to the team');
    await desk.goto(PRACTICE);
    await desk.locator('#threads button').first().click();
    await desk.locator('.root').waitFor();
    await picture(desk, 'card');
    const link = shown('Campaign ID').getByRole('link', { name: 'cp200' });
    check((await link.getAttribute('href')) === 'https://app.example.com/campaigns/cp200', 'the answer is a link');
    check((await shown('Who is affected?').textContent()) === 'My whole team', 'the choice is there');
    check((await desk.locator('.root .long').innerText()).includes('2. Press *Export*'), 'the steps are there');
    const small_print = (await desk.locator('.small-print').allTextContents()).join('\n');
    for (const words of ['plan = pro', 'Chrome', 'German (AT)', 'UTC+5:30']) {
      check(small_print.includes(words), `the card says “${words}”: ${small_print}`);
    }
  });

  await scene('who is known already is not asked', async () => {
    const eve = new Customer(await (await browser.newContext()).newPage(), 'Eve');
    await eve.page.goto(SHOP);
    await eve.launcher.waitFor();
    await eve.page.evaluate(() => /** @type {any} */ (globalThis).Threadline.identify({ name: 'Eve', email: 'eve@example.com' }));
    await eve.opens();
    await eve.widget.locator('.topics button').nth(0).click();
    await eve.field.waitFor();
    await eve.writes('Hello');
    await eve.learns('Hello', 'Delivered to the team');
    await until('the desk has her name', () => desk.locator('#threads button', { hasText: 'Eve' }).isVisible());
    check(eve.complaints.length === 0, `the browser complains: ${eve.complaints}`);
  });

  check(ada.complaints.length === 0, `the browser complains: ${ada.complaints}`);
});
