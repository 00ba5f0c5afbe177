/**
 * What the widget makes of a world that does not work: answers lost, limits reached, a server that
 * forgot, storage and locks denied, a page with styles of its own. The faults are made in the
 * browser, on the way to a real server.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ node tests/browser/faults.mjs
 */
import { Customer, PATIENCE_MS, check, perform, picture, problem, scene, setting, streams, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');

/** Names of this run, so that a desk with older threads disturbs nothing. */
const RUN = Date.now().toString(36);

/**
 * Every text of the list, in order, without who said it.
 *
 * @param {Customer} customer
 */
async function said(customer) {
  return (await customer.bubbles.locator('p').allInnerTexts()).map((text) => text.trim());
}

await perform('faults', async (browser) => {
  /**
   * A customer with a browser of his own.
   *
   * @param {string} name
   * @param {import('playwright-core').BrowserContextOptions} [options]
   * @param {string} [script]  run in every page before its own
   */
  const arrives = async (name, options, script) => {
    const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, ...options });
    if (script) await context.addInitScript(script);
    const customer = new Customer(await context.newPage(), `${name} ${RUN}`);
    await customer.page.goto(SHOP);
    return customer;
  };

  await scene('an answer that is lost doubles nothing, and the order is kept', async () => {
    const ada = await arrives('Ada');
    let lost = 2;
    await ada.page.route('**/v1/messages', async (route) => {
      if (route.request().method() !== 'POST' || lost === 0) return route.continue();
      lost -= 1;
      // The server gets it, and its answer gets lost.
      await route.fetch();
      return route.abort('connectionreset');
    });
    await ada.opens();
    await ada.introduces();
    for (const text of ['one', 'two', 'three']) await ada.writes(text);
    await ada.learns('three', 'Delivered');
    check((await said(ada)).join() === 'one,two,three', `once and in order: ${await said(ada)}`);
    await ada.page.reload();
    await until('the server has the same', async () => (await said(ada)).join() === 'one,two,three');
    await ada.page.context().close();
  });

  await scene('a limit is honoured to the second, and a refusal is told with its reason', async () => {
    const ada = await arrives('Ada');
    /** @type {number[]} */
    const tries = [];
    await ada.page.route('**/v1/messages', async (route) => {
      const text = route.request().postDataJSON()?.text;
      if (text === 'too fast' && tries.push(Date.now()) === 1) return route.fulfill(problem(429, 'Slow down.', { 'retry-after': '2' }));
      if (text === 'too bad') return route.fulfill(problem(422, 'The message is not for us.'));
      return route.continue();
    });
    await ada.opens();
    await ada.introduces();
    await ada.writes('too fast');
    // A customer who comes back to the tab is no reason to come sooner.
    await ada.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await ada.learns('too fast', 'Delivered');
    check(tries[1] - tries[0] >= 1_990, `the second try came after ${tries[1] - tries[0]} ms`);
    await ada.writes('too bad');
    await ada.learns('too bad', 'Not sent: The message is not for us.');
    await ada.writes('goes on');
    await ada.learns('goes on', 'Delivered');
    await picture(ada.page, 'refused');
    await ada.page.reload();
    await ada.learns('too bad', 'Not sent');
    await ada.page.unroute('**/v1/messages');
    await ada.widget.getByRole('button', { name: 'Retry' }).click();
    await ada.learns('too bad', 'Delivered');
    check((await said(ada)).join() === 'too fast,goes on,too bad', `as sent: ${await said(ada)}`);
    await ada.page.context().close();
  });

  await scene('a message that the team’s chat does not take for a minute says so, until it does', async () => {
    const ada = await arrives('Ada');
    await ada.opens();
    await ada.introduces();
    await ada.writes('before the trouble');
    await ada.learns('before the trouble', 'Delivered');
    await ada.page.route('**/v1/events', (route) => route.abort());
    await ada.page.route('**/v1/messages*', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/"(stored|posted)"/g, '"late"') });
    });
    await ada.page.reload();
    await ada.writes('during the trouble');
    await ada.learns('during the trouble', 'We have your message; the team’s chat is not reachable right now.');
    await picture(ada.page, 'late');
    await ada.page.unroute('**/v1/messages*');
    await ada.page.unroute('**/v1/events');
    await ada.learns('during the trouble', 'Delivered');
    await ada.page.context().close();
  });

  await scene('what was refused before the first message is asked again, and the message kept', async () => {
    const ada = await arrives('Ada');
    let refused = 0;
    await ada.page.route('**/v1/conversations', (route) => (refused++ ? route.continue() : route.fulfill(problem(422, 'This topic is closed.'))));
    await ada.opens();
    await ada.introduces();
    await ada.writes('first try');
    await until('the reason is told', () => ada.widget.getByText('This topic is closed.').isVisible());
    await picture(ada.page, 'asked-again');
    await ada.introduces();
    await ada.learns('first try', 'Delivered');
    await ada.page.context().close();
  });

  await scene('a server that forgot the conversation begins another one with what was not sent', async () => {
    const ada = await arrives('Ada');
    await ada.opens();
    await ada.introduces();
    await ada.writes('before');
    await ada.learns('before', 'Delivered');
    await ada.page.evaluate(() => {
      for (const key of Object.keys(localStorage)) {
        if (!key.endsWith(':conversation')) continue;
        localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage[key]), id: 'cnv_forgotten', token: 'forgotten' }));
      }
    });
    await ada.field.pressSequentially('a draft');
    await ada.page.reload();
    await until('the page says so', () => ada.widget.getByText('no longer available').isVisible());
    await picture(ada.page, 'forgotten');
    await ada.introduces();
    check((await ada.field.inputValue()) === 'a draft', 'the draft is kept');
    await ada.field.press('Enter');
    await ada.learns('a draft', 'Delivered');
    check((await said(ada)).join() === 'a draft', 'the new conversation is a new one');
    await ada.page.context().close();
  });

  await scene('a tab that dies leaves its messages to the others', async () => {
    const ada = await arrives('Ada');
    const context = ada.page.context();
    await ada.opens();
    await ada.introduces();
    await ada.writes('hello');
    await ada.learns('hello', 'Delivered');
    const other = new Customer(await context.newPage(), ada.name);
    await other.page.goto(SHOP);
    await other.opens();
    await other.reads('hello');
    await other.page.route('**/v1/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
    await other.writes('my last words');
    await other.learns('my last words', 'Waiting');
    await other.page.close();
    await ada.learns('my last words', 'Delivered');
    check((await said(ada)).join() === 'hello,my last words', `once: ${await said(ada)}`);
    await context.close();
  });

  await scene('two tabs writing at once keep everything, once', async () => {
    const ada = await arrives('Ada');
    const context = ada.page.context();
    const open = streams(context);
    await ada.opens();
    await ada.introduces();
    await ada.writes('hello');
    await ada.learns('hello', 'Delivered');
    const other = new Customer(await context.newPage(), ada.name);
    await other.page.goto(SHOP);
    await other.opens();
    await other.reads('hello');
    const mine = ['a1', 'a2', 'a3', 'a4'];
    const theirs = ['b1', 'b2', 'b3', 'b4'];
    await Promise.all([
      (async () => { for (const text of mine) await ada.writes(text); })(),
      (async () => { for (const text of theirs) await other.writes(text); })(),
    ]);
    for (const tab of [ada, other]) {
      await until('all is there', async () => (await said(tab)).length === 9);
      await until('all is delivered', async () => (await tab.widget.getByText('Sending').count()) === 0);
      const texts = await said(tab);
      check(texts.filter((text) => text.startsWith('a')).join() === mine.join(), `the first tab's order is kept: ${texts}`);
      check(texts.filter((text) => text.startsWith('b')).join() === theirs.join(), `the second tab's order is kept: ${texts}`);
    }
    check((await said(ada)).join() === (await said(other)).join(), 'both tabs show the same order');
    check(open.size <= 1, `one stream is open, not ${open.size}`);
    await context.close();
  });

  await scene('without locks every tab looks after itself; without storage the page does', async () => {
    const ada = await arrives('Ada', {}, "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }); delete Navigator.prototype.locks;");
    await ada.opens();
    await ada.introduces();
    await ada.writes('no locks');
    await ada.learns('no locks', 'Delivered');
    await ada.page.context().close();

    const denied = "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });";
    const bob = await arrives('Bob', {}, denied);
    await bob.opens();
    await bob.introduces();
    await bob.writes('no storage');
    await bob.learns('no storage', 'Delivered');
    check(!bob.complaints.length, `the page has no complaint: ${bob.complaints}`);
    await bob.page.context().close();
  });

  await scene('where no stream gets through, asking does', async () => {
    const ada = await arrives('Ada');
    await ada.page.route('**/v1/events', (route) => route.fulfill(problem(503, 'Too many customers are connected.')));
    await ada.opens();
    await ada.introduces();
    await ada.writes('no stream');
    await ada.learns('no stream', 'Delivered');
    check(!(await ada.widget.locator('.notice').isVisible()), 'the page is calm');
    await ada.page.context().close();
  });

  await scene('the page’s own style stays outside, and a right-to-left page mirrors the chat', async () => {
    const ada = await arrives('Ada');
    await ada.opens();
    await ada.introduces();
    await ada.writes('styled');
    await ada.learns('styled', 'Delivered');
    const looks = () =>
      ada.page.evaluate(() => {
        const root = document.querySelector('threadline-chat')?.shadowRoot;
        return JSON.stringify(
          ['.panel', '.bubble', 'textarea', '.launcher', 'h2'].map((selector) => {
            const { font, color, letterSpacing, textTransform, padding, lineHeight, visibility, opacity } = getComputedStyle(/** @type {Element} */ (root?.querySelector(selector)));
            return [selector, font, color, letterSpacing, textTransform, padding, lineHeight, visibility, opacity];
          }),
        );
      });
    const before = await looks();
    const panel = await ada.panel.boundingBox();
    await ada.page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('* { font: italic 40px cursive !important; color: lime !important; letter-spacing: 9px !important; text-transform: uppercase !important; padding: 30px !important; opacity: .2 !important } threadline-chat { display: block !important; transform: scale(2) !important; visibility: hidden !important }');
      document.adoptedStyleSheets = [sheet];
    });
    check((await looks()) === before, `the chat looks the same\n${before}\n${await looks()}`);
    check(JSON.stringify(await ada.panel.boundingBox()) === JSON.stringify(panel), 'the chat stays where it is');
    await ada.page.evaluate(() => {
      document.adoptedStyleSheets = [];
      document.documentElement.dir = 'rtl';
    });
    await until('the panel is at the left', async () => ((await ada.panel.boundingBox())?.x ?? 999) < 30);
    await picture(ada.page, 'right-to-left');
    await ada.page.context().close();
  });

  await scene('a break is repaired, and a page that comes back from the browser’s cache goes on', async () => {
    const ada = await arrives('Ada');
    const open = streams(ada.page.context());
    await ada.opens();
    await ada.introduces();
    await ada.writes('before the break');
    await ada.learns('before the break', 'Delivered');
    await until('a stream is open', () => open.size === 1);
    await ada.page.goto(new URL('?page=teas', SHOP).href);
    await ada.reads('before the break');
    await ada.page.goBack();
    await ada.reads('before the break');
    await ada.writes('after going back');
    await ada.learns('after going back', 'Delivered');
    await until('one stream is open', () => open.size === 1);
    let down = true;
    await ada.page.route(/\/v1\/(events|messages)/, (route) => (down ? route.abort() : route.continue()));
    await ada.page.context().setOffline(true);
    await until('the stream is cut', () => open.size === 0);
    await ada.page.context().setOffline(false);
    await until('the page says that it tries', () => ada.widget.getByText('Reconnecting…').isVisible());
    down = false;
    await ada.widget.getByText('Reconnecting…').waitFor({ state: 'hidden', timeout: 3 * PATIENCE_MS });
    await ada.page.context().close();
  });
});
