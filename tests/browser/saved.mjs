/**
 * A saved reply at the practice desk: picked from the card, looked at by one agent alone, and sent.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ PRACTICE_URL=http://127.0.0.1:8080/practice node tests/browser/saved.mjs
 *
 * It needs the saved replies `hello` and `late` of `tests/it/browser.rs`.
 */
import { Customer, Desk, check, perform, picture, scene, setting, until } from './stage.mjs';

await perform('saved', async (browser) => {
  const size = { viewport: { width: 1100, height: 760 } };
  const ada = new Customer(await (await browser.newContext(size)).newPage(), `Ada ${Date.now().toString(36)}`);
  const desk = new Desk(await (await browser.newContext(size)).newPage(), 'Grace');
  const preview = desk.page.locator('.post.private', { hasText: 'would read “hello”' });

  await scene('it is picked from the card and shown to one agent', async () => {
    await ada.page.goto(setting('SHOP_URL'));
    await ada.launcher.waitFor();
    await ada.opens();
    await ada.introduces();
    await ada.writes('My pot has a crack');
    await desk.opens(ada.name);
    await desk.sees('My pot has a crack');
    await desk.page.getByText('More', { exact: true }).click();
    await desk.page.getByRole('button', { name: 'Saved reply…' }).click();
    await desk.page.getByRole('combobox', { name: 'Saved reply' }).selectOption('hello');
    await picture(desk.page, 'picked');
    await desk.page.getByRole('button', { name: 'Saved reply', exact: true }).click();
    await until('the preview is there', () => preview.isVisible());
    check((await preview.locator('strong').innerText()) === 'Ada', 'it looks as the customer will see it');
    await picture(desk.page, 'preview');
    check((await ada.bubbles.filter({ hasText: 'this is Grace' }).count()) === 0, 'the customer sees nothing of it');
  });

  await scene('another agent has no buttons', async () => {
    const alan = new Desk(await (await browser.newContext(size)).newPage(), 'Alan');
    await alan.opens(ada.name);
    await alan.sees('would read “hello”');
    const buttons = alan.page.locator('.post.private').getByRole('button');
    await until('they are gone', async () => (await buttons.count()) === 0);
    await alan.page.close();
  });

  await scene('sent, it is the agent’s word, once', async () => {
    await preview.getByRole('button', { name: 'Send' }).click();
    await ada.reads('this is Grace');
    await until('nothing is left to press', async () => (await preview.getByRole('button').count()) === 0);
    await desk.learns('sends the customer the saved reply “hello”', 'seen');
    check((await ada.bubbles.filter({ hasText: 'this is Grace' }).count()) === 1, 'it is there once');
    await picture(desk.page, 'sent');
    await picture(ada.page, 'read');
  });

  await scene('what has no value is not sent', async () => {
    await desk.writes('!r late');
    await desk.sees('cannot be sent so');
    check((await desk.post('cannot be sent so').getByRole('button').count()) === 0, 'there is nothing to press');
    await desk.writes('!r late order=1042');
    const other = desk.page.locator('.post.private', { hasText: 'would read “late”' });
    await other.getByRole('button', { name: 'Cancel' }).click();
    await desk.sees('“late” is not sent.');
    check((await ada.bubbles.filter({ hasText: 'Sorry' }).count()) === 0, 'the customer sees nothing of it');
  });
});
