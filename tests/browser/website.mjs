/**
 * The widget on a website that is not the server's own, under the strictest policy a website can
 * have. The server must allow SITE_ORIGIN (`allowed_origins`); the site itself is made up and served
 * here. `localhost` and `127.0.0.1` are two origins, and both are secure ones.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ SITE_ORIGIN=http://localhost:8099 node tests/browser/website.mjs
 */
import { createServer } from 'node:http';
import { Customer, check, perform, scene, setting, until } from './stage.mjs';

const SERVER = new URL(setting('SHOP_URL')).origin;
const SITE = new URL(setting('SITE_ORIGIN')).origin;

const POLICY = [
  "default-src 'none'",
  `script-src ${SERVER}`,
  "style-src 'self'",
  `connect-src ${SERVER}`,
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
  "base-uri 'none'",
].join('; ');

const TAG = `<script src="${SERVER}/widget.js" async></script>`;

/** The site's pages. @type {Record<string, string>} */
const PAGES = { '/bare': '', '/': TAG, '/twice': TAG + TAG };

const site = createServer((/** @type {any} */ request, /** @type {any} */ answer) => {
  answer.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': POLICY });
  answer.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Elsewhere</title><h1>Elsewhere</h1>${PAGES[request.url] ?? ''}`);
});
site.listen(Number(new URL(SITE).port), new URL(SITE).hostname);

await perform('website', async (browser) => {
  const ada = new Customer(await (await browser.newContext()).newPage(), 'Ada');

  await scene('the page gets one new name and one new element', async () => {
    const names = () => ada.page.evaluate(() => Object.getOwnPropertyNames(window));
    await ada.page.goto(`${SITE}/bare`);
    const before = new Set(await names());
    await ada.page.goto(`${SITE}/`);
    await ada.launcher.waitFor();
    const fresh = (await names()).filter((name) => !before.has(name));
    check(fresh.join() === 'Threadline', `the page knows only Threadline besides: ${fresh}`);
    check((await ada.page.locator('body > *').count()) === 3, 'heading, script and chat');
  });

  await scene('the site opens and closes the chat by name', async () => {
    await ada.page.evaluate('Threadline.open()');
    await ada.panel.waitFor();
    await ada.page.evaluate('Threadline.close()');
    await ada.panel.waitFor({ state: 'hidden' });
  });

  await scene('a second script tag changes nothing', async () => {
    await ada.page.goto(`${SITE}/twice`);
    await ada.launcher.waitFor();
    await ada.page.waitForLoadState('networkidle');
    check((await ada.page.locator('threadline-chat').count()) === 1, 'there is one button');
  });

  await scene('a customer writes, over a reload', async () => {
    await ada.opens();
    await ada.introduces();
    await ada.writes('Hello from elsewhere');
    await ada.learns('Hello from elsewhere', 'Delivered');
    await ada.page.reload();
    await until('it is there again', async () => (await ada.transcript()).join().includes('Hello from elsewhere'));
  });

  check(!ada.complaints.length, `the page has no complaint: ${ada.complaints}`);
});

site.close();
