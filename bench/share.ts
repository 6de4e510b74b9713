import type { Finding } from './figure.ts';
import { deployMs, invalidationMs } from './growth/paper-site.ts';
import { settings } from './site/function-world.ts';
import { approvedUntil, asked, personMs, promotionOf } from './site/whole-promotion.ts';

const roundMs = 100;

/** How much of a promotion's time is ours. */
export async function share(): Promise<Finding> {
  const world = await asked(() => roundMs);
  await approvedUntil(world, 'promoted');
  const promotion = promotionOf(world);
  const wallMs = world.time.nowMs() - promotion.requestedAtMs;
  const { approvals, verification, monitoring } = settings.policy;
  const people = 2 * personMs;
  const configured =
    (approvals.waitSeconds +
      (verification.probes - 1) * verification.intervalSeconds +
      monitoring.soakSeconds) *
    1000;
  const amazon = deployMs + invalidationMs;
  const ours = wallMs - people - configured - amazon;
  const minutes = (ms: number) => (ms / 60_000).toFixed(1);
  const steps = phaseTimes(promotion.phases, world.time.nowMs());
  return {
    name: 'share',
    title: 'Our share of a promotion’s time',
    how: `A whole promotion in virtual time: two people who take a minute each, ${minutes(configured)} minutes that the pipeline asks for (time to cancel, probes, watch), and ${minutes(amazon)} minutes that CloudFront takes to deploy and to invalidate. Whatever is left is ours: every call, ${roundMs} ms each, wherever it goes, every pause of the queue, and every look that came later than it could.`,
    figures: [
      { name: 'ours, of all its time', value: (ours / wallMs) * 100, unit: '%', target: 5, stretch: 2 },
      {
        name: 'ours, of what is neither people’s nor asked for',
        value: (ours / (ours + amazon)) * 100,
        unit: '%',
        note: 'against CloudFront’s own minutes alone',
      },
      { name: 'all its time', value: wallMs / 1000, unit: 's' },
      { name: 'ours', value: ours / 1000, unit: 's' },
    ],
    details: [
      '| phase | seconds |',
      '|---|---|',
      ...steps.map(({ phase, ms }) => `| ${phase} | ${(ms / 1000).toFixed(1)} |`),
    ].join('\n'),
    data: { wallMs, people, configured, amazon, ours, steps },
  };
}

function phaseTimes(phases: readonly { readonly phase: string; readonly atMs: number }[], endMs: number) {
  return phases.map(({ phase, atMs }, nth) => ({ phase, ms: (phases[nth + 1]?.atMs ?? endMs) - atMs }));
}
