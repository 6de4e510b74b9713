// npm run picture: docs/picture.png, the page while a promotion is being watched.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { connectTo } from './control-client.mjs';
import { startOwnWorkspace } from './own-workspace.mjs';

const picture = join(resolve(import.meta.dirname, '..'), 'docs/picture.png');
const mostKilobytes = 300;

const workspace = await startOwnWorkspace({ speed: 60 });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--font-render-hinting=none'],
});
try {
  const control = connectTo(workspace.url);
  const cardThat = (holds) => async () => (await control.cards()).find(holds);
  await control.command('ada', '/promote site v1.1.0');
  const card = await control.until(
    'a card to approve',
    cardThat(({ phase }) => phase === 'awaiting-approval'),
  );
  await control.click('grace', card.ts, 'cs:approve');
  await control.click('lin', card.ts, 'cs:approve');
  await control.until(
    'two minutes of the watch',
    cardThat(({ headline }) => headline.includes('2 of 5 min')),
  );

  await control.post('time', 'setSpeed', { speed: 10 });

  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  await page.goto(workspace.url);
  await page.getByTestId('person-otto').click();
  await page.getByTestId('block-button-cs:roll-back').waitFor();
  await page.frameLocator('iframe[title="Production page"]').locator('h1').first().waitFor();
  await page.getByTestId('message').first().scrollIntoViewIfNeeded();
  await page.mouse.move(640, 780);
  await page.screenshot({ path: picture, animations: 'disabled' });

  const kilobytes = (await stat(picture)).size / 1024;
  console.log(`${picture}: ${kilobytes.toFixed(0)} KB`);
  if (kilobytes > mostKilobytes) throw new Error(`It has more than ${mostKilobytes} KB.`);
} finally {
  await browser.close();
  await workspace.close();
}
