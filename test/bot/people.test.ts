import { describe, expect, it } from 'vitest';
import { createDirectory } from '../../src/bot/people.ts';
import type { Outcome } from '../../src/bot/slack-client.ts';
import { RetryableError } from '../../src/flows/errors.ts';

const ada = { teamId: 'T0COUNTER', userId: 'U0ADA00001' };
const member = { id: ada.userId, team_id: 'T0COUNTER', deleted: false, is_bot: false, is_restricted: false };

function directory(
  user: Outcome<{ readonly user: unknown }>,
  group: Outcome<{ readonly users: readonly string[] }> = { outcome: 'sent', users: [] },
) {
  let calls = 0;
  const slack = {
    user: async () => {
      calls += 1;
      return user;
    },
    groupMembers: async () => group,
  };
  return { ...createDirectory({ slack, teamId: 'T0COUNTER' }), calls: () => calls };
}
const kindOf = (changes: Record<string, unknown>) =>
  directory({ outcome: 'sent', user: { ...member, ...changes } }).kindOf(ada);

describe('a person is', () => {
  it.each([
    [{}, 'member'],
    [{ deleted: true }, 'deactivated'],
    [{ is_bot: true }, 'bot'],
    [{ is_app_user: true }, 'bot'],
    [{ is_workflow_bot: true }, 'bot'],
    [{ is_connector_bot: true }, 'bot'],
    [{ is_invited_user: true }, 'guest'],
    [{ is_restricted: true }, 'guest'],
    [{ is_ultra_restricted: true }, 'guest'],
    [{ is_stranger: true }, 'stranger'],
    [{ team_id: 'T0PARTNER' }, 'stranger'],
    [{ team_id: undefined }, 'unknown'],
    [{ deleted: true, team_id: undefined }, 'deactivated'],
  ])('for %j %s', async (changes, kind) => expect(await kindOf(changes)).toBe(kind));

  it('a stranger by the team that the click came from, without asking Slack', async () => {
    const people = directory({ outcome: 'sent', user: member });
    expect(await people.kindOf({ ...ada, teamId: 'T0PARTNER' })).toBe('stranger');
    expect(people.calls()).toBe(0);
  });

  it('unknown when Slack does not know them', async () => {
    expect(await directory({ outcome: 'refused', error: 'user_not_found' }).kindOf(ada)).toBe('unknown');
  });

  it('never a member while that cannot be read', async () => {
    for (const outcome of [
      { outcome: 'unknown', error: 'timeout' },
      { outcome: 'unreachable', error: 'ECONNREFUSED' },
      { outcome: 'refused', error: 'missing_scope' },
      { outcome: 'sent', user: { id: 'U0OTHER001', team_id: 'T0COUNTER' } },
      { outcome: 'sent', user: { ...member, deleted: 'no' } },
      { outcome: 'sent', user: null },
    ] as const) {
      await expect(directory(outcome).kindOf(ada)).rejects.toMatchObject({
        code: 'slack.directory-unavailable',
      });
    }
    const limited = directory({ outcome: 'rate-limited', retryAfterMs: 9000 }).kindOf(ada);
    await expect(limited).rejects.toBeInstanceOf(RetryableError);
    await expect(limited).rejects.toMatchObject({ retryAfterMs: 9000 });
  });

  it('asked about anew every time', async () => {
    const people = directory({ outcome: 'sent', user: member });
    await people.kindOf(ada);
    await people.kindOf(ada);
    expect(people.calls()).toBe(2);
  });
});

describe('a group', () => {
  const membersOf = (group: Outcome<{ readonly users: readonly string[] }>) =>
    directory({ outcome: 'sent', user: member }, group).membersOf('S1');

  it('has the members that Slack names', async () => {
    expect(await membersOf({ outcome: 'sent', users: ['U1', 'U2'] })).toEqual(['U1', 'U2']);
  });
  it.each(['no_such_subteam', 'subteam_not_found', 'plan_upgrade_required'])(
    'is nobody when Slack says %s',
    async (error) => {
      expect(await membersOf({ outcome: 'refused', error })).toEqual([]);
    },
  );
  it('is not nobody, but unreadable, when Slack does not answer', async () => {
    await expect(membersOf({ outcome: 'unknown', error: 'timeout' })).rejects.toBeInstanceOf(RetryableError);
  });
});
