/**
 * Those who mean ill: every trick of the corpus as a customer's message, an agent's answer and name, the
 * name of a file, what the page says, and the list of conversations. All of it is text on both pages:
 * nothing runs, nothing is fetched, nothing is made but what the chat is made of, and nothing paints
 * outside the place it has.
 *
 *     SHOP_URL=… PRACTICE_URL=… THREADLINE_IDENTITY_SECRET=… CORPUS=corpus.json node tests/browser/hostile.mjs
 */
import { readFileSync } from 'node:fs';
import { Customer, Desk, check, fits, perform, picture, scene, setting, signed } from './stage.mjs';

const SHOP = setting('SHOP_URL');
const SERVER = new URL(SHOP).origin;
const API = `${setting('PRACTICE_URL')}/api`;

/** Longest message that the composer sends. */
const CHARS_MAX = 10_000;

/** @type {{ name: string, text: string }[]} */
const TRICKS = JSON.parse(readFileSync(setting('CORPUS'), 'utf8'));

/** Those that are words of a usual length. */
const SHORT = TRICKS.filter(({ text }) => text.length <= 500);

/** What a bubble is made of, and the chat, and the practice desk. */
const IN_A_BUBBLE = 'SPAN P BLOCKQUOTE PRE CODE UL OL LI A STRONG EM S';
const CHAT = `${IN_A_BUBBLE} DIV H2 H3 B I BUTTON SVG PATH TIME TEXTAREA INPUT LABEL FORM CANVAS PROGRESS STYLE`;
const DESK = `${CHAT} HTML HEAD META TITLE LINK SCRIPT BODY HEADER H1 NAV MAIN DL DT DD SMALL IMG DETAILS SUMMARY`;

/** A canary for whatever runs: a call of it, a dialog, a word of the browser's about its policy. */
const CANARY = `globalThis.xyzzy = (...said) => (globalThis.sung ??= []).push(said);
  for (const name of ['alert', 'confirm', 'prompt']) globalThis[name] = globalThis.xyzzy;
  addEventListener('securitypolicyviolation', (event) => globalThis.xyzzy(event.blockedURI));`;

/**
 * What is not as it should be in a tree, in words: runs in the page.
 *
 * @param {{ root: string, allowed: string, within: string }} what
 */
function oddities({ root, allowed, within }) {
  const host = document.querySelector(root);
  const tree = host?.shadowRoot ?? document;
  const odd = [];
  for (const element of tree.querySelectorAll('*')) {
    const tag = element.tagName.toUpperCase();
    const names = (element.closest('.bubble, .body') && !element.matches('.bubble, .body') ? within : allowed).split(' ');
    if (!names.includes(tag)) odd.push(`<${tag}> in ${element.parentElement?.className}`);
    for (const { name } of element.attributes) if (/^(on|srcdoc|formaction|xlink)/i.test(name)) odd.push(`${name} of <${tag}>`);
    if (element instanceof HTMLAnchorElement) {
      const own = element.origin === location.origin && /^\/(v1|practice|shop|$)/.test(element.pathname);
      if (!own && (!['http:', 'https:', 'mailto:'].includes(element.protocol) || !element.rel.includes('noopener'))) odd.push(`a link to ${element.href}, ${element.rel}`);
    }
  }
  return odd;
}

/**
 * Where two pictures of a page differ: the box around all that is different. Runs in a page.
 *
 * @param {number[][]} pictures
 */
async function difference(pictures) {
  const [one, other] = await Promise.all(
    pictures.map(async (bytes) => {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      pen.drawImage(bitmap, 0, 0);
      return pen.getImageData(0, 0, bitmap.width, bitmap.height);
    }),
  );
  const box = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  for (let i = 0; i < one.data.length; i += 4) {
    if (one.data[i] === other.data[i] && one.data[i + 1] === other.data[i + 1] && one.data[i + 2] === other.data[i + 2]) continue;
    const [x, y] = [(i / 4) % one.width, Math.floor(i / 4 / one.width)];
    Object.assign(box, { left: Math.min(box.left, x), top: Math.min(box.top, y), right: Math.max(box.right, x + 1), bottom: Math.max(box.bottom, y + 1) });
  }
  return box;
}

/**
 * What can be seen of a text.
 *
 * @param {string} text
 */
