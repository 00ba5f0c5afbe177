/**
 * What every browser play needs: a Chromium, somebody who uses the widget like a person, and waiting
 * for what must come true. The plays take addresses from the environment and fail with a sentence.
 */
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process, { env } from 'node:process';
import { chromium } from 'playwright-core';

/** Longest that anything may take to come true, with room for a loaded machine. */
export const PATIENCE_MS = 15_000;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * An address or setting from the environment.
 *
 * @param {string} name
 */
export function setting(name) {
  const value = env[name];
  if (!value) throw new Error(`Set ${name}.`);
  return value;
}

/**
 * Runs a play from the first curtain to the last, and says how it ended.
 *
 * @param {string} title
 * @param {(browser: import('playwright-core').Browser) => Promise<void>} play
 */
export async function perform(title, play) {
  const browser = await chromium.launch({ executablePath: env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  try {
    await play(browser);
    console.log(`${title}: all as it should be`);
  } catch (error) {
    console.error(`${title}: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
    const pages = browser.contexts().flatMap((context) => context.pages());
    for (const [i, page] of pages.entries()) await picture(page, `failed-${i}`).catch(() => {});
  } finally {
    await browser.close();
  }
}

/**
 * Announces a scene and plays it.
 *
 * @param {string} name
 * @param {() => Promise<void>} play
 */
export async function scene(name, play) {
  const started = Date.now();
  try {
    await play();
  } catch (error) {
    throw new Error(`scene “${name}”: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  console.log(`  ✓ ${name} (${Date.now() - started} ms)`);
}

/**
 * Waits until something is true.
 *
 * @param {string} what  in words, for the message when it never is
 * @param {() => unknown} check
 */
export async function until(what, check) {
  const end = Date.now() + PATIENCE_MS;
  let last = '';
  while (Date.now() < end) {
    try {
      if (await check()) return;
    } catch (error) {
      last = ` (${error instanceof Error ? error.message : error})`;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`never came true: ${what}${last}`);
}

/**
 * @param {boolean} truth
 * @param {string} what
 */
export function check(truth, what) {
  if (!truth) throw new Error(`not so: ${what}`);
}

/**
 * Takes a picture, when somebody wants pictures.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  if (!env.SCREENSHOTS) return;
  mkdirSync(env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(env.SCREENSHOTS, `${name}.png`) });
}

/** A customer at a page with the widget. */
export class Customer {
  /**
   * @param {import('playwright-core').Page} page
   * @param {string} name
   */
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.widget = page.locator('threadline-chat');
    this.launcher = this.widget.locator('.launcher');
    this.panel = this.widget.getByRole('dialog');
    this.field = this.widget.locator('.composer textarea');
    this.rows = this.widget.locator('.row');
    this.bubbles = this.widget.locator('.bubble');
    /** What went wrong in the page, the browser's own words. @type {string[]} */
    this.complaints = [];
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  /** Opens the chat by its button. */
  async opens() {
    await this.launcher.click();
    await this.panel.waitFor();
  }

  /**
   * Chooses a topic and says who is asking, as far as the site asks.
   *
   * @param {{ topic?: number, email?: string }} [choice]
   */
  async introduces({ topic = 0, email = 'customer@example.com' } = {}) {
    const topics = this.widget.locator('.topics button');
    const name = this.widget.locator('input[name=name]');
    const mail = this.widget.locator('input[name=email]');
    await topics.first().or(name).or(mail).or(this.field).first().waitFor();
    if (await topics.count()) await topics.nth(topic).click();
    await name.or(mail).or(this.field).first().waitFor();
    if (await name.count()) await name.fill(this.name);
    if (await mail.count()) await mail.fill(email);
    const go = this.widget.locator('.go');
    if (await go.count()) await go.click();
    await this.field.waitFor();
  }

  /** @param {string} text */
  async writes(text) {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /**
   * Waits until a message with this text is in the list.
   *
   * @param {string} text
   */
  async reads(text) {
    await this.bubbles.filter({ hasText: text }).first().waitFor({ timeout: PATIENCE_MS });
  }

  /**
   * Waits until the message with this text says what became of it.
   *
   * @param {string} text
   * @param {string} outcome
   */
  async learns(text, outcome) {
    const row = this.rows.filter({ hasText: text }).first();
    await until(`“${text}” is “${outcome}”`, async () => ((await row.locator('.meta').textContent()) ?? '').includes(outcome));
  }

  /** All messages, as a person would tell them. */
  async transcript() {
    return this.bubbles.allInnerTexts();
  }
}

/** An agent at the practice desk. */
export class Desk {
  /**
   * @param {import('playwright-core').Page} page
   * @param {string} agent
   */
  constructor(page, agent) {
    this.page = page;
    this.agent = agent;
    this.text = page.getByRole('textbox', { name: 'Answer the customer' });
  }

  /**
   * Opens the thread of a customer.
   *
   * @param {string} customer
   */
  async opens(customer) {
    await this.page.goto(setting('PRACTICE_URL'));
    await this.page.locator('#threads button', { hasText: customer }).click();
    await this.page.getByLabel('You are:').fill(this.agent);
    await this.page.getByLabel('You are:').press('Enter');
  }

  /** @param {string} text */
  post(text) {
    return this.page.locator('.post', { hasText: text }).first();
  }

  /** @param {string} text */
  async sees(text) {
    await until(`the desk shows “${text}”`, () => this.post(text).isVisible());
  }

  /** @param {string} text */
  async writes(text) {
    await this.text.fill(text);
    await this.text.press('Enter');
    await until('the desk has taken the answer', async () => (await this.text.inputValue()) === '');
  }

  /**
   * @param {string} text
   * @param {'received' | 'seen'} mark
   */
  async learns(text, mark) {
    await until(`“${text}” is ${mark}`, () => this.post(text).locator(`[data-mark=${mark}]`).isVisible());
  }

  /**
   * @param {string} before
   * @param {string} after
   */
  async edits(before, after) {
    await this.post(before).hover();
    await this.post(before).getByRole('button', { name: 'Edit' }).click();
    await this.page.getByLabel('Edit the post').fill(after);
    await this.page.getByLabel('Edit the post').press('Enter');
    await this.sees(after);
  }

  /** @param {string} text */
  async deletes(text) {
    await this.post(text).hover();
    await this.post(text).getByRole('button', { name: 'Delete' }).click();
    await until(`“${text}” is gone from the desk`, async () => !(await this.post(text).isVisible()));
  }
}

/**
 * An answer that refuses, in the server's form.
 *
 * @param {number} status
 * @param {string} detail
 * @param {Record<string, string>} [headers]
 */
export const problem = (status, detail, headers = {}) => ({
  status,
  headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after', ...headers },
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: 'No', status, detail }),
});

/**
 * Counts the streams that a browser holds open with the server.
 *
 * @param {import('playwright-core').BrowserContext} context
 */
export function streams(context) {
  /** @type {Map<import('playwright-core').Request, import('playwright-core').Page>} */
  const open = new Map();
  context.on('request', (request) => {
    if (request.url().endsWith('/v1/events') && request.method() === 'GET') open.set(request, request.frame().page());
  });
  // What a closed page had open ends without a word.
  context.on('page', (page) => {
    page.on('close', () => {
      for (const [request, owner] of open) if (owner === page) open.delete(request);
    });
  });
  context.on('requestfinished', (request) => open.delete(request));
  context.on('requestfailed', (request) => open.delete(request));
  return open;
}

/**
 * Everything that can be seen of the chat is inside the window, and nothing is cut off sideways
 * except code, which scrolls.
 *
 * @param {Customer} customer
 * @param {string} state
 */
export async function fits(customer, state) {
  const cut = await customer.panel.evaluate((panel) => {
    const wide = document.documentElement.clientWidth;
    return [...panel.querySelectorAll('*')]
      .filter((element) => element.checkVisibility() && !element.closest('pre, .sr, svg'))
      // A name ends with an ellipsis where it is too long; marks upon marks are cut off at the bubble's edge.
      .filter((element) => !(element.matches('.bubble') && /\p{M}{9}/u.test(element.textContent ?? '')) && getComputedStyle(element).textOverflow !== 'ellipsis')
      .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < 0 || right > wide + 0.5 || (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'visible');
      })
      .map((element) => `${element.tagName}.${element.className} (${element.scrollWidth} in ${element.clientWidth} px): ${element.textContent?.slice(0, 40)}`);
  });
  check(!cut.length, `${state}: nothing is cut off at ${JSON.stringify(customer.page.viewportSize())}: ${cut}`);
  check((await customer.page.evaluate(() => document.documentElement.scrollWidth)) <= 320, `${state}: the page has not grown`);
}

/**
 * What the site's server signs, with the secret that the play was given.
 *
 * @param {object} claims
 */
export function signed(claims) {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ exp: Date.now() / 1000 + 600, ...claims })}`;
  return `${text}.${createHmac('sha256', setting('THREADLINE_IDENTITY_SECRET')).update(text).digest('base64url')}`;
}
