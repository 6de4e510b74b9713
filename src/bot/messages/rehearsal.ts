import type { Rehearsal } from '../../flows/desk.ts';
import type { Promotion } from '../../flows/promotion/promotion.ts';
import type { EphemeralAnswer } from '../slack-client.ts';
import { refusalAnswer } from './answers.ts';
import { fitting, header, section, sentences } from './block.ts';
import { bullets, resultLine } from './phrases.ts';
import { code, foreign } from './text.ts';
import { expectedDuration } from './time.ts';

/** The plan of something that nobody has asked for yet; nothing was opened. */
export function rehearsalAnswer(
  wanted: { readonly kind: Promotion['kind']; readonly app: string; readonly environment: string },
  rehearsal: Rehearsal,
): EphemeralAnswer {
  if (rehearsal.outcome === 'refused') return refusalAnswer(rehearsal.refusal);
  const { analysis, results, policy } = rehearsal;
  const { live, candidate } = analysis;
  const needed = wanted.kind === 'rollback' ? policy.rollback.approvals : policy.approvals.required;
  const failed = results.filter(({ outcome }) => outcome !== 'passed').length;
  const lead = [
    `${code(wanted.app)} ${code(wanted.environment)}: ${code(live.release.version)} on ${foreign(live.place, 100)} → ${code(candidate.release.version)} on ${foreign(candidate.place, 100)}.`,
    failed === 0
      ? 'Every check passed.'
      : `${failed} of ${results.length} checks did not pass; it would be refused as it is.`,
    needed === 0 ? 'No approval would be needed.' : `${needed} approvals would be needed.`,
    'Nothing was started.',
  ];
  const titled = (title: string, all: readonly string[]) =>
    all.length === 0 ? [] : [section([`*${title}*`, ...all.slice(0, 12)])];
  const steps = (list: typeof analysis.steps) =>
    list.map(
      (step) =>
        `• ${foreign(step.title, 150)}${step.typicalSeconds > 0 ? `, about ${expectedDuration(step.typicalSeconds * 1000)}` : ''}`,
    );
  return {
    text: sentences([
      'Plan, not started.',
      ...lead,
      ...bullets(analysis.changes),
      ...results.map(resultLine),
    ]),
    blocks: fitting([
      header(`Plan for ${wanted.app} ${wanted.environment} — not started`),
      section(lead),
      ...titled('What would change', bullets(analysis.changes)),
      ...titled('Steps', steps(analysis.steps)),
      ...titled('Checks', results.map(resultLine)),
      ...titled('Risks', bullets(analysis.risks)),
      ...titled('The way back', steps(analysis.rollback.map(({ step }) => step))),
    ]),
  };
}