const ink = (text) => text.replaceAll(/[\p{C}\p{Z}\s\p{Default_Ignorable_Code_Point}]/gu, '');

await perform('hostile', async (browser) => {
  /** Whatever was asked for elsewhere. @type {string[]} */
  const fetched = [];
  /** @param {{ width: number, height: number }} viewport */
  const window = async (viewport) => {
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
    await context.addInitScript(CANARY);
    context.on('request', (request) => {
      if (!request.url().startsWith(SERVER) && !request.url().startsWith('blob:')) fetched.push(request.url());
    });
    const page = await context.newPage();
    page.on('dialog', (dialog) => void fetched.push(dialog.message()));
    return page;
  };
  const narrow = { width: 320, height: 568 };
  const ada = new Customer(await window(narrow), 'Ada');
  const desk = new Desk(await window({ width: 1100, height: 760 }), 'Grace');

  /**
   * @param {import('playwright-core').Page} page
   * @param {string} where
   */
  const inert = async (page, where) => {
    check((await page.evaluate('globalThis.sung')) === undefined, `${where}: nothing ran: ${JSON.stringify(await page.evaluate('globalThis.sung'))}`);
    const chat = { root: 'threadline-chat', allowed: CHAT, within: IN_A_BUBBLE };
    const what = page === desk.page ? { root: 'no-host', allowed: DESK, within: IN_A_BUBBLE } : chat;
    const odd = await page.evaluate(oddities, what);
    check(!odd.length, `${where}: ${odd.slice(0, 5).join('; ')}`);
    check(!fetched.length, `${where}: nothing is fetched: ${fetched}`);
  };
  /**
   * @param {string} path
   * @param {object} said
   * @param {string} [token]
   */
  const post = async (path, said, token) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    return fetch(path, { method: 'POST', headers, body: JSON.stringify(said) });
  };

  await scene('what the page says, and what a customer writes', async () => {
    await ada.page.goto(SHOP);
    await ada.launcher.waitFor();
    await ada.page.evaluate((tricks) => {
      const facts = Object.fromEntries(tricks.slice(0, 25).map(({ text }, i) => [`fact_${i}`, text.slice(0, 100)]));
      document.title = tricks.map(({ text }) => text).join(' ');
      history.replaceState(null, '', `#${encodeURIComponent(tricks[0].text)}"'><script>xyzzy()</script>`);
      /** @type {any} */ (globalThis).Threadline.identify({ name: tricks[3].text, ...facts });
    }, SHORT);
    await ada.opens();
    await ada.introduces();
    const sent = TRICKS.filter(({ text }) => text.length < CHARS_MAX && ink(text));
    for (const { text } of sent) {
      // Typing thousands of lines takes Chromium itself many seconds.
      await ada.field.evaluate((field, text) => {
        /** @type {HTMLTextAreaElement} */ (field).value = text;
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      }, text);
    }
    await ada.writes('The last word');
    await ada.learns('The last word', 'Delivered');
    const texts = await ada.bubbles.evaluateAll((bubbles) => bubbles.map((bubble) => [...bubble.querySelectorAll('p')].map((p) => p.textContent).join('\n')));
    sent.forEach(({ name, text }, i) => check(ink(texts[i]) === ink(text), `${name} is shown as it was written: ${texts[i]}`));
    await inert(ada.page, 'what a customer writes');
    await fits(ada, 'what a customer writes');
  });

  await scene('what an agent answers, and under which name', async () => {
    const { threads } = await (await fetch(`${API}/threads`)).json();
    const { number } = threads[0];
    for (const { text } of TRICKS) {
      const named = await post(`${API}/threads/${number}/posts`, { agent: text, text });
      if (!named.ok) await post(`${API}/threads/${number}/posts`, { agent: 'Grace', text });
    }
    await post(`${API}/threads/${number}/posts`, { agent: 'Grace', text: 'My last word' });
    await ada.reads('My last word');
    await inert(ada.page, 'what an agent writes');
    await fits(ada, 'what an agent writes');
    await picture(ada.page, 'hostile-chat');
  });

  await scene('marks without end stay in their bubble', async () => {
    const bubble = ada.widget.locator('.row.customer .bubble').filter({ hasText: 'y zzy xyzzy' }).first();
    await bubble.scrollIntoViewIfNeeded();
    // The middle of what is seen, so that there is room around it.
    await bubble.evaluate((it) => it.scrollIntoView({ block: 'center' }));
    const clip = /** @type {{ x: number, y: number, width: number, height: number }} */ (await ada.widget.locator('.log').boundingBox());
    const at = /** @type {typeof clip} */ (await bubble.boundingBox());
    const box = { ...at, x: at.x - clip.x, y: at.y - clip.y };
    const shown = await ada.page.screenshot({ clip });
    await bubble.locator('p').evaluate((p) => (p.style.visibility = 'hidden'));
    const hidden = await ada.page.screenshot({ clip });
    await bubble.locator('p').evaluate((p) => (p.style.visibility = ''));
    const ink = await desk.page.evaluate(difference, [[...shown], [...hidden]]);
    const inside = ink.left >= box.x - 1 && ink.right <= box.x + box.width + 1 && ink.top >= box.y - 1 && ink.bottom <= box.y + box.height + 1;
    check(ink.right > 0 && inside, `it is painted at ${JSON.stringify(ink)}, the bubble is at ${JSON.stringify(box)}`);
  });

  await scene('names of files, chosen and sent', async () => {
    const input = ada.widget.locator('input[type=file]');
    const names = SHORT.map(({ text }) => text).filter((_, i) => i % 7 === 0);
    for (let from = 0; from < names.length; from += 5) {
      await input.evaluate((input, names) => {
        const picked = new DataTransfer();
        for (const name of names) picked.items.add(new File(['xyzzy'], name, { type: 'text/plain' }));
        /** @type {HTMLInputElement} */ (input).files = picked.files;
        input.dispatchEvent(new Event('change'));
      }, names.slice(from, from + 5));
      await ada.widget.locator('.tray li').first().waitFor();
      await inert(ada.page, 'files to be sent');
      await fits(ada, 'files to be sent');
      await ada.writes(`Files from ${from} on`);
      await ada.learns(`Files from ${from} on`, 'Delivered');
    }
    await inert(ada.page, 'files');
    await fits(ada, 'files');
  });

  await scene('the practice desk shows all of it, and stays a page', async () => {
    await desk.opens('#1001');
    await desk.sees('My last word');
    await desk.sees('The last word');
    await inert(desk.page, 'the desk');
    for (const viewport of [{ width: 1100, height: 760 }, narrow]) {
      await desk.page.setViewportSize(viewport);
      check((await desk.page.evaluate(() => document.documentElement.scrollWidth)) <= viewport.width, `the desk fits into ${viewport.width} px`);
      const outside = await desk.page.locator('.post .body, .root').evaluateAll((parts) =>
        parts.filter((part) => part.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5).map((part) => part.textContent?.slice(0, 40)),
      );
      check(!outside.length, `nothing lies outside at ${viewport.width} px: ${outside}`);
    }
    await picture(desk.page, 'hostile-desk');
    await desk.page.setViewportSize({ width: 1100, height: 760 });
    await desk.writes('And an ordinary one');
    await ada.reads('And an ordinary one');
  });

  await scene('a list of conversations that begin with it', async () => {
    const proof = signed({ sub: 'eve', name: SHORT[0].text, email: 'eve@shop.example' });
    for (const { text } of SHORT.filter((_, i) => i % 4 === 0).slice(0, 20)) {
      const { token } = await (await post(`${SERVER}/v1/conversations`, { topic: 'other', proof })).json();
      const stored = await post(`${SERVER}/v1/messages`, { key: 'a-key-of-hers', text }, token);
      check(stored.ok, `it is stored: ${stored.status} ${text}`);
    }
    const eve = new Customer(await window(narrow), 'Eve');
    await eve.page.goto(SHOP);
    await eve.launcher.waitFor();
    await eve.page.evaluate((token) => /** @type {any} */ (globalThis).Threadline.identify({ token }), proof);
    await eve.opens();
    await eve.widget.locator('.mine li').nth(15).waitFor();
    await inert(eve.page, 'the list');
    await fits(eve, 'the list');
    await picture(eve.page, 'hostile-list');
    await eve.widget.locator('.mine li button').last().click();
    await eve.field.waitFor();
    await eve.writes('An ordinary word');
    await eve.learns('An ordinary word', 'Delivered');
    check(!eve.complaints.length, `the page has no complaint: ${eve.complaints}`);
  });

  check(!ada.complaints.length, `the page has no complaint: ${ada.complaints}`);
});
