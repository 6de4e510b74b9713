import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { startWorkspace, type Workspace } from '../../workspace/main.ts';
import type { userIds } from '../../workspace/slack/people.ts';

const root = resolve(import.meta.dirname, '../..');
const pictures = join(root, 'test-results/page');
/** Real time; virtual time runs up to sixty times as fast. */
const patienceMs = 45_000;

export type Name = Exclude<keyof typeof userIds, 'bot'>;

/** Somebody in front of the page, who uses nothing but what can be seen there. */
export interface Person {
  readonly page: Page;
  actAs(name: Name): Promise<void>;
  /** Types into the channel's composer and sends it. */
  type(text: string): Promise<void>;
  /** The newest card with this title. */
  card(title: string): Locator;
  /** Presses a button of that message, and confirms where it asks. */
  press(message: Locator, action: string): Promise<void>;
  /** All that stands in it, as text. */
  words(message: Locator): Promise<string>;
  /** Waits until the message says so. */
  sees(message: Locator, text: string | RegExp): Promise<void>;
  /** Waits for a private answer that says so. */
  isTold(text: string | RegExp): Promise<void>;
  /** Waits for a message in the channel that is no card. */
  reads(text: string | RegExp): Promise<void>;
  speed(times: 1 | 10 | 60): Promise<void>;
  /** Pushes a release from the panel and waits until the idle colour holds it. */
  push(version: string): Promise<void>;
  picture(name: string): Promise<void>;
}

export interface BrowserWorld {
  readonly workspace: Workspace;
  readonly person: Person;
  /** The same workspace on a telephone. */
  phone(): Promise<Person>;
  /** What the consoles of our page complained about. */
  readonly consoleErrors: string[];
  /** What a visitor is shown now, in a tab that is loaded anew. */
  production(path?: string): Promise<string | null>;
  close(): Promise<void>;
}

/** A started workspace with the built bot as its own process, and a browser that looks at it. */
export async function openBrowserWorld(): Promise<BrowserWorld> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs'), 'server', 'page', 'site']);
  await mkdir(pictures, { recursive: true });
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-page-'));
  const workspace = await startWorkspace({ port: 0, dataDir, speed: 10, spawnBot: true });
  const browser = await launch();
  const consoleErrors: string[] = [];

  const open = async (viewport: { width: number; height: number }) => {
    const context = await browser.newContext({ viewport, locale: 'en-GB', reducedMotion: 'reduce' });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // The little frame shows production itself, which bad releases are meant to break.
      if (message.location().url.startsWith(workspace.aws.productionUrl)) return;
      consoleErrors.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => consoleErrors.push(String(error)));
    await page.goto(workspace.url);
    await page.getByTestId('composer').waitFor();
    return personAt(page);
  };

  const person = await open({ width: 1280, height: 900 });
  const visitor = await (await browser.newContext()).newPage();
  return {
    workspace,
    person,
    consoleErrors,
    phone: () => open({ width: 390, height: 844 }),
    async production(path = '/') {
      await visitor.goto(new URL(path, workspace.aws.productionUrl).href);
      return visitor.locator('meta[name="deployment-version"]').getAttribute('content');
    },
    async close() {
      await browser.close();
      await workspace.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function personAt(page: Page): Person {
  const sees = (message: Locator, text: string | RegExp) =>
    message.filter({ hasText: text }).first().waitFor();
  /** On a narrow screen the parts of the page are behind three buttons. */
  const turnTo = async (pane: 'channels' | 'chat' | 'side') => {
    const button = page.getByTestId(`pane-${pane}`);
    if (await button.isVisible()) await button.click();
  };
  return {
    page,
    async actAs(name) {
      await turnTo('channels');
      await page.getByTestId(`person-${name}`).click();
      await page
        .locator(`[data-testid="person-${name}"][aria-pressed="true"]`)
        .waitFor({ state: 'attached' });
      await turnTo('chat');
    },
    async type(text) {
      await turnTo('chat');
      await page.getByTestId('composer').fill(text);
      await page.getByTestId('composer').press('Enter');
    },
    card: (title) =>
      page
        .getByTestId('message')
        .filter({ has: page.getByRole('heading', { name: title, exact: true }) })
        .last(),
    async press(message, action) {
      await message.getByTestId(`block-button-cs:${action}`).click();
      const confirm = page.getByTestId('confirm-accept');
      if (['approve', 'cancel', 'roll-back'].includes(action)) {
        await confirm.click();
        await confirm.waitFor({ state: 'detached' });
      }
    },
    words: async (message) => (await message.textContent()) ?? '',
    sees,
    isTold: (text) => sees(page.getByTestId('ephemeral'), text),
    reads: (text) => sees(page.getByTestId('message').filter({ hasNot: page.getByRole('heading') }), text),
    async speed(times) {
      await page.getByTestId(`time-speed-${times}`).click();
      await page.locator(`[data-testid="time-speed-${times}"][aria-pressed="true"]`).waitFor();
    },
    async push(version) {
      await page.getByTestId(`push-${version}`).click();
      await page.locator(`[data-testid="idle-version"][data-version="${version}"]`).waitFor();
    },
    async picture(name) {
      await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
    },
  };
}
