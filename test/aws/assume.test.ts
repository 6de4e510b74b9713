import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClientsByRole } from '../../src/aws/assume.ts';
import { createFetchPage } from '../../src/aws/checks/page.ts';
import { createAwsClients } from '../../src/aws/clients.ts';
import { createTargets } from '../../src/aws/targets/index.ts';
import { environmentRole } from '../../src/compose/environment-role.ts';
import type { Mandate, StepContext } from '../../src/flows/ports.ts';
import { createWorkspaceClock } from '../../workspace/clock.ts';
import { createLambdaCloud } from '../../workspace/lambda/cloud.ts';
import { PolicyDocument, TrustDocument } from '../../workspace/lambda/policies.ts';
import { createSiteWorld, startMs } from './site-world.ts';

const role = 'arn:aws:iam::111122223333:role/countersign-site';
const worker = 'arn:aws:iam::111122223333:role/countersign-prod-tick';
const digest = 'ab'.repeat(32);

const notYet = (arn: string) => ({
  name: 'RetryableError',
  code: 'aws.role-denied',
  message: expect.stringContaining(arn),
});

/** A worker that may do nothing but take roles; the site's is as `countersign iam` prints it. */
async function startRoles() {
  const clock = createWorkspaceClock({ startMs, speed: 0 });
  const cloud = createLambdaCloud({ clock });
  const world = await createSiteWorld({ ...cloud.aws });
  const { permissionsPolicy, trustPolicy } = environmentRole(
    { definition: { ...world.definition, role } },
    { worker, account: '111122223333' },
  );
  const addRole = (arn: string) =>
    cloud.addRole({
      arn,
      policies: [PolicyDocument.parse(permissionsPolicy)],
      trust: TrustDocument.parse(trustPolicy),
    });
  addRole(role);
  const may = PolicyDocument.parse({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Resource: 'arn:aws:iam::111122223333:role/*',
      },
    ],
  });
  const clientsFor = createClientsByRole({
    own: createAwsClients({ credentials: cloud.credentialsFor(worker, [may]) }),
    region: 'us-east-1',
    nowMs: clock.nowMs,
  });
  const targetFor = (mandate: Mandate, as = role) =>
    createTargets({
      clients: clientsFor(as, mandate),
      fetchPage: createFetchPage(),
      switchedOrigins: () => [],
    })(world.definition);
  return {
    world,
    cloud,
    addRole,
    clientsFor,
    targetFor,
    look: (mandate: Mandate, as?: string) => targetFor(mandate, as).analyze(world.request()),
    sessionsOf: (promotionId: string) =>
      cloud.sessions().filter(({ tags }) => tags['countersign:promotion'] === promotionId),
    pass: (minutes: number) => clock.advance(minutes * 60_000),
    async close() {
      await world[Symbol.asyncDispose]();
      clock.close();
    },
  };
}

