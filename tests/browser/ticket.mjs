/**
 * The customer's page: who comes from a letter reads his whole conversation, sees how it stands, and writes,
 * on another device and without an account. `LINK` is what a letter's link has behind its `#` for the first
 * conversation, `OTHER` for one that there is not.
 */
import { Customer, Desk, check, perform, picture, scene, setting, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');
const page_of = (/** @type {string} */ link) => `${SHOP}ticket#${link}`;

await perform('ticket', async (browser) => {
  const at_work = await browser.newContext({ viewport: { width: 1000, height: 760 }, timezoneId: 'America/New_York', locale: 'en-US' });
  const at_home = await browser.newContext({ viewport: { width: 390, height: 780 }, timezoneId: 'Asia/Tokyo', locale: 'en-US', colorScheme: 'dark' });
  const ada = new Customer(await at_work.newPage(), 'Ada');
  const grace = new Desk(await at_work.newPage(), 'Grace');
  const home = await at_home.newPage();
  /** @type {string[]} */
  const complaints = [];
  /** @type {string[]} */
  const addresses = [];
  home.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  home.on('pageerror', (error) => complaints.push(String(error)));
  home.on('request', (request) => addresses.push(request.url()));
  const state = home.locator('#state');
  const widget = home.locator('threadline-chat');
  /** @param {string | RegExp} words */
  const says = (words) => until(`the page says “${words}”`, async () => new RegExp(words).test((await state.textContent()) ?? ''));

  await scene('Ada writes at the shop', async () => {
    await ada.page.goto(SHOP);
    await ada.opens();
    await ada.introduces();
    await ada.writes('My export hangs');
    await ada.learns('My export hangs', 'Delivered');
  });

  await scene('at home she opens the link of a letter: her conversation, and how it stands', async () => {
    await home.goto(page_of(setting('LINK')));
    await widget.getByText('My export hangs').waitFor();
    await says('We have your message');
    check((await home.title()) === '#1001', 'the title is the number');
    await picture(home, 'waits');
  });

  await scene('an answer comes while she looks, and she writes back from there', async () => {
    await grace.opens('Ada');
    await grace.writes('Which browser do you use?');
    await widget.getByText('Which browser do you use?').waitFor();
    await says('We have answered, and wait for you');
    await widget.locator('textarea').fill('Firefox');
    await widget.locator('textarea').press('Enter');
    await says('We have your message');
    await ada.widget.getByText('Firefox').waitFor();
    await picture(home, 'answered');
    await home.setViewportSize({ width: 1000, height: 760 });
    await home.emulateMedia({ colorScheme: 'light' });
    await picture(home, 'wide');
  });

  await scene('after a reload it is the same, and nothing of the link was sent in an address', async () => {
    await home.reload();
    await widget.getByText('Firefox').waitFor();
    const [, signature] = setting('LINK').split('.');
    check(!addresses.some((address) => address.replace(/#.*/, '').includes(signature)), `the link is in ${addresses}`);
    check(complaints.length === 0, `the page complains: ${complaints}`);
  });

  await scene('a link that is not ours says what to do, and shows nothing', async () => {
    const [number, signature] = setting('LINK').split('.');
    for (const link of [setting('OTHER'), `${Number(number) + 1}.${signature}`, '', 'x', '%']) {
      const stranger = await (await browser.newContext()).newPage();
      await stranger.goto(page_of(link));
      await until('it says so', async () => /does not work/.test((await stranger.locator('#state').textContent()) ?? ''));
      check(!(await stranger.locator('threadline-chat .panel').isVisible().catch(() => false)), 'nothing is shown');
      if (!link) await picture(stranger, 'wrong');
      await stranger.context().close();
    }
  });
});
