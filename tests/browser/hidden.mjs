/**
 * A button that hides while nobody is there. The hours and the clock are those of `hours.mjs`.
 */
import { Customer, check, perform, scene, setting, until } from './stage.mjs';
import { HOUR, Hand } from './hand.mjs';

const SHOP = setting('SHOP_URL');

await perform('hidden', async (browser) => {
  const hand = new Hand();
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 } });
  const ada = new Customer(await context.newPage(), 'Ada');
  await hand.holds(ada.page);
  const shown = () => ada.launcher.isVisible();

  await scene('closed: there is no button', async () => {
    const asked = ada.page.waitForResponse((response) => response.url().endsWith('/v1/availability'));
    await ada.page.goto(SHOP);
    await asked;
    await ada.page.waitForLoadState('networkidle');
    check(!(await shown()), 'the button is hidden');
  });

  await scene('the hour strikes: there it is, without a reload', async () => {
    await hand.moves(8 * HOUR, ada.page);
    await until('the button is there', shown);
    await ada.opens();
    await ada.introduces();
    await ada.field.fill('My export hangs');
  });

  await scene('who has the chat open keeps it when it closes', async () => {
    await hand.moves(9 * HOUR, ada.page);
    await until('the chat says that it is closed', async () => ((await ada.widget.locator('.hours').textContent()) ?? '').startsWith('Closed now.'));
    check(await shown(), 'the button is there while the chat is open');
    check((await ada.field.inputValue()) === 'My export hangs', 'what was typed is there');
    await ada.field.press('Enter');
    await ada.learns('My export hangs', 'Delivered to the team');
    await ada.page.keyboard.press('Escape');
    await until('the button hides with the chat', async () => !(await shown()));
  });

  await scene('where nothing can be learned it is there', async () => {
    await ada.page.route('**/v1/availability', (route) => route.abort());
    await ada.page.reload();
    await until('the button is there', shown);
  });
});