describe('the role of an environment', () => {
  let roles: Awaited<ReturnType<typeof startRoles>>;
  beforeAll(async () => {
    roles = await startRoles();
  });
  afterAll(() => roles.close());

  it('is taken under the name of the promotion and of its signed plan', async () => {
    await roles.look({ promotionId: 'p1', digest });

    expect(roles.sessionsOf('p1')).toMatchObject([
      {
        roleArn: role,
        sessionName: 'countersign-p1',
        tags: { 'countersign:promotion': 'p1', 'countersign:plan': digest },
        expiresAtMs: startMs + 900_000,
      },
    ]);
  });

  it('is taken once for all the clients of a promotion, and anew before the session ends', async () => {
    const mandate = { promotionId: 'p2', digest };

    await Promise.all([roles.look(mandate), roles.look(mandate)]);
    await roles.pass(9);
    await roles.look(mandate);
    expect(roles.sessionsOf('p2')).toHaveLength(1);
    await roles.pass(2);
    await roles.look(mandate);
    expect(roles.sessionsOf('p2')).toHaveLength(2);
  });

  it('is taken apart for every promotion and plan', async () => {
    await roles.look({ promotionId: 'p3', digest: null });
    await roles.look({ promotionId: 'p3', digest });
    await roles.look({ promotionId: 'p:4 @', digest });

    const sessions = [...roles.sessionsOf('p3'), ...roles.sessionsOf('p:4 @')];
    expect(sessions.map(({ sessionName, tags }) => [sessionName, Object.keys(tags).length])).toEqual([
      ['countersign-p3', 1],
      ['countersign-p3', 2],
      ['countersign-p-4-@', 2],
    ]);
  });

  it('may look without a plan, and changes nothing before one is signed', async () => {
    const { world, cloud, targetFor } = roles;
    const unsigned = { promotionId: 'p5', digest: null };
    const analyzed = await roles.look(unsigned);
    const [step] = analyzed.outcome === 'analyzed' ? analyzed.analysis.steps : [];
    if (step === undefined) throw new Error('nothing to do');
    const context: StepContext = {
      promotionId: 'p5',
      tookOverFrom: null,
      step,
      direction: 'forward',
      claim: null,
      seenDone: false,
      startedAtMs: startMs,
      nowMs: startMs,
    };
    const seen = await targetFor(unsigned).observe(world.definition, context);
    const claim = world.claim(step, seen.outcome === 'before' ? seen.precondition : null);
    const act = (mandate: Mandate) => targetFor(mandate).act(world.definition, { ...context, claim });

    await expect(act(unsigned)).rejects.toMatchObject({ code: 'aws.access-denied' });
    await act({ promotionId: 'p5', digest });

    expect(cloud.denials()).toEqual([expect.stringContaining('cloudfront:UpdateDistribution')]);
    expect(world.operations().filter((name) => name === 'UpdateDistribution')).toHaveLength(2);
  });

  it('that was made or changed just now is asked for again, since IAM takes a while to say so everywhere', async () => {
    const mandate = { promotionId: 'p6', digest };
    const later = 'arn:aws:iam::111122223333:role/made-just-now';

    await expect(roles.look(mandate, later)).rejects.toMatchObject(notYet(later));
    await roles.pass(0.9);
    await expect(roles.look(mandate, later)).rejects.toMatchObject(notYet(later));
    roles.addRole(later);
    await roles.pass(0.5);
    await roles.look(mandate, later);

    expect(roles.sessionsOf('p6')).toHaveLength(1);
  });

  it('that may not be taken for a minute is a wrong set-up, which names it; mended, it has its minute again', async () => {
    const mandate = { promotionId: 'p7', digest };
    const other = 'arn:aws:iam::111122223333:role/of-somebody-else';
    const look = () => roles.look(mandate, other);

    await expect(look()).rejects.toMatchObject(notYet(other));
    await roles.pass(1);
    await expect(look()).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'aws.access-denied',
      message: expect.stringContaining(other),
    });

    await expect(look()).rejects.toMatchObject(notYet(other));
  });

  it('that was refused long ago has its minute again', async () => {
    const mandate = { promotionId: 'p8', digest };
    const other = 'arn:aws:iam::111122223333:role/changed-twice';

    await expect(roles.look(mandate, other)).rejects.toMatchObject(notYet(other));
    await roles.pass(60);

    await expect(roles.look(mandate, other)).rejects.toMatchObject(notYet(other));
  });

  it('is asked for again after STS was away', async () => {
    const mandate = { promotionId: 'p9', digest };
    roles.world.aws.control.throttle({ service: 'sts', operation: 'AssumeRole', count: 2 });

    await expect(roles.look(mandate)).rejects.toMatchObject({ code: 'aws.throttled' });
    await roles.look(mandate);

    expect(roles.sessionsOf('p9')).toHaveLength(1);
  });

  it('is not needed where the environment names none: the bot’s own credentials serve', () => {
    const { clientsFor } = roles;
    const before = roles.cloud.sessions().length;

    expect(clientsFor(undefined, { promotionId: 'p10', digest })).toBe(
      clientsFor(undefined, { promotionId: 'p11', digest: null }),
    );
    expect(roles.cloud.sessions()).toHaveLength(before);
  });
});
