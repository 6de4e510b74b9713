import { z } from 'zod';
import { RetryableError } from '../flows/errors.ts';
import type { Directory, PersonKind } from '../flows/ports.ts';
import type { Outcome, SlackClient } from './slack-client.ts';

const flag = z.boolean().optional().default(false);

const User = z.object({
  id: z.string(),
  team_id: z.string().optional(),
  deleted: flag,
  is_bot: flag,
  is_app_user: flag,
  is_workflow_bot: flag,
  is_connector_bot: flag,
  is_invited_user: flag,
  is_restricted: flag,
  is_ultra_restricted: flag,
  is_stranger: flag,
});
type User = z.infer<typeof User>;

/** Slack's own robot is not marked as a bot. */
const slackbot = 'USLACKBOT';
const absent: ReadonlySet<string> = new Set(['user_not_found', 'user_not_visible', 'users_not_found']);
const noGroup: ReadonlySet<string> = new Set([
  'no_such_subteam',
  'subteam_not_found',
  'plan_upgrade_required',
  'usergroup_disabled',
  'disabled',
]);

/**
 * Slack's directory, asked anew at every call: a right that was taken away a second ago is gone. Whatever is not
 * plainly a full member of this workspace is something else. Source: Slack, users.info and "Slack Connect".
 */
export function createDirectory({
  slack,
  teamId,
}: {
  slack: Pick<SlackClient, 'user' | 'groupMembers'>;
  teamId: string;
}): Directory {
  return {
    async kindOf(person) {
      if (person.teamId !== teamId) return 'stranger';
      const answer = await slack.user(person.userId);
      if (answer.outcome === 'refused' && absent.has(answer.error)) return 'unknown';
      if (answer.outcome !== 'sent') throw unavailable(answer);
      const user = User.safeParse(answer.user);
      if (!user.success || user.data.id !== person.userId)
        throw unavailable({ outcome: 'unknown', error: 'answer_unreadable' });
      return kindOf(user.data, teamId);
    },
    async membersOf(groupId) {
      const answer = await slack.groupMembers(groupId);
      if (answer.outcome === 'refused' && noGroup.has(answer.error)) return [];
      if (answer.outcome !== 'sent') throw unavailable(answer);
      return answer.users;
    },
  };
}

function kindOf(user: User, teamId: string): PersonKind {
  if (user.deleted) return 'deactivated';
  const robot = user.is_bot || user.is_app_user || user.is_workflow_bot || user.is_connector_bot;
  if (robot || user.id === slackbot) return 'bot';
  if (user.is_stranger || (user.team_id !== undefined && user.team_id !== teamId)) return 'stranger';
  if (user.is_restricted || user.is_ultra_restricted || user.is_invited_user) return 'guest';
  return user.team_id === undefined ? 'unknown' : 'member';
}

function unavailable(answer: Exclude<Outcome, { outcome: 'sent' }>): RetryableError {
  return new RetryableError(
    'slack.directory-unavailable',
    'Slack’s directory cannot be read at the moment.',
    {
      data: { outcome: answer.outcome, ...('error' in answer ? { error: answer.error } : {}) },
      ...(answer.outcome === 'rate-limited' ? { retryAfterMs: answer.retryAfterMs } : {}),
    },
  );
}
