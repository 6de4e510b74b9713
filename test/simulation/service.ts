import { RetryableError } from '../../src/flows/errors.ts';
import type { Checks, Observation, StepContext, Target } from '../../src/flows/ports.ts';
import type { Analysis, CheckResult, Step } from '../../src/flows/promotion/plan.ts';
import { refusal } from '../../src/flows/promotion/refusal.ts';
import { type Flaw, flawIn } from './cloud.ts';
import type { Process } from './kernel.ts';
import type { Outside } from './outside.ts';

/** A service that takes every update as it comes, as ECS and Amplify do: nothing fences a late request off. */
export interface Service {
  readonly arn: string;
  now(): Deployment;
  readonly deployments: readonly Deployment[];
  flaws: Map<string, Flaw>;
  /** Somebody else deploys. */
  change(version: string): void;
  observe(listener: (before: Deployment, after: Deployment) => void): void;
  targetOf(process: Process): Target;
  checksOf(process: Process): Checks;
}

export interface Deployment {
  readonly version: string;
  /** Claim key of ours, or who else it was. */
  readonly by: string;
  readonly atMs: number;
}

const rolloutMs = 30_000;
const longestWayMs = 300_000;
const artifactOf = (version: string) => `image-of-${version}`;
const releaseOf = (version: string) => ({ version, commit: null, artifact: artifactOf(version) });

const stepOf = (id: string, does: 'deploy' | 'settle', from: string, to: string): Step => ({
  id,
  title: does === 'deploy' ? `Deploy ${to}` : `Wait for ${to}`,
  ...(does === 'deploy' ? { does, fence: 'hold' as const } : { does, fence: 'none' as const }),
  pollSeconds: 10,
  deadlineSeconds: 600,
  typicalSeconds: 30,
  settings: { from, to },
});

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

