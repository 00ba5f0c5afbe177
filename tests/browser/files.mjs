/**
 * Files, from the customer's clipboard to the desk and back: what is refused before it leaves, what
 * a reload or a tunnel interrupts, and what a hostile file is when it comes back.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ PRACTICE_URL=http://127.0.0.1:8080/practice node tests/browser/files.mjs
 */
import { Buffer } from 'node:buffer';
import { AXE, accessible } from './axe.mjs';
import { Customer, Desk, check, perform, picture, problem, scene, setting, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');
const SERVER = new URL(SHOP).origin;

/** Names of this run, so that a desk with older threads disturbs nothing. */
const RUN = Date.now().toString(36);

const MB = 1024 * 1024;

/**
 * @param {string} name
 * @param {string} mimeType
 * @param {string | Buffer} content
 */
const file = (name, mimeType, content) => ({ name, mimeType, buffer: Buffer.from(content) });

await perform('files', async (browser) => {
  /** @param {string} name */
  const arrives = async (name) => {
    const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, reducedMotion: 'reduce' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: SERVER });
    await context.addInitScript(AXE);
    const customer = new Customer(await context.newPage(), `${name} ${RUN}`);
    await customer.page.goto(SHOP);
    await customer.opens();
    await customer.introduces();
    return customer;
  };
  const ada = await arrives('Ada');
  const desk = new Desk(await (await browser.newContext({ viewport: { width: 1100, height: 760 } })).newPage(), 'Grace');
  const tray = ada.widget.locator('.tray li');
  const input = ada.widget.locator('input[type=file]');
  const screenshot = await ada.page.screenshot();

  /** Every upload that the browser began, by its key. @type {string[]} */
  const uploads = [];
  ada.page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/v1/files' && request.method() === 'POST') uploads.push(request.headers()['upload-key']);
  });

  await scene('a pasted screenshot is shown before it is sent, and stands in the thread', async () => {
    await ada.page.evaluate(async (bytes) => {
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([new Uint8Array(bytes)], { type: 'image/png' }) })]);
    }, [...screenshot]);
    await ada.field.focus();
    await ada.page.keyboard.press('Control+V');
    await tray.first().waitFor();
    await until('the preview is drawn', () => tray.locator('canvas').evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).getContext('2d')?.getImageData(10, 10, 1, 1).data[3] === 255));
    await accessible(ada.page, 'a file to be sent');
    await ada.writes('My pot looks like this');
    await ada.learns('My pot looks like this', 'Delivered');
    check(!(await tray.count()), 'the tray is empty');
    await desk.opens(ada.name);
    await desk.sees('My pot looks like this');
    await until('the picture is in the thread', () => desk.page.locator('.post img').first().evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth > 100));
    await picture(desk.page, 'files-desk');
    const shown = ada.rows.filter({ hasText: 'looks like this' }).locator('.picture canvas');
    await until('the picture is in the chat', () => shown.evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).getContext('2d')?.getImageData(20, 20, 1, 1).data[3] === 255));
    await accessible(ada.page, 'a picture in a message');
  });

  await scene('what can’t be sent says so before a byte of it leaves', async () => {
    const before = uploads.length;
    // Made in the page: thirty megabytes need not travel there first.
    await input.evaluate((input, bytes) => {
      const picked = new DataTransfer();
      picked.items.add(new File([new Uint8Array(bytes)], 'recording.mp4', { type: 'video/mp4' }));
      picked.items.add(new File(['heic'], 'photo.heic', { type: 'image/heic' }));
      picked.items.add(new File([], 'nothing.txt', { type: 'text/plain' }));
      /** @type {HTMLInputElement} */ (input).files = picked.files;
      input.dispatchEvent(new Event('change'));
    }, 30 * MB);
    await until('three files are told', async () => (await tray.count()) === 3);
    check((await tray.nth(0).innerText()).includes('it has 30 MB, and the largest that can be sent has 25 MB'), `the size is the reason: ${await tray.nth(0).innerText()}`);
    check((await tray.nth(1).innerText()).includes('pictures of this type'), 'the type is the reason');
    check((await tray.nth(2).innerText()).includes('it is empty'), 'being empty is the reason');
    await accessible(ada.page, 'files that can’t be sent');
    check((await ada.widget.locator('.send').getAttribute('aria-disabled')) === 'true', 'there is nothing to send');
    for (let left = 3; left > 0; left--) await tray.first().getByRole('button').click();
    check(uploads.length === before, 'nothing was uploaded');
  });

  await scene('several at once, by drop; one is taken out again', async () => {
    await ada.panel.evaluate((panel) => {
      const dataTransfer = new DataTransfer();
      for (const name of ['one.txt', 'two.txt', 'three.txt']) dataTransfer.items.add(new File([`This is ${name}.`], name, { type: 'text/plain' }));
      for (const type of ['dragover', 'drop']) panel.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    });
    await until('three files are in the tray', async () => (await tray.count()) === 3);
    await ada.widget.getByRole('button', { name: 'Remove two.txt' }).click();
    await ada.field.press('Enter');
    await ada.learns('three.txt', 'Delivered');
    const names = await ada.rows.filter({ hasText: 'three.txt' }).locator('.name').allInnerTexts();
    check(names.join() === 'one.txt,three.txt', `both are in one message: ${names}`);
    check((await ada.rows.filter({ hasText: 'three.txt' }).locator('.bubble').count()) === 0, 'without words there is no bubble');
    const [download] = await Promise.all([ada.page.waitForEvent('download'), ada.widget.getByRole('button', { name: 'Download one.txt' }).click()]);
    check(download.suggestedFilename() === 'one.txt', `it is saved under its name: ${download.suggestedFilename()}`);
    check((await (await download.createReadStream()).toArray()).join('') === 'This is one.txt.', 'it is what was sent');
  });

  await scene('an agent’s files come back: a picture to look at, a document to save', async () => {
    await desk.page.locator('input[type=file]').setInputFiles([file('answer.png', 'image/png', screenshot), file('manual.txt', 'text/plain', 'Read me.')]);
    await desk.page.getByRole('button', { name: 'Remove manual.txt' }).waitFor();
    await desk.writes('Like this');
    await ada.reads('Like this');
    const row = ada.rows.filter({ hasText: 'Like this' });
    await until('the picture is there', () => row.locator('.picture canvas').evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).getContext('2d')?.getImageData(20, 20, 1, 1).data[3] === 255));
    const [tab] = await Promise.all([ada.page.context().waitForEvent('page'), row.getByRole('button', { name: 'Open answer.png' }).click()]);
    await tab.waitForURL(/\/v1\/files\//);
    check(!tab.url().includes(JSON.parse((await ada.page.evaluate(`localStorage['threadline:${SERVER}:conversation']`)) ?? '{}').token), 'the link has no token in it');
    await until('the picture is shown', () => tab.evaluate(() => document.images[0]?.naturalWidth > 100));
    check((await tab.evaluate(() => opener)) === null, 'the tab can’t reach the website');
    await tab.close();
    const [download] = await Promise.all([ada.page.waitForEvent('download'), row.getByRole('button', { name: 'Download manual.txt' }).click()]);
    check((await (await download.createReadStream()).toArray()).join('') === 'Read me.', 'the document is what the agent sent');
    await picture(ada.page, 'files-both-ways');
  });

  await scene('a reload in the middle of an upload goes on with it', async () => {
    let stuck = true;
    await ada.page.route('**/v1/files', (route) => (stuck ? undefined : route.continue()));
    const before = uploads.length;
    await input.setInputFiles(file('report.txt', 'text/plain', 'A long report.'));
    await ada.writes('Before the reload');
    await until('the upload is under way', () => uploads.length === before + 1);
    await until('it can be cancelled', () => ada.widget.getByRole('button', { name: 'Cancel the upload of report.txt' }).isVisible());
    await accessible(ada.page, 'an upload under way');
    stuck = false;
    await ada.page.reload();
    await ada.learns('Before the reload', 'Delivered');
    await until('the file is in the message', () => ada.rows.filter({ hasText: 'Before the reload' }).getByRole('button', { name: 'Download report.txt' }).isVisible());
    check(new Set(uploads.slice(before)).size === 1, `it is the same upload: ${uploads.slice(before)}`);
    await desk.sees('Before the reload');
    await desk.sees('report.txt');

    // What is only chosen is kept as well.
    await input.setInputFiles(file('draft.txt', 'text/plain', 'Not sent yet.'));
    await tray.first().waitFor();
    await ada.page.reload();
    await tray.first().waitFor();
    check((await tray.first().innerText()).includes('draft.txt'), 'the chosen file is still there');
    await ada.widget.getByRole('button', { name: 'Remove draft.txt' }).click();
    await ada.page.unroute('**/v1/files');
  });

  await scene('words keep their order behind a file, but don’t wait long for it', async () => {
    await input.setInputFiles(file('quick.txt', 'text/plain', 'Quick.'));
    await ada.writes('The file first');
    await ada.writes('And then the words');
    await ada.learns('And then the words', 'Delivered');
    const said = async () => (await ada.bubbles.allInnerTexts()).map((text) => text.replace(/^You:\s*/, '').trim());
    const order = await said();
    check(order.indexOf('The file first') < order.indexOf('And then the words'), `the order is kept: ${order}`);

    /** @type {() => void} */
    let release = () => {};
    const gate = new Promise((open) => (release = () => open(undefined)));
    await ada.page.route('**/v1/files', async (route) => {
      await gate;
      await route.continue();
    });
    await input.setInputFiles(file('slow.txt', 'text/plain', 'Slow.'));
    await ada.writes('With a slow file');
    await ada.writes('Words that go ahead');
    await ada.learns('Words that go ahead', 'Delivered');
    await ada.learns('With a slow file', 'Sending');
    release();
    await ada.learns('With a slow file', 'Delivered');
    await ada.page.unroute('**/v1/files');
  });

  await scene('what the server does not take is told with its reason, and the words still arrive', async () => {
    const [unreadable, good] = [file('picture.png', 'image/png', Buffer.concat([screenshot.subarray(0, 100), Buffer.alloc(100)])), file('good.txt', 'text/plain', 'Good.')];
    await input.setInputFiles([unreadable, good]);
    await until('the reason is told', async () => (await tray.first().innerText()).includes('Not sent: This file is empty, or a picture that cannot be opened'));
    await ada.writes('Refused before it was sent');
    await ada.learns('Refused before it was sent', 'Delivered');
    check((await tray.count()) === 1, 'the reason can still be read');
    await tray.first().getByRole('button').click();

    /** @type {() => void} */
    let release = () => {};
    const gate = new Promise((open) => (release = () => open(undefined)));
    await ada.page.route('**/v1/files', async (route) => {
      await gate;
      await route.continue();
    });
    await input.setInputFiles([unreadable, good]);
    await until('both are in the tray', async () => (await tray.count()) === 2);
    await ada.writes('Two files, one of them bad');
    release();
    await ada.learns('Two files, one of them bad', 'Delivered');
    await ada.page.unroute('**/v1/files');
    const bad = ada.rows.filter({ hasText: 'picture.png' }).last();
    await until('the reason is told', async () => (await bad.locator('.meta').innerText()).includes('Not sent:'));
    await accessible(ada.page, 'a refused file');
    await picture(ada.page, 'files-refused');
    await bad.getByRole('button', { name: 'Discard' }).click();
    check(!(await ada.rows.filter({ hasText: 'picture.png' }).count()), 'it is gone when it is given up');
  });

  await scene('a server in trouble is tried again, a tunnel waited through, a cancelled upload forgotten', async () => {
    let troubles = 2;
    await ada.page.route('**/v1/files', (route) => (troubles-- > 0 ? route.fulfill(problem(503, 'Busy.')) : route.continue()));
    await input.setInputFiles(file('patient.txt', 'text/plain', 'Patient.'));
    await ada.writes('Through trouble');
    await ada.learns('Through trouble', 'Delivered');
    await ada.page.unroute('**/v1/files');

    await ada.page.context().setOffline(true);
    await input.setInputFiles(file('tunnel.txt', 'text/plain', 'Tunnel.'));
    await ada.writes('From a tunnel');
    await ada.learns('From a tunnel', 'Waiting');
    await ada.page.context().setOffline(false);
    await ada.learns('From a tunnel', 'Delivered');

    await ada.page.route('**/v1/files', () => undefined);
    await input.setInputFiles(file('never.txt', 'text/plain', 'Never.'));
    await ada.writes('Never mind the file');
    await ada.widget.getByRole('button', { name: 'Cancel the upload of never.txt' }).click();
    await ada.learns('Never mind the file', 'Delivered');
    check(!(await ada.widget.getByText('never.txt').count()), 'the file is gone');
    await ada.page.unroute('**/v1/files');
  });

  await scene('HTML and SVG are inert, and what is broken says so', async () => {
    const script = '<script>document.title = "hacked"; opener && (opener.hacked = 1)</script>';
    await input.setInputFiles([
      file('page.html', 'text/html', `<!doctype html><html><body>${script}<p>page</p></body></html>`),
      file('drawing.svg', 'image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='hacked'"><rect width="9" height="9"/></svg>`),
    ]);
    await until('both are in the tray', async () => (await tray.count()) === 2);
    await ada.writes('Look at these');
    await ada.learns('Look at these', 'Delivered');
    const row = ada.rows.filter({ hasText: 'Look at these' });
    check((await row.locator('.picture').count()) === 0, 'a drawing is not drawn');
    const links = await ada.page.evaluate(async (key) => {
      const { token } = JSON.parse(localStorage[key]);
      const headers = { authorization: `Bearer ${token}` };
      const { messages } = await (await fetch('/v1/messages?after=0', { headers })).json();
      const { files } = messages.find((/** @type {any} */ message) => JSON.stringify(message.body).includes('Look at these'));
      return Promise.all(files.map(async (/** @type {any} */ { id }) => (await (await fetch(`/v1/files/${id}/link`, { method: 'POST', headers })).json()).href));
    }, `threadline:${SERVER}:conversation`);
    check(links.length === 2, 'there is a link for each');
    for (const href of links) {
      const answer = await ada.page.request.get(SERVER + href);
      const headers = answer.headers();
      check(headers['content-disposition'].startsWith('attachment'), `it is saved, not shown: ${headers['content-disposition']}`);
      check(headers['x-content-type-options'] === 'nosniff', 'its type is not guessed');
      check(headers['content-security-policy'].includes('sandbox'), 'it is in a sandbox');
      // Followed as a link, framed and embedded: it never runs.
      const tab = await ada.page.context().newPage();
      const [download] = await Promise.all([tab.waitForEvent('download'), tab.goto(SERVER + href).catch(() => null)]);
      await download.cancel();
      check((await tab.title()) !== 'hacked', 'nothing ran');
      await tab.close();
    }
    check((await ada.page.evaluate('window.hacked')) === undefined, 'nothing reached the website');

    await ada.page.route(/\/v1\/(files|thumbnails)\/fil/, (route) => route.fulfill(problem(404, 'This file is not here any more.')));
    await ada.page.reload();
    await ada.reads('looks like this');
    await ada.widget.locator('.log').evaluate((log) => (log.scrollTop = 0));
    const broken = ada.rows.filter({ hasText: 'looks like this' }).locator('.paper');
    await broken.waitFor();
    await broken.click();
    await until('it says that it is gone', async () => (await broken.innerText()).includes('This file is not here any more.'));
  });

  const expected = /Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_FAILED/;
  const complaints = ada.complaints.filter((line) => !expected.test(line));
  check(!complaints.length, `the page has no complaint: ${complaints}`);
});
