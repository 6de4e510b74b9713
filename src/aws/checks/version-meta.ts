import type { CheckContext } from '../../flows/ports.ts';
import { spellList } from '../spell.ts';
import type { VersionMetaCheck } from './config.ts';
import type { Finding } from './finding.ts';
import { complaintAbout, type FetchPage, versionOf } from './page.ts';

/**
 * Reads what version the page says it is. Only the very same text passes: a longer version that
 * contains the right one does not. The version before it may be a cache's memory and is `stale`.
 */
export async function runVersionMetaCheck(
  fetchPage: FetchPage,
  { url, timeoutMs }: VersionMetaCheck,
  { expected, previous, promotionId }: CheckContext,
): Promise<Finding> {
  const finding = (outcome: Finding['outcome'], text: string): Finding => ({
    outcome,
    text,
    link: url,
    urgent: false,
  });
  const answer = await fetchPage(url, { timeoutMs, userAgent: `countersign/${promotionId}` });
  if (answer.outcome === 'unanswered') return finding('inconclusive', `No answer: ${answer.reason}.`);
  const complaint = complaintAbout(answer);
  if (complaint !== null) {
    return finding('failed', `The page ${complaint}; version ${expected.version} was expected.`);
  }
  if (answer.truncated) return finding('failed', 'The page is longer than 2 MB.');
  const seen = versionOf(answer.body);
  if (seen.outcome === 'none') {
    return finding(
      'failed',
      `The page has no deployment-version meta; version ${expected.version} was expected.`,
    );
  }
  if (seen.outcome === 'several') {
    return finding(
      'failed',
      `The page has ${seen.versions.length} deployment-version metas (${spellList(seen.versions)}); exactly one, ${expected.version}, was expected.`,
    );
  }
  if (seen.version === expected.version) return finding('passed', `The page shows version ${seen.version}.`);
  const text = `The page shows version ${JSON.stringify(seen.version)}, ${expected.version} was expected.`;
  return finding(seen.version === previous?.version ? 'stale' : 'failed', text);
}