export function createService(outside: Outside): Service {
  const { kernel, tape, weather, cloud } = outside;
  const arn = 'arn:aws:ecs:us-east-1:111122223333:service/worker';
  const first: Deployment = { version: 'v1.0.0', by: 'before', atMs: kernel.nowMs() - 3_600_000 };
  const deployments: Deployment[] = [first];
  const flaws = new Map<string, Flaw>();
  const listeners: ((before: Deployment, after: Deployment) => void)[] = [];
  const now = () => deployments[deployments.length - 1] ?? first;

  const deploy = (version: string, by: string) => {
    const before = now();
    // The same content again changes nothing but who wrote it last.
    const after = { version, by, atMs: kernel.nowMs() };
    deployments.push(after);
    for (const listener of listeners) listener(before, after);
  };

  const reach = <T>(process: Process, kind: string, answer: () => T, lateToo?: () => void): Promise<T> =>
    kernel.call(process, kind, () => {
      if (weather.isDown('aws')) throw new RetryableError('aws.unavailable', 'AWS is down.');
      if (weather.strikes('aws', 'throttled', kind)) throw new RetryableError('aws.throttled', 'Too many.');
      if (lateToo !== undefined && weather.strikes('aws', 'late', kind)) {
        weather.arriveLate(kind, tape.between(1, longestWayMs / 1000) * 1000, lateToo);
        throw new RetryableError('aws.unreachable', 'AWS did not answer.');
      }
      const answered = answer();
      if (weather.strikes('aws', 'lost', kind))
        throw new RetryableError('aws.unreachable', 'AWS did not answer.');
      return answered;
    });

  const observe = (seen: Deployment, { step, claim, direction, tookOverFrom }: StepContext): Observation => {
    const from = textOf(step.settings['from']);
    const to = textOf(step.settings['to']);
    const inherited = tookOverFrom !== null && seen.by.startsWith(`${tookOverFrom}.`);
    if (seen.version !== from && seen.version !== to && !inherited)
      return { outcome: 'foreign', text: `Somebody else deployed ${seen.version}.` };
    if (step.does === 'settle') {
      if (seen.version !== to) return { outcome: 'applying', text: 'not there yet', fraction: null };
      return kernel.nowMs() - seen.atMs >= rolloutMs
        ? { outcome: 'done', text: `${to} runs.` }
        : { outcome: 'applying', text: 'rolling out', fraction: null };
    }
    const ours = claim !== null && seen.by === claim.key;
    if (seen.version === to && ours) return { outcome: 'done', text: `${to} was taken.` };
    if (seen.version === to && direction === 'forward' && claim === null)
      return { outcome: 'foreign', text: `Somebody else deployed ${to} already.` };
    return { outcome: 'before', precondition: null };
  };

  const analysisOf = (
    live: string,
    candidate: string,
    kind: 'promotion' | 'rollback',
    key: string,
  ): Analysis => {
    const there = [stepOf('deploy', 'deploy', live, candidate), stepOf('settle', 'settle', live, candidate)];
    const way = kind === 'promotion' ? ([candidate, live] as const) : ([live, candidate] as const);
    const undoes = kind === 'promotion' ? ['deploy'] : [];
    return {
      live: { release: releaseOf(live), place: 'service' },
      candidate: { release: releaseOf(candidate), place: 'service' },
      fingerprint: key,
      resources: [arn],
      changes: [`Image ${live} to ${candidate}`],
      risks: [],
      steps: kind === 'promotion' ? there : [],
      rollback: [
        { undoes, step: stepOf('deploy-back', 'deploy', ...way) },
        { undoes, step: stepOf('settle-back', 'settle', ...way) },
      ],
      byHand: ['update the service'],
      links: [],
    };
  };

  return {
    arn,
    now,
    deployments,
    flaws,
    change: (version) => deploy(version, 'somebody'),
    observe(listener) {
      listeners.push(listener);
    },
    targetOf: (process) => ({
      analyze: (request) =>
        reach(process, 'service.analyze', () => {
          const live = now().version;
          const earlier = request.history.find(({ artifact }) => artifact !== artifactOf(live))?.version;
          const candidate = request.kind === 'promotion' ? request.version : (request.version ?? earlier);
          const known =
            request.kind === 'promotion' || request.history.some((one) => one.version === candidate);
          if (candidate == null || candidate === live || !known) {
            const no = refusal('service.nowhere', 'There is nothing to go to.', 'Name a version.');
            return { outcome: 'refused', refusal: no };
          }
          const analysis = analysisOf(live, candidate, request.kind, 'one');
          const { commit } = request;
          const { live: there } = analysis;
          const release = { ...analysis.candidate.release, commit };
          return {
            outcome: 'analyzed',
            analysis: { ...analysis, live: there, candidate: { release, place: 'service' } },
          };
        }),
      validate: () => reach(process, 'service.validate', () => []),
      observe: (_definition, context) => reach(process, 'service.observe', () => observe(now(), context)),
      act: (_definition, { step, claim }) => {
        const carryOut = () => deploy(textOf(step.settings['to']), claim?.key ?? 'nobody');
        return reach(
          process,
          'service.act',
          () => {
            carryOut();
            return { reference: null };
          },
          carryOut,
        );
      },
    }),
    checksOf: (process) => ({
      isAlarm: ({ kind }) => kind === 'service-health',
      run: (spec, { expected, changedAtMs }) =>
        reach(process, `service.${spec.kind}`, () => {
          const { version } = now();
          const flaw = flawIn(flaws.get(version) ?? 'none', cloud.turns, kernel.nowMs());
          const told = (outcome: CheckResult['outcome'], urgent = false) => ({
            id: spec.id,
            title: spec.title,
            outcome,
            text: `${version} runs`,
            link: null,
            urgent,
          });
          if (spec.kind === 'service-version')
            return told(version === expected.version && flaw !== 'wrong-version' ? 'passed' : 'failed');
          if (changedAtMs === null || flaw === 'none' || flaw === 'wrong-version') return told('passed');
          if (flaw === 'no-metrics') return told('inconclusive');
          return told('failed', flaw === 'alarm');
        }),
    }),
  };
}
