/**
 * A customer whom the site vouches for: on a second device he finds his conversations, on a shared one
 * he leaves nothing behind, and what the site says later is on the card.
 */
import { AXE, accessible } from './axe.mjs';
import { Customer, Desk, check, perform, picture, scene, setting, signed, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');
const PRACTICE = setting('PRACTICE_URL');

const ADA = { sub: 'ü-7', name: 'Ada King', email: 'ada@shop.example' };

await perform('identity', async (browser) => {
  /**
   * A browser, and what the site's pages say in it.
   *
   * @param {string} name
   */
  const arrives = async (name) => {
    const context = await browser.newContext({ viewport: { width: 900, height: 760 }, reducedMotion: 'reduce' });
    await context.addInitScript(AXE);
    return new Customer(await context.newPage(), name);
  };
  /**
   * Opens the page, which says this before the chat is there.
   *
   * @param {Customer} customer
   * @param {object} said
   */
  const visits = async (customer, said) => {
    await customer.page.goto(SHOP);
    await customer.launcher.waitFor();
    await says(customer, said);
  };
  /**
   * @param {Customer} customer
   * @param {object} said
   */
  const says = (customer, said) => customer.page.evaluate((it) => /** @type {any} */ (globalThis).Threadline.identify(it), said);
  /** @param {Customer} customer */
  const mine = (customer) => customer.widget.locator('.mine li button');
  /** @param {Customer} customer */
  const topics = (customer) => customer.widget.locator('ul[aria-labelledby=topics] button');
  /** @param {Customer} customer */
  const kept = (customer) => customer.page.evaluate(() => JSON.stringify(localStorage));

  const ada = await arrives('Ada King');
  const phone = await arrives('Ada on her phone');
  const desk = new Desk(await (await browser.newContext({ viewport: { width: 1100, height: 760 } })).newPage(), 'Grace');
  const card = async () => (await desk.page.locator('.root').first().innerText()) + (await desk.page.locator('.small-print').allTextContents()).join('\n');

  await scene('whom the site vouches for is not asked who he is, and the card says verified', async () => {
    await visits(ada, { token: signed(ADA), campaignId: 'cp100' });
    await ada.opens();
    await topics(ada).first().click();
    check((await ada.widget.getByLabel('Campaign ID').inputValue()) === 'cp100', 'the page’s fact answers the topic’s field');
    check((await ada.widget.locator('.field input').count()) === 1, 'nothing else is asked');
    await ada.widget.locator('.go').click();
    await ada.writes('My export hangs');
    await ada.learns('My export hangs', 'Delivered to the team');
    await desk.opens('Ada King');
    await until('the card says verified', async () => (await card()).includes('verified: ü-7'));
    await picture(desk.page, 'verified');
  });

  await scene('what the page says later is on the card, and a removed fact is gone from it', async () => {
    await says(ada, { plan: 'pro', seats: 3 });
    await until('the card has the plan', async () => (await card()).includes('plan = pro, seats = 3'));
    await says(ada, { seats: null });
    await until('the seats are gone', async () => !(await card()).includes('seats'));
  });

  await scene('on another device he finds the conversation, by keyboard, and goes on with it', async () => {
    await desk.writes('Looking into it');
    await desk.writes('Found it: **the list** was too long');
    await ada.reads('Found it');
    await desk.learns('Found it', 'seen');
    await ada.page.goto('about:blank');
    await desk.writes('One more thing: does it work now?');
    await until('it is not held any more', async () => {
      const headers = { authorization: `Bearer ${signed(ADA)}` };
      const answer = await fetch(new URL('/v1/conversations', SHOP), { headers });
      return (await answer.json()).conversations[0].unread === 1;
    });
    await visits(phone, { token: signed(ADA) });
    await phone.opens();
    await mine(phone).first().waitFor();
    const words = await mine(phone).first().innerText();
    check(words.includes('Technical Issues') && words.includes('Grace: One more thing'), `the list says what it is about: ${words}`);
    check((await mine(phone).first().locator('.unread').textContent()) === '1 unread', `it says that one is unread: ${words}`);
    await accessible(phone.page, 'a list of conversations');
    await phone.page.setViewportSize({ width: 320, height: 568 });
    await accessible(phone.page, 'a list of conversations, 320 px');
    await phone.page.setViewportSize({ width: 900, height: 760 });
    await mine(phone).first().focus();
    await phone.page.keyboard.press('Enter');
    await phone.reads('Looking into it');
    await desk.learns('One more thing', 'seen');
    await until('the keyboard is where one writes', () => phone.field.evaluate((field) => field === /** @type {ShadowRoot} */ (field.getRootNode()).activeElement));
    await phone.writes('It works, thank you');
    await phone.learns('It works, thank you', 'Delivered to the team');
    await desk.sees('It works, thank you');
  });

  await scene('the first device has it all when it is back', async () => {
    await visits(ada, { token: signed(ADA) });
    await until('the chat has come by itself', () => ada.page.evaluate(() => Boolean(document.querySelector('threadline-chat')?.shadowRoot?.querySelector('.panel'))));
    if (!(await ada.panel.isVisible())) await ada.opens();
    await ada.reads('It works, thank you');
  });

  await scene('he goes back to the list and begins another conversation', async () => {
    await phone.widget.getByRole('button', { name: 'Back' }).click();
    await until('nothing is unread any more', async () => !(await phone.widget.locator('.mine .unread').count()) && (await mine(phone).count()) === 1);
    await topics(phone).nth(1).click();
    await phone.writes('Where is my invoice?');
    await phone.learns('Where is my invoice?', 'Delivered to the team');
    check((await phone.bubbles.count()) === 1, 'it is a conversation of its own');
    await phone.widget.getByRole('button', { name: 'Back' }).click();
    await until('both are listed, the liveliest first', async () => (await mine(phone).allInnerTexts()).length === 2);
    check((await mine(phone).first().innerText()).includes('You: Where is my invoice?'), 'the last word is his');
    await picture(phone.page, 'two-conversations');
    await mine(phone).nth(1).click();
    await phone.reads('My export hangs');
    await desk.page.goto(PRACTICE);
    await until('the desk has his signed name', async () => (await desk.page.locator('#threads button', { hasText: 'Ada King' }).count()) === 2);
  });

  await scene('who signs out leaves nothing behind', async () => {
    await phone.field.fill('a draft that is nobody else’s business');
    await says(phone, { token: null });
    await until('the topics are there', () => topics(phone).first().isVisible());
    check((await mine(phone).count()) === 0 && (await phone.bubbles.count()) === 0, 'no conversation is there');
    const left = await kept(phone);
    for (const word of ['cnv_', 'draft', 'ada@', 'export']) check(!left.includes(word), `nothing is kept of it: ${left}`);
    check(!(await ada.page.evaluate(() => JSON.stringify(localStorage))).includes('eyJ'), 'a token of the site’s is kept nowhere');
  });

  await scene('another customer at the same computer sees nothing of the one before', async () => {
    await ada.page.goto('about:blank');
    await visits(ada, { token: signed({ sub: 'u-8', name: 'Eve', email: 'eve@shop.example' }) });
    if (!(await ada.panel.isVisible())) await ada.opens();
    await topics(ada).first().waitFor();
    await until('nothing is kept', async () => !(await kept(ada)).includes('cnv_'));
    check((await mine(ada).count()) === 0 && (await ada.bubbles.count()) === 0, 'no conversation is there');
  });

  await scene('a token that proves nothing keeps nobody from writing, and the console says why', async () => {
    const bob = await arrives('Bob');
    /** @type {string[]} */
    const warnings = [];
    bob.page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
    await visits(bob, { token: signed({ sub: 'u-9', exp: 1, name: 'Bob', email: 'bob@shop.example' }) });
    await bob.opens();
    await topics(bob).nth(1).click();
    await bob.writes('Hello');
    // What the token said does not count, so he is asked after all.
    await bob.introduces({ topic: 1, email: 'bob@example.com' });
    await bob.learns('Hello', 'Delivered to the team');
    check(warnings.some((text) => text.includes('has expired')), `the developers are told: ${warnings}`);
    await desk.opens('Bob');
    await until('the card says not verified', async () => (await card()).includes('not verified'));
    // The browser itself tells of answers that refuse.
    const rest = bob.complaints.filter((text) => !text.includes('Failed to load resource'));
    check(rest.length === 0, `the browser complains: ${rest}`);
  });

  for (const customer of [ada, phone]) check(customer.complaints.length === 0, `the browser complains: ${customer.complaints}`);
});
