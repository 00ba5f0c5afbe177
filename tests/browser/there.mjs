/**
 * The chat of a team that has a button only while one of them is there: an agent comes and goes at the practice
 * desk, and the customer's page follows without a reload.
 */
import { Customer, check, perform, picture, scene, setting, until } from './stage.mjs';

const SHOP = setting('SHOP_URL');

await perform('there', async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 } });
  const ada = new Customer(await context.newPage(), 'Ada');
  const desk = await context.newPage();
  const line = ada.widget.locator('.hours');
  /** @param {string} words */
  const says = (words) => until(`the chat says “${words}”`, async () => ((await line.textContent()) ?? '') === words);
  /** @param {string} name */
  const clicks = (name) => desk.getByRole('button', { name, exact: true }).click();

  await scene('nobody is there: there is no button', async () => {
    await desk.goto(setting('PRACTICE_URL'));
    await until('the desk says so', () => desk.getByText('Nobody is here: the chat is closed').isVisible());
    const asked = ada.page.waitForResponse((response) => response.url().endsWith('/v1/availability'));
    await ada.page.goto(SHOP);
    await asked;
    await ada.page.waitForLoadState('networkidle');
    check(!(await ada.launcher.isVisible()), 'the button is hidden');
  });

  await scene('somebody comes: there it is, and he is named', async () => {
    await clicks('I am here');
    await until('the desk says who', () => desk.getByText('Here: Grace').isVisible());
    await picture(desk, 'desk');
    // It asks again within twenty seconds.
    await ada.launcher.waitFor({ timeout: 30_000 });
    await ada.opens();
    await says('Grace is here.');
    await ada.introduces();
    await ada.field.fill('My export hangs');
    await ada.field.press('Enter');
    await ada.learns('My export hangs', 'Delivered to the team');
    await picture(ada.page, 'here');
  });

  await scene('another one comes, and both go: who has the chat open reads it at once', async () => {
    await desk.locator('#threads button', { hasText: 'Ada' }).click();
    await desk.getByLabel('You are:').fill('Hedy');
    await desk.getByLabel('You are:').press('Enter');
    await clicks('I am here');
    await says('Grace and one other are here.');
    await ada.field.fill('And another thing');
    await clicks('I am away');
    await desk.getByLabel('You are:').fill('Grace');
    await desk.getByLabel('You are:').press('Enter');
    await clicks('I am away');
    await until('the chat says that it is closed', async () => ((await line.textContent()) ?? '').startsWith('Closed now. Write to us, and you have an answer by'));
    check((await ada.field.inputValue()) === 'And another thing', 'what was typed is there');
    await picture(ada.page, 'closed');
    await ada.page.keyboard.press('Escape');
    await until('the button hides with the chat', async () => !(await ada.launcher.isVisible()));
  });
});
