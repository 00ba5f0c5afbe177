/**
 * Nobody is kept out: every state of the chat and of the practice desk is checked by axe in light
 * and dark, the keyboard is enough, a screen reader hears each message once, 320 px are wide enough,
 * and what a reader's system asks for (less motion, colours of its own) is honoured.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ PRACTICE_URL=http://127.0.0.1:8080/practice node tests/browser/access.mjs
 */
import { AXE, accessible, checked } from './axe.mjs';
import { Customer, Desk, check, fits, perform, picture, problem, scene, setting, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');

/** Names of this run, so that a desk with older threads disturbs nothing. */
const RUN = Date.now().toString(36);

/**
 * Writes down what a screen reader would say of itself: the text that is added inside a region which
 * is live, judged by the nearest element that says how live it is. Runs in the page.
 */
function listen() {
  /** @type {string[]} */
  const heard = [];
  const root = /** @type {ShadowRoot} */ (document.querySelector('threadline-chat')?.shadowRoot);
  new MutationObserver((changes) => {
    const added = new Set(changes.flatMap(({ addedNodes }) => [...addedNodes]));
    for (const { target, addedNodes } of changes) {
      for (const node of addedNodes) {
        // It is read with what it stands in.
        let around = node.parentNode;
        while (around && !added.has(around)) around = around.parentNode;
        if (around) continue;
        const element = node instanceof Element ? node : target;
        const region = element instanceof Element && element.closest('[aria-live], [role=status], [role=alert], [role=log]');
        if (!region || region.getAttribute('aria-live') === 'off' || !(element instanceof HTMLElement)) continue;
        // A part that is less live than what is around it is not read with it.
        const quiet = [...element.querySelectorAll('[aria-live=off], [aria-hidden=true]')].map((part) => part.textContent ?? '');
        const text = quiet.reduce((text, part) => text.replace(part, ''), node.textContent ?? '');
        if (text && !element.closest('[aria-hidden=true]')) heard.push(text);
      }
    }
  }).observe(root, { childList: true, subtree: true });
  return heard;
}

await perform('access', async (browser) => {
  /** @param {import('playwright-core').BrowserContextOptions} [options] */
  const window = async (options) => {
    const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, reducedMotion: 'reduce', ...options });
    await context.addInitScript(AXE);
    return context;
  };
  const context = await window();
  const ada = new Customer(await context.newPage(), `Ada ${RUN}`);
  const desk = new Desk(await (await window()).newPage(), 'Grace');

  await scene('the way to the first message', async () => {
    let down = true;
    await ada.page.route('**/v1/site', (route) => (down ? route.abort() : route.continue()));
    await ada.page.goto(SHOP);
    await ada.launcher.waitFor();
    await accessible(ada.page, 'closed');
    await ada.page.route('**/assets/chat*', (route) => route.abort());
    await ada.launcher.click();
    await ada.widget.getByText('could not be loaded').waitFor();
    await accessible(ada.page, 'not loaded');
    await ada.page.unroute('**/assets/chat*');
    await ada.opens();
    await until('the page says so', () => ada.widget.getByText('can’t be reached').isVisible());
    await accessible(ada.page, 'unreachable');
    down = false;
    await ada.widget.locator('.topics button').first().waitFor();
    await accessible(ada.page, 'topics');
    await ada.widget.locator('.topics button').first().click();
    await accessible(ada.page, 'introduction');
    await ada.widget.locator('.go').click();
    await ada.widget.getByText('Please write an address').waitFor();
    await accessible(ada.page, 'introduction with an error');
    await ada.introduces();
    await accessible(ada.page, 'nothing said yet');
  });

  await scene('the conversation', async () => {
    /** @type {'continue' | 'hang' | 'refuse'} */
    let fate = 'hang';
    await ada.page.route('**/v1/messages', (route) => {
      if (route.request().method() !== 'POST' || fate === 'continue') return route.continue();
      return fate === 'refuse' ? route.fulfill(problem(422, 'The message is not for us.')) : undefined;
    });
    await ada.writes('On its way');
    await ada.learns('On its way', 'Sending');
    await accessible(ada.page, 'sending');
    fate = 'refuse';
    await ada.page.reload();
    await ada.learns('On its way', 'Not sent');
    await accessible(ada.page, 'refused');
    fate = 'continue';
    await ada.widget.getByRole('button', { name: 'Retry' }).click();
    await ada.learns('On its way', 'Delivered');
    await desk.opens(ada.name);
    await desk.writes('So *sorry*, _really_ ~not~ `ok`:\n- a photo\n- the number\n> has a crack\n```\nlet a_long_line_of_code = that_does_not_fit(into_the_bubble, of_a_message);\n```\nhttps://example.com/help');
    await until('the page says that Grace is typing', () => ada.widget.getByText('Grace is typing').isVisible());
    await accessible(ada.page, 'typing');
    await ada.reads('So sorry');
    await accessible(ada.page, 'an answer');
    await ada.field.fill('x'.repeat(10_001));
    await ada.widget.getByText('1 characters too many').waitFor();
    await accessible(ada.page, 'too long');
    await ada.field.fill('');
    await context.setOffline(true);
    await until('the page says so', () => ada.widget.getByText('You are offline').isVisible());
    await accessible(ada.page, 'offline');
    await context.setOffline(false);
    await until('the page is calm again', async () => !(await ada.widget.locator('.notice').isVisible()));
    await ada.page.keyboard.press('Escape');
    await desk.writes('Are you there?');
    await until('the button counts one', async () => (await ada.widget.locator('.badge').innerText()) === '1');
    await accessible(ada.page, 'unread');
  });

  await scene('a screen reader hears each message once, and what needs a hand', async () => {
    await ada.page.reload();
    await ada.opens();
    await ada.reads('Are you there?');
    const listener = await ada.page.evaluateHandle(listen);
    await ada.writes('Heard once');
    await ada.learns('Heard once', 'Delivered');
    await desk.writes('Once and for all');
    await ada.reads('Once and for all');
    await desk.edits('Once and for all', 'Said anew');
    await ada.reads('Said anew');
    await ada.page.route('**/v1/messages', (route) => route.fulfill(problem(422, 'The message is not for us.')));
    await ada.writes('Never sent');
    await ada.learns('Never sent', 'Not sent');
    await ada.page.unroute('**/v1/messages');
    await ada.widget.getByRole('button', { name: 'Discard' }).click();
    await ada.page.keyboard.press('Escape');
    await desk.writes('Behind a closed door');
    await until('the button counts one', async () => (await ada.widget.locator('.badge').innerText()) === '1');
    const heard = (await listener.evaluate((/** @type {string[]} */ heard) => heard)).join('\n');
    for (const words of ['You:Heard once', 'Grace:Once and for all', 'Grace:Said anew', 'Not sent: The message is not for us.', 'Open chat, 1 unread message']) {
      check(heard.split(words).length === 2, `“${words}” is heard once:\n${heard}`);
    }
    for (const words of ['Delivered', 'Sending', 'is typing']) check(!heard.includes(words), `“${words}” is not heard:\n${heard}`);
  });

  await scene('the keyboard is enough', async () => {
    const bob = new Customer(await (await window()).newPage(), `Bob ${RUN}`);
    const { keyboard } = bob.page;
    await bob.page.goto(SHOP);
    await bob.launcher.focus();
    await keyboard.press('Enter');
    await bob.panel.waitFor();
    /** @param {string} selector */
    const focused = (selector) =>
      bob.page.evaluate((it) => document.querySelector('threadline-chat')?.shadowRoot?.activeElement?.matches(it) ?? false, selector);
    /** @param {string} selector */
    const reaches = (selector) => until(`the focus is on ${selector}`, () => focused(selector));
    /**
     * @param {string} selector
     * @param {string} key
     */
    const goes = async (selector, key) => {
      for (let steps = 0; !(await focused(selector)); steps++) {
        check(steps < 20, `${key} leads to ${selector}`);
        await keyboard.press(key);
        const marked = await bob.page.evaluate(() => {
          const element = document.querySelector('threadline-chat')?.shadowRoot?.activeElement;
          return !element || getComputedStyle(element).outlineStyle !== 'none';
        });
        check(marked, 'what has the keyboard is marked');
      }
    };
    await reaches('.topics button');
    await goes('.topics li:last-child button', 'Tab');
    await keyboard.press('Enter');
    await reaches('input[name=name]');
    await keyboard.type(bob.name);
    // The first field that still needs an answer gets the focus.
    await keyboard.press('Enter');
    await reaches('input[name=email]');
    await keyboard.type('bob@example.com');
    await keyboard.press('Enter');
    await reaches('textarea');
    await keyboard.type('Two lines:');
    await keyboard.press('Shift+Enter');
    await keyboard.type('by keyboard');
    await keyboard.press('Enter');
    await bob.learns('by keyboard', 'Delivered');
    check((await bob.bubbles.first().locator('p').innerText()) === 'Two lines:\nby keyboard', 'Shift + Enter made a line of its own');
    await desk.opens(bob.name);
    await desk.writes('See https://example.com/help\n```\na line of code that is far too long for the bubble of a message in a chat\n```');
    await bob.reads('See ');
    check(await focused('textarea'), 'an answer takes the keyboard from nobody');
    await goes('.bubble pre', 'Shift+Tab');
    await keyboard.press('ArrowRight');
    await until('the code scrolls', () => bob.widget.locator('pre').evaluate((pre) => pre.scrollLeft > 0));
    await goes('.bubble a', 'Shift+Tab');
    await goes('.log', 'Shift+Tab');
    await goes('[aria-label="Turn sound on"]', 'Shift+Tab');
    await keyboard.press('Enter');
    check(await focused('[aria-label="Turn sound off"]'), 'the switch keeps the keyboard');
    await keyboard.press('Escape');
    check(!(await bob.panel.isVisible()), 'Escape closes the panel');
    check(await focused('.launcher'), 'the focus is back on the button');
    await keyboard.press('Enter');
    await reaches('textarea');
    check(!bob.complaints.length, `the page has no complaint: ${bob.complaints}`);
    await bob.page.context().close();
  });

  await scene('320 px, a zoom of 400 %, no motion and the system’s own colours', async () => {
    const eve = new Customer(await (await window({ viewport: { width: 320, height: 568 } })).newPage(), `Eve ${RUN}`);
    await eve.page.goto(SHOP);
    await eve.opens();
    await eve.widget.locator('.topics button').first().waitFor();
    await fits(eve, 'topics');
    await eve.widget.locator('.topics button').first().click();
    await eve.widget.locator('.go').click();
    await fits(eve, 'introduction');
    await eve.introduces();
    await eve.writes(`Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft https://example.com/${'a/'.repeat(60)}`);
    await eve.learns('Donau', 'Delivered');
    await desk.opens(eve.name);
    await desk.writes('שלום! Order 1042.\n1. one\n  - two\n    - three\n> quoted\n```\nlet it = be_longer_than_the_bubble_is_wide(by, far);\n```\n`and_this_is_code_without_a_place_to_break_it_at_all_however_long`');
    await until('it is typing without motion', () => eve.widget.getByText('is typing').isVisible());
    check((await eve.page.evaluate(() => document.querySelector('threadline-chat')?.shadowRoot?.getAnimations().length)) === 0, 'nothing moves');
    await eve.reads('1042');
    const way = await eve.bubbles.filter({ hasText: '1042' }).locator('p').first().evaluate((p) => getComputedStyle(p).direction);
    check(way === 'rtl', `a text goes its own way: ${way}`);
    await fits(eve, 'conversation');
    // The panel fills the screen, so the keyboard goes round in it.
    const focused = () => eve.page.evaluate(() => document.querySelector('threadline-chat')?.shadowRoot?.activeElement?.getAttribute('aria-label') ?? document.activeElement?.tagName);
    await eve.field.focus();
    const from = await focused();
    /** @type {(string | undefined)[]} */
    const stops = [];
    for (const key of ['Tab', 'Shift+Tab']) {
      do {
        await eve.page.keyboard.press(key);
        stops.push(await focused());
        check(stops.length < 40 && stops.at(-1) !== 'BODY' && stops.at(-1) !== 'A', `${key} stays in the panel: ${stops}`);
      } while (stops.at(-1) !== from);
    }
    check(stops.filter((name) => name === 'Close chat').length === 2, `it goes all the way round, twice: ${stops}`);
    await eve.page.setViewportSize({ width: 320, height: 256 });
    await fits(eve, 'conversation at 400 %');
    check(await eve.rows.last().locator('.meta').isVisible(), 'there is room to read');
    await picture(eve.page, 'access-zoom');
    await eve.page.setViewportSize({ width: 320, height: 568 });
    await eve.page.emulateMedia({ forcedColors: 'active' });
    check((await eve.bubbles.first().evaluate((bubble) => getComputedStyle(bubble).borderTopStyle)) === 'solid', 'a bubble has an edge where it has no colour');
    await picture(eve.page, 'access-forced-colors');
    await eve.page.context().close();
  });

  await scene('the practice desk', async () => {
    await desk.page.goto(setting('PRACTICE_URL'));
    await desk.page.locator('#threads button').first().waitFor();
    await accessible(desk.page, 'desk');
    await desk.opens(ada.name);
    await desk.writes('// a note');
    await desk.sees('a note');
    await accessible(desk.page, 'desk with a thread');
    await desk.post('Said anew').hover();
    await desk.post('Said anew').getByRole('button', { name: 'Edit' }).click();
    await accessible(desk.page, 'desk editing');
    await desk.page.setViewportSize({ width: 320, height: 568 });
    check((await desk.page.evaluate(() => document.documentElement.scrollWidth)) <= 320, 'the desk fits into 320 px');
    await accessible(desk.page, 'desk on a phone');
  });
  console.log(`  axe had no finding, in light and dark, in ${checked.length} states: ${checked.join(', ')}`);
});
