import type { z } from 'zod';
import type { Audience, Policy } from '../flows/promotion/policy.ts';
import { formatDurationMs } from './duration.ts';
import { entryOf, type Located } from './located.ts';
import { Environment } from './pipeline.ts';
import { below, type Problem, type ProblemCode } from './problem.ts';
import { read } from './read.ts';

/**
 * What each part says well by itself and yet cannot mean: approvals that nobody can give, a watch that reads
 * nothing. Parts that cannot be read are left to their schema, so that the others are still judged.
 */
export function meaningProblems(environment: Located): Problem[] {
  const problems: Problem[] = [];
  const { onCall, promoters, approvals, rollback, watch } = Environment.shape;

  const part = <Schema extends z.ZodType>(key: string, schema: Schema): z.output<Schema> | undefined => {
    const node = entryOf(environment, key);
    if (node === undefined) {
      const absent = schema.safeParse(undefined);
      return absent.success ? absent.data : undefined;
    }
    const answer = read(node, schema);
    return answer.outcome === 'read' ? answer.value : undefined;
  };
  const say = (keys: readonly string[], code: ProblemCode, message: string) => {
    let node = environment;
    let path = environment.path;
    for (const key of keys) {
      const next = entryOf(node, key);
      path = next?.path ?? below(path, key);
      node = next ?? node;
    }
    problems.push({ ...node.at, path, code, message });
  };

  const asked = part('promoters', promoters);
  if (asked !== undefined && asked !== 'members' && isNobody(asked)) {
    say(['promoters'], 'nobody', 'names nobody, so nobody could ask for a promotion; name people or groups');
  }

  const approving = part('approvals', approvals);
  if (approving !== undefined && approving.required > 0) {
    const { required } = approving;
    if (isNobody(approving)) {
      say(
        ['approvals'],
        'nobody',
        `needs ${count(required, 'approval')} and names nobody who may give ${required === 1 ? 'it' : 'them'}; name people or groups`,
      );
    } else if (approving.groups.length === 0) {
      const stuck = requestersWithoutApprovers(approving.people, required, asked);
      if (approving.people.length < required) {
        say(
          ['approvals', 'required'],
          'too-few-people',
          `needs ${count(required, 'approval')}, and only ${count(approving.people.length, 'person', 'people')} may approve`,
        );
      } else if (stuck) {
        say(
          ['approvals', 'required'],
          'too-few-people',
          `can never be reached: nobody may approve what they asked for themselves, and whoever may ask leaves fewer than ${required} others`,
        );
      }
    }
  }

  const back = part('rollback', rollback);
  if (back?.by !== undefined && back.by !== 'members' && isNobody(back.by)) {
    say(['rollback', 'by'], 'nobody', 'names nobody, so nobody could roll back; name people or groups');
  }
  if (back !== undefined && back.approvals > 0 && approving !== undefined) {
    if (isNobody(approving)) {
      say(
        ['rollback', 'approvals'],
        'nobody',
        'needs approvals, and approvals names nobody who may give them',
      );
    } else if (approving.groups.length === 0 && approving.people.length < back.approvals) {
      say(
        ['rollback', 'approvals'],
        'too-few-people',
        `needs ${count(back.approvals, 'approval')}, and only ${count(approving.people.length, 'person', 'people')} may approve`,
      );
    }
  }

  const called = part('onCall', onCall);
  if (called !== undefined && isNobody(called)) {
    say(
      ['onCall'],
      'nobody',
      'names nobody, so nobody would be called when production fails; name people or groups',
    );
  }

  const watching = part('watch', watch);
  if (watching !== undefined && watching.soakSeconds > 0) {
    const { soakSeconds, intervalSeconds, readings } = watching;
    if (readings.length === 0) {
      say(
        ['watch', 'readings'],
        'empty',
        'reads nothing, and nothing is not healthy; name a reading, or write soak: 0s to do without a watch',
      );
    }
    if (intervalSeconds > soakSeconds) {
      say(
        ['watch', 'interval'],
        'out-of-range',
        `is longer than the whole watch of ${formatDurationMs(soakSeconds * 1000)}`,
      );
    }
  }
  return problems;
}

function isNobody({ people, groups }: Audience): boolean {
  return people.length === 0 && groups.length === 0;
}

/** Whether every person who may ask leaves too few of the named approvers to approve it. */
function requestersWithoutApprovers(
  approvers: readonly string[],
  required: number,
  promoters: Policy['promoters'] | undefined,
): boolean {
  if (promoters === undefined || promoters === 'members') return false;
  if (promoters.groups.length > 0 || promoters.people.length === 0) return false;
  return promoters.people.every((asking) => approvers.filter((each) => each !== asking).length < required);
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
