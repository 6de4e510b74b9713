import type { CheckContext } from '../../flows/ports.ts';
import { spellList } from '../spell.ts';
import type { HttpCheck } from './config.ts';
import type { Finding } from './finding.ts';
import {
  addressOf,
  assetsOf,
  complaintAbout,
  type FetchPage,
  type PageAnswer,
  type PageRequest,
} from './page.ts';

export interface Address {
  /** As the text names it: "/about". */
  readonly label: string;
  readonly url: string;
}

interface Seen {
  readonly outcome: 'passed' | 'failed' | 'inconclusive';
  readonly text: string;
}

/** Fetches all the addresses at once. One that is wrong fails; one that nobody answers leaves it open. */
export async function checkAddresses(
  fetchPage: FetchPage,
  addresses: readonly Address[],
  request: PageRequest,
): Promise<Seen> {
  const answers = await Promise.all(
    addresses.map(async ({ label, url }) => ({ label, answer: await fetchPage(url, request) })),
  );
  return judge(answers);
}

function judge(answers: readonly { label: string; answer: PageAnswer }[]): Seen {
  const failed: string[] = [];
  const silent: string[] = [];
  for (const { label, answer } of answers) {
    if (answer.outcome === 'unanswered') silent.push(`${label}: no answer (${answer.reason})`);
    else {
      const complaint = complaintAbout(answer);
      if (complaint !== null) failed.push(`${label} ${complaint}`);
    }
  }
  if (failed.length > 0) return { outcome: 'failed', text: `${[...failed, ...silent].join('; ')}.` };
  if (silent.length > 0) return { outcome: 'inconclusive', text: `${silent.join('; ')}.` };
  const labels = answers.map(({ label }) => label);
  return {
    outcome: 'passed',
    text: `${spellList(labels)} ${labels.length === 1 ? 'answers' : 'answer'} 200.`,
  };
}

export async function runHttpCheck(
  fetchPage: FetchPage,
  settings: HttpCheck,
  context: CheckContext,
): Promise<Finding> {
  const { baseUrl, pages, timeoutMs } = settings;
  const request = { timeoutMs, userAgent: `countersign/${context.promotionId}` };
  const answers = await Promise.all(
    pages.map(async (page) => ({ label: page, answer: await fetchPage(addressOf(baseUrl, page), request) })),
  );
  const finding = (seen: Seen): Finding => ({ ...seen, link: baseUrl, urgent: false });
  const seen = judge(answers);
  const first = answers[0];
  if (seen.outcome !== 'passed' || settings.assets === 0) return finding(seen);
  if (first === undefined || first.answer.outcome === 'unanswered') return finding(seen);

  const assets = assetsOf(first.answer.body, first.label).slice(0, settings.assets);
  if (assets.length === 0) {
    return finding({
      outcome: 'failed',
      text: `${first.label} refers to no assets of its own, ${settings.assets} were to be fetched.`,
    });
  }
  const fetched = await checkAddresses(
    fetchPage,
    assets.map((path) => ({ label: path, url: addressOf(baseUrl, path) })),
    request,
  );
  if (fetched.outcome !== 'passed') return finding(fetched);
  const things = [...pages, assets.length === 1 ? '1 asset' : `${assets.length} assets`];
  return finding({ outcome: 'passed', text: `${spellList(things)} answer 200.` });
}
