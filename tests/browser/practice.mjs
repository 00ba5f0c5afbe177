/**
 * A customer in the sample shop, an agent at the practice desk, and the whole way between them.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ PRACTICE_URL=http://127.0.0.1:8080/practice node tests/browser/practice.mjs
 */
import { Customer, Desk, check, perform, picture, scene, setting, streams, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');

/** Names of this run, so that a desk with older threads disturbs nothing. */
const RUN = Date.now().toString(36);

await perform('practice', async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  const open = streams(context);
  const ada = new Customer(await context.newPage(), `Ada ${RUN}`);
  // A window of its own: what the agent's browser keeps is none of the customer's.
  const desk = new Desk(await (await browser.newContext({ viewport: { width: 1100, height: 760 } })).newPage(), 'Grace');

  await scene('the button asks for nothing before the first click', async () => {
    /** @type {string[]} */
    const asked = [];
    ada.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await ada.page.goto(SHOP);
    await ada.launcher.waitFor();
    await ada.page.waitForLoadState('networkidle');
    check(!asked.some((path) => path.startsWith('/v1/') || path.startsWith('/assets/chat')), `only the loader is fetched, not ${asked}`);
    await picture(ada.page, 'shop');
  });

  await scene('a customer writes, and the desk shows it', async () => {
    await ada.opens();
    await picture(ada.page, 'topics');
    await ada.introduces();
    await ada.writes('My pot has a crack');
    await ada.learns('My pot has a crack', 'Delivered to the team');
    await desk.opens(ada.name);
    await desk.sees('My pot has a crack');
    check(await desk.page.locator('.root', { hasText: ada.name }).isVisible(), 'the card is at the root');
  });

  await scene('the answer is announced by typing, and comes with its formatting', async () => {
    await desk.writes('So *sorry*, _really_ ~not~ `ok`:\n- a photo\n- the number\n> has a crack\nhttps://example.com/help');
    await until('the page says that Grace is typing', () => ada.widget.getByText('Grace is typing').isVisible());
    await ada.reads('So sorry');
    const answer = ada.bubbles.filter({ hasText: 'So sorry' });
    for (const [what, words] of [['strong', 'sorry'], ['em', 'really'], ['s', 'not'], ['code', 'ok'], ['blockquote', 'has a crack']]) {
      check((await answer.locator(what).first().textContent()) === words, `“${words}” is ${what}`);
    }
    check((await answer.locator('li').allTextContents()).join() === 'a photo,the number', 'the list has its items');
    const link = answer.locator('a');
    check((await link.getAttribute('rel')) === 'noopener noreferrer nofollow', 'the link is kept at a distance');
    check((await link.getAttribute('target')) === '_blank', 'the link opens elsewhere');
    await until('typing is over', async () => !(await ada.widget.getByText('is typing').isVisible()));
    await picture(ada.page, 'answer');
    await picture(desk.page, 'desk');
  });

  await scene('✓ when it is there, 👁 when it was seen', async () => {
    await desk.learns('So sorry', 'seen');
    await ada.page.keyboard.press('Escape');
    await desk.writes('Are you still there?');
    await desk.learns('Are you still there?', 'received');
    check(!(await desk.post('Are you still there?').locator('[data-mark=seen]').isVisible()), 'a closed panel shows nothing');
    await until('the button counts one', async () => (await ada.widget.locator('.badge').innerText()) === '1');
    check((await ada.launcher.getAttribute('aria-label')) === 'Open chat, 1 unread message', 'the count has a label');
    await picture(ada.page, 'badge');
    await ada.opens();
    await desk.learns('Are you still there?', 'seen');
    await until('the badge is gone', async () => !(await ada.widget.locator('.badge').isVisible()));
  });

  await scene('a note stays inside; edits and deletions arrive', async () => {
    await desk.writes('// she seems angry');
    await desk.sees('she seems angry');
    await desk.writes('We send another pot');
    await ada.reads('We send another pot');
    await desk.edits('We send another pot', 'We send two pots');
    await ada.reads('We send two pots');
    await until('it says that it was edited', () => ada.rows.filter({ hasText: 'two pots' }).getByText('edited').isVisible());
    await desk.deletes('We send two pots');
    await ada.reads('This message was removed.');
    const said = (await ada.transcript()).join('\n');
    check(!said.includes('angry') && !said.includes('pots'), `neither note nor deleted text is shown: ${said}`);
  });

  await scene('a reload and another page keep the conversation and the draft', async () => {
    const before = await ada.transcript();
    await ada.field.pressSequentially('Half a thou');
    await ada.page.reload();
    await until('all is there again', async () => (await ada.transcript()).join() === before.join());
    check((await ada.field.inputValue()) === 'Half a thou', 'the draft is kept');
    await ada.page.getByRole('link', { name: 'Delivery' }).click();
    await until('all is there on the next page', async () => (await ada.transcript()).join() === before.join());
    await ada.field.fill('');
  });

  await scene('a second tab shows the same, over one stream; it takes over when the first is closed', async () => {
    const second = new Customer(await context.newPage(), ada.name);
    await second.page.goto(SHOP);
    await second.opens();
    await second.reads('My pot has a crack');
    await second.writes('From my second tab');
    await ada.reads('From my second tab');
    await desk.writes('I see both');
    await second.reads('I see both');
    await ada.reads('I see both');
    check(open.size === 1, `one stream is open, not ${open.size}`);
    check((await ada.transcript()).join() === (await second.transcript()).join(), 'both tabs show the same');
    check(!second.complaints.length, `the page has no complaint: ${second.complaints}`);
    await ada.page.close();
    await until('the second tab has a stream', () => open.size === 1);
    await desk.writes('Still with you');
    await second.reads('Still with you');
    Object.assign(ada, new Customer(second.page, ada.name));
  });

  await scene('without a network nothing is lost, doubled or disordered', async () => {
    await context.setOffline(true);
    await until('the page says so', () => ada.widget.getByText('You are offline').isVisible());
    await ada.writes('Written in a tunnel');
    await ada.writes('Still in the tunnel');
    await ada.learns('Still in the tunnel', 'Waiting');
    await picture(ada.page, 'offline');
    await desk.writes('Hello? Are you in a tunnel?');
    await context.setOffline(false);
    await ada.learns('Written in a tunnel', 'Delivered');
    await ada.learns('Still in the tunnel', 'Delivered');
    await ada.reads('Hello? Are you in a tunnel?');
    await until('the page is calm again', async () => !(await ada.widget.locator('.notice').isVisible()));
    const said = await ada.transcript();
    for (const text of ['Written in a tunnel', 'Still in the tunnel', 'Hello? Are you in a tunnel?']) {
      check(said.filter((line) => line.includes(text)).length === 1, `“${text}” stands there once`);
    }
    check(said.findIndex((line) => line.includes('Written in')) < said.findIndex((line) => line.includes('Still in')), 'first comes first');
    await desk.sees('Still in the tunnel');
  });

  await scene('hostile text is text', async () => {
    const attack = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 2</script>';
    await ada.writes(attack);
    await ada.learns('onerror', 'Delivered');
    await desk.sees('onerror');
    await desk.writes(`${attack} javascript:alert(1) [x](javascript:alert(2)) <javascript:alert(3)|click>`);
    await until('the answer is there', async () => (await ada.bubbles.filter({ hasText: 'alert(1)' }).count()) > 0);
    for (const page of [ada.page, desk.page]) {
      check((await page.evaluate('window.hacked')) === undefined, 'nothing was run');
      check((await page.locator('a[href^="javascript:" i]').count()) === 0, 'no link leads to a script');
      check((await page.locator('.bubble img, .bubble script, .body img, .body script').count()) === 0, 'no element was made');
    }
  });

  await scene('a small phone in the dark is enough', async () => {
    const phone = await browser.newContext({ viewport: { width: 320, height: 568 }, colorScheme: 'dark', hasTouch: true, isMobile: true });
    const eve = new Customer(await phone.newPage(), `Eve ${RUN}`);
    await eve.page.goto(SHOP);
    await eve.launcher.tap();
    await eve.panel.waitFor();
    await eve.introduces();
    await eve.writes('From a small phone, with an address that is too long: https://example.com/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p');
    await eve.learns('small phone', 'Delivered');
    const box = await eve.panel.boundingBox();
    check(box?.x === 0 && box.width === 320, `the panel fills the screen: ${JSON.stringify(box)}`);
    check((await eve.page.evaluate(() => document.documentElement.scrollWidth)) <= 320, 'nothing sticks out');
    for (const button of await eve.panel.getByRole('button').all()) {
      const size = await button.boundingBox();
      if (size) check(size.width >= 44 && size.height >= 44, `a finger hits ${await button.getAttribute('aria-label')}`);
    }
    await picture(eve.page, 'phone');
    await phone.close();
  });

  // Being cut off from the network is the play's own doing.
  const complaints = ada.complaints.filter((line) => !line.includes('ERR_INTERNET_DISCONNECTED'));
  check(!complaints.length, `the page has no complaint: ${complaints}`);
});
