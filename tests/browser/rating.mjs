/**
 * A conversation that is resolved: a calm word, stars by keyboard or finger, thanks; and writing
 * again opens it again.
 *
 *     SHOP_URL=http://127.0.0.1:8080/ PRACTICE_URL=http://127.0.0.1:8080/practice node tests/browser/rating.mjs
 */
import { AXE, accessible } from './axe.mjs';
import { Customer, Desk, check, perform, problem, scene, setting, until } from './stage.mjs';

/** Names of this run, so that a desk with older threads disturbs nothing. */
const RUN = Date.now().toString(36);

await perform('rating', async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, reducedMotion: 'reduce' });
  await context.addInitScript(AXE);
  const ada = new Customer(await context.newPage(), `Ada ${RUN}`);
  const desk = new Desk(await (await browser.newContext({ viewport: { width: 1100, height: 760 } })).newPage(), 'Grace');
  const closing = ada.widget.locator('.closing');
  await ada.page.goto(setting('SHOP_URL'));
  await ada.opens();
  await ada.introduces();
  await ada.writes('My pot has a crack');
  await ada.learns('My pot has a crack', 'Delivered');
  await desk.opens(ada.name);

  await scene('what is resolved says so, and asks for stars', async () => {
    await desk.writes('!resolve');
    await until('the chat says so', () => closing.getByText('Grace marked this as resolved. Write again, and it goes on.').isVisible());
    await accessible(ada.page, 'resolved');
    check((await closing.getByRole('radio').count()) === 5, 'there are five stars');
    check(!(await closing.getByRole('button', { name: 'Send rating' }).isVisible()), 'nothing can be sent before a star is chosen');
  });

  await scene('stars and a comment by keyboard; what fails is told; the desk has it', async () => {
    await closing.getByRole('radio', { name: '1 star' }).focus();
    await ada.page.keyboard.press('Space');
    for (let more = 0; more < 3; more++) await ada.page.keyboard.press('ArrowRight');
    check(await closing.getByRole('radio', { name: '4 stars' }).isChecked(), 'the arrows choose');
    await ada.page.keyboard.press('Tab');
    await ada.page.keyboard.type('Quick and kind');
    await accessible(ada.page, 'stars chosen');
    await ada.page.route('**/v1/rating', (route) => route.fulfill(problem(503, 'Busy. Please try again.')));
    await ada.page.keyboard.press('Tab');
    await ada.page.keyboard.press('Enter');
    await closing.getByText('Busy. Please try again.').waitFor();
    await ada.page.unroute('**/v1/rating');
    await closing.getByRole('button', { name: 'Send rating' }).click();
    await until('the chat says thanks', () => closing.getByText('Thank you! You gave 4 stars.').isVisible());
    await accessible(ada.page, 'rated');
    await desk.sees('Quick and kind');
  });

  await scene('a second tab and a reload show the same; stars can be changed', async () => {
    const other = new Customer(await context.newPage(), ada.name);
    await other.page.goto(setting('SHOP_URL'));
    await other.opens();
    await until('the other tab has it', () => other.widget.getByText('You gave 4 stars').isVisible());
    await ada.page.reload();
    await until('it is there again', () => closing.getByText('You gave 4 stars').isVisible());
    await closing.getByRole('button', { name: 'Change' }).click();
    await closing.getByRole('radio', { name: '5 stars' }).check();
    await closing.getByRole('button', { name: 'Send rating' }).click();
    await until('both have it', async () => (await closing.getByText('You gave 5 stars').isVisible()) && (await other.widget.getByText('You gave 5 stars').isVisible()));
    await other.page.close();
  });

  await scene('writing again opens it again; who resolves silently asks for nothing', async () => {
    await ada.writes('Another one has a crack');
    await ada.learns('Another one has a crack', 'Delivered');
    await closing.waitFor({ state: 'hidden' });
    await desk.writes('!resolve silently');
    await until('the chat says so', () => closing.getByText('Grace marked this as resolved').isVisible());
    check(!(await closing.getByRole('radio').count()), 'no stars are asked for');
  });

  const complaints = ada.complaints.filter((line) => !line.includes('Failed to load resource'));
  check(!complaints.length, `the page has no complaint: ${complaints}`);
});
