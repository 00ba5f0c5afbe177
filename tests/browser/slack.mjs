/**
 * A customer in the sample shop and an agent in Slack, who is played through the fake's control API.
 * The server has a Slack desk at the fake, and the practice pages switched on for the shop.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ FAKE_URL=http://127.0.0.1:3999 node tests/browser/slack.mjs
 *
 * CHANNEL names the desk's channel, `support` unless it is set.
 */
import { env } from 'node:process';
import { Customer, check, perform, picture, scene, setting, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');
const FAKE = setting('FAKE_URL').replace(/\/$/, '');
const CHANNEL = env.CHANNEL ?? 'support';

/** Names of this run, so that a channel with older threads disturbs nothing. */
const RUN = Date.now().toString(36);

/** What the marks under an agent's message are called in Slack. */
const MARKS = { received: 'heavy_check_mark', seen: 'eye' };

/**
 * @param {string} what
 * @param {object} [order]  none only looks
 * @returns {Promise<any>}
 */
async function fake(what, order) {
  const answer = await fetch(`${FAKE}/_fake/${what}`, order && { method: 'POST', body: JSON.stringify(order) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(`the fake Slack refuses ${what}: ${value.error}`);
  return value;
}

/** An agent in one thread of Slack. */
class Agent {
  /**
   * @param {string} name
   * @param {string} thread
   */
  constructor(name, thread) {
    this.name = name;
    this.thread = thread;
  }

  /** @param {string} text */
  async writes(text) {
    return (await fake('write', { as: this.name, channel: CHANNEL, thread_ts: this.thread, text })).ts;
  }

  /** @returns {Promise<{ ts: string, text: string, username?: string, reactions?: { name: string }[], files?: { id: string, mimetype: string }[] }[]>} */
  posts() {
    return fake(`thread?channel=${CHANNEL}&ts=${this.thread}`);
  }

  /** @param {string} text */
  async sees(text) {
    await until(`the thread has “${text}”`, async () => (await this.posts()).some((post) => post.text.includes(text)));
  }

  /** @param {string} ts */
  async marks(ts) {
    const post = (await this.posts()).find((post) => post.ts === ts);
    return (post?.reactions ?? []).map(({ name }) => name);
  }

  /**
   * @param {string} ts
   * @param {'received' | 'seen'} mark
   */
  async learns(ts, mark) {
    await until(`the answer is ${mark}`, async () => (await this.marks(ts)).includes(MARKS[mark]));
  }
}

await perform('slack', async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  const ada = new Customer(await context.newPage(), `Ada ${RUN}`);
  const question = `My export ${RUN} hangs, says <!channel> *loudly*`;
  /** @type {Agent} */
  let grace;

  await scene('a customer writes, and Slack shows it, rousing nobody', async () => {
    await ada.page.goto(SHOP);
    await ada.opens();
    await ada.introduces();
    await ada.writes(question);
    await ada.learns(RUN, 'Delivered to the team');
    const { ts } = await fake(`find?text=${RUN}`);
    check(typeof ts === 'string', 'the thread is found');
    grace = new Agent('Grace', ts);
    const post = (await grace.posts()).find(({ text }) => text.includes('hangs'));
    check(post?.username === `${ada.name} (customer)`, `the post bears the customer's name: ${post?.username}`);
    check(!post?.text.includes('<!channel>'), `nobody is called: ${post?.text}`);
  });

  await scene('the answer is announced by typing, comes with its formatting, and gets its marks', async () => {
    const ts = await grace.writes('So *sorry*, _really_ `ok` <https://example.com/help|help>\n• one\n• two\n> hangs');
    await until('the page says that Grace is typing', () => ada.widget.getByText('Grace is typing').isVisible());
    await ada.reads('So sorry');
    const answer = ada.bubbles.filter({ hasText: 'So sorry' });
    for (const [what, words] of [['strong', 'sorry'], ['em', 'really'], ['code', 'ok'], ['a', 'help'], ['blockquote', 'hangs']]) {
      check((await answer.locator(what).first().textContent()) === words, `“${words}” is ${what}`);
    }
    check((await answer.locator('li').allTextContents()).join() === 'one,two', 'the list has its items');
    await grace.learns(ts, 'received');
    await grace.learns(ts, 'seen');
    await picture(ada.page, 'slack-answer');
  });

  await scene('a closed chat has it, but has not seen it', async () => {
    await ada.page.keyboard.press('Escape');
    const ts = await grace.writes('Still there?');
    await grace.learns(ts, 'received');
    check(!(await grace.marks(ts)).includes(MARKS.seen), 'it was not seen');
    await until('the button counts one', async () => (await ada.widget.locator('.badge').innerText()) === '1');
    await ada.opens();
    await grace.learns(ts, 'seen');
  });

  await scene('a note stays inside; edits and deletions arrive', async () => {
    await grace.writes('// she seems angry');
    const ts = await grace.writes('We send another pot');
    await ada.reads('We send another pot');
    await fake('edit', { as: 'Grace', ts, text: 'We send two pots' });
    await ada.reads('We send two pots');
    await until('it says that it was edited', () => ada.rows.filter({ hasText: 'two pots' }).getByText('edited').isVisible());
    await fake('delete', { ts });
    await ada.reads('This message was removed.');
    const said = (await ada.transcript()).join('\n');
    check(!said.includes('angry') && !said.includes('pots'), `neither note nor deleted text is shown: ${said}`);
  });

  await scene('a pasted screenshot stands in the thread, and the agent’s comes back', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(SHOP).origin });
    await ada.page.evaluate(async (bytes) => {
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([new Uint8Array(bytes)], { type: 'image/png' }) })]);
    }, [...(await ada.page.screenshot())]);
    await ada.field.focus();
    await ada.page.keyboard.press('Control+V');
    await ada.widget.locator('.tray li').first().waitFor();
    await ada.writes('It looks like this');
    await ada.learns('It looks like this', 'Delivered');
    /** @type {{ id: string, mimetype: string } | undefined} */
    let file;
    await until('the screenshot is in the thread', async () => {
      file = (await grace.posts()).flatMap(({ files }) => files ?? []).at(-1);
      return file?.mimetype === 'image/png';
    });
    await fake('share', { as: 'Grace', channel: CHANNEL, thread_ts: grace.thread, file: file?.id, name: 'marked.png', text: 'Do you mean this?' });
    await ada.reads('Do you mean this?');
    const shown = ada.rows.filter({ hasText: 'Do you mean this?' }).locator('.picture canvas');
    await until('the picture is in the chat', () => shown.evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).getContext('2d')?.getImageData(20, 20, 1, 1).data[3] === 255));
  });

  await scene('a reload keeps the conversation, and both go on', async () => {
    const before = await ada.transcript();
    await ada.page.reload();
    await until('all is there again', async () => (await ada.transcript()).join() === before.join());
    await ada.writes('I am back');
    await ada.learns('I am back', 'Delivered');
    await grace.sees('I am back');
    await grace.writes('Welcome back');
    await ada.reads('Welcome back');
  });

  await scene('a dropped socket loses no answer', async () => {
    await fake('sockets', { do: 'drop' });
    await grace.writes('Said while nobody listened');
    await ada.reads('Said while nobody listened');
    const said = await ada.transcript();
    check(said.filter((text) => text.includes('nobody listened')).length === 1, `it stands there once: ${said}`);
  });

  const complaints = await fake('complaints');
  check(!complaints.length, `the fake Slack has no complaint: ${JSON.stringify(complaints)}`);
  // Agents' pictures are on a server that a test does not reach; their initials stand in.
  const errors = ada.complaints.filter((line) => !/ERR_(NAME_NOT_RESOLVED|INTERNET_DISCONNECTED|CONNECTION)/.test(line));
  check(!errors.length, `the page has no complaint: ${errors}`);
});
