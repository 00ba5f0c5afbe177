/**
 * Takes the picture of README.md: a customer at the sample shop and an agent at the practice desk, in the
 * middle of a conversation. It is no play; run it when the look of either has changed:
 *
 *     cargo run &
 *     SHOP_URL=http://127.0.0.1:8087/ PRACTICE_URL=http://127.0.0.1:8087/practice \
 *         node tests/browser/readme.mjs examples/conversation.jpg
 */
import { argv, env } from 'node:process';
import { Customer, Desk, perform, setting } from './stage.mjs';

const FILE = argv[2];
const SIZE = { width: 820, height: 700 };
/** Small enough that a page with it opens at once. */
const QUALITY = 82;

await perform('the picture', async (browser) => {
  if (!FILE) throw new Error('Say which file to write.');
  const window = async () => (await browser.newContext({ viewport: SIZE, colorScheme: 'light' })).newPage();
  const ada = new Customer(await window(), 'Ada');
  const desk = new Desk(await window(), 'Grace');
  await ada.page.goto(setting('SHOP_URL'));
  await ada.opens();
  await ada.introduces({ topic: 1, email: 'ada@example.com' });
  await ada.writes('The export of campaign cp100 stops at 80 %. It says “E1042: quota”.');
  await desk.opens('Ada');
  await desk.writes('!claim');
  await desk.writes('// the new quota, again: finance changed it on Monday');
  await desk.writes('Thanks for the exact error. It is *our* quota, not yours:\n- I raised it just now\n- please start the export again');
  await ada.reads('Thanks for the exact error');
  await ada.writes('That did it, thank you!');
  await desk.sees('That did it');
  await desk.writes('Good to hear. Write here any time.');
  await ada.reads('Write here any time');
  await desk.learns('Write here any time', 'seen');
  const pictures = await Promise.all([ada.page, desk.page].map((page) => page.screenshot()));
  const sources = pictures.map((bytes) => `data:image/png;base64,${bytes.toString('base64')}`);
  const both = await (await browser.newContext({ viewport: { width: 1660, height: 710 } })).newPage();
  await both.setContent(
    `<style>body { margin: 5px; display: flex; gap: 10px; background: #888 } img { width: ${SIZE.width}px }</style>` +
      sources.map((src) => `<img src="${src}" alt="">`).join(''),
  );
  await both.screenshot({ path: FILE, type: 'jpeg', quality: QUALITY });
  console.log(`${FILE}, with ${env.CHROMIUM ?? 'the Chromium that is installed'}`);
});
