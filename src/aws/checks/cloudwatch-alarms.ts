import { createHash } from 'node:crypto';
import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { MisconfiguredError } from '../../flows/errors.ts';
import type { CheckContext } from '../../flows/ports.ts';
import { type AwsClients, callAws } from '../clients.ts';
import { spellList, spellSecond } from '../spell.ts';
import type { CloudWatchAlarmsCheck } from './config.ts';
import type { Finding } from './finding.ts';

interface Alarm {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  /** Only moves when the state does, unlike StateUpdatedTimestamp. */
  readonly transitionedAtMs: number | null;
  /** CloudWatch's own trouble with evaluating it; null when there is none. */
  readonly evaluation: string | null;
}

/**
 * Reads the named alarms. An alarm that is not there throws MisconfiguredError `check.alarm-missing`
 * unless another one is firing: CloudWatch leaves it out of the answer, and what watches nothing must not pass. An alarm that fired
 * after the change is urgent; one that was there before it fails without being blamed on the change.
 */
export async function runCloudWatchAlarmsCheck(
  clients: AwsClients,
  { names, region, insufficientData }: CloudWatchAlarmsCheck,
  { changedAtMs }: CheckContext,
): Promise<Finding> {
  const alarms = await readAlarms(clients.cloudWatch(region), names);
  const missing = names.filter((name) => !alarms.some((alarm) => alarm.name === name));
  const firing = alarms.filter((alarm) => alarm.state === 'ALARM');
  if (missing.length > 0 && firing.length === 0) {
    throw new MisconfiguredError(
      'check.alarm-missing',
      `CloudWatch has no alarm named ${spellList(missing)} in ${region}.`,
      { data: { missing, region } },
    );
  }
  const finding = (outcome: Finding['outcome'], text: string, about?: Alarm, urgent = false): Finding => ({
    outcome,
    text,
    urgent,
    link: consoleLink(region, about),
  });

  const [first] = firing;
  if (first !== undefined) {
    const old = (alarm: Alarm): boolean =>
      changedAtMs !== null && alarm.transitionedAtMs !== null && alarm.transitionedAtMs < changedAtMs;
    const texts = firing.map(spellFiring);
    if (missing.length > 0) texts.push(`CloudWatch has no alarm named ${spellList(missing)} in ${region}.`);
    return { ...finding('failed', texts.join(' '), first, !firing.every(old)), signs: firing.map(signOf) };
  }
  const unsure = alarms.filter((alarm) => alarm.evaluation !== null);
  if (unsure.length > 0) {
    const texts = unsure.map(
      ({ name, evaluation }) => `Alarm ${name} is not evaluated properly (${evaluation ?? ''}).`,
    );
    return finding('inconclusive', texts.join(' '), unsure[0]);
  }
  const odd = alarms.filter(({ state }) => state !== 'OK' && state !== 'INSUFFICIENT_DATA');
  const dataless = alarms.filter(({ state }) => state === 'INSUFFICIENT_DATA');
  if (odd.length > 0 || (dataless.length > 0 && insufficientData === 'inconclusive')) {
    const texts = [...odd, ...dataless].map(({ name, state }) => `Alarm ${name} is in ${state}.`);
    return finding('inconclusive', texts.join(' '), [...odd, ...dataless][0]);
  }
  const calm =
    names.length === 1 ? `Alarm ${names[0] ?? ''} is quiet` : `All ${names.length} alarms are quiet`;
  const unfed =
    dataless.length === 0 ? '' : `, ${spellList(dataless.map(({ name }) => name))} for lack of data`;
  return finding('passed', `${calm}${unfed}.`);
}

/** Without AlarmTypes only metric alarms are answered (API reference, DescribeAlarms). */
async function readAlarms(client: CloudWatchClient, names: readonly string[]): Promise<Alarm[]> {
  const alarms: Alarm[] = [];
  let next: string | undefined;
  do {
    const token: string | undefined = next;
    const answer = await callAws('cloudwatch:DescribeAlarms', (options) =>
      client.send(
        new DescribeAlarmsCommand({
          AlarmNames: [...names],
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'],
          ...(token === undefined ? {} : { NextToken: token }),
        }),
        options,
      ),
    );
    const found = [
      ...(answer.MetricAlarms ?? []),
      ...(answer.CompositeAlarms ?? []),
      ...(answer.LogAlarms ?? []),
    ];
    for (const alarm of found) {
      alarms.push({
        name: alarm.AlarmName ?? '',
        state: alarm.StateValue ?? 'unknown',
        reason: alarm.StateReason ?? '',
        transitionedAtMs: alarm.StateTransitionedTimestamp?.getTime() ?? null,
        evaluation: 'EvaluationState' in alarm ? (alarm.EvaluationState ?? null) : null,
      });
    }
    next = answer.NextToken;
  } while (next !== undefined && next !== '');
  return alarms;
}

const longestReason = 300;

/** Its own as long as it stays in ALARM; of a length that does not depend on its name. */
const signOf = ({ name, transitionedAtMs }: Alarm): string =>
  `${createHash('sha256').update(name).digest('hex').slice(0, 12)}@${transitionedAtMs ?? 'unknown'}`;

function spellFiring({ name, reason, transitionedAtMs }: Alarm): string {
  const since = transitionedAtMs === null ? '' : ` since ${spellSecond(transitionedAtMs)} UTC`;
  const cut = reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason;
  return `Alarm ${name} is in ALARM${since}${cut === '' ? '.' : `: ${cut}`}`;
}

function consoleLink(region: string, alarm: Alarm | undefined): string {
  const place = alarm === undefined ? '' : `alarm/${encodeURIComponent(alarm.name)}`;
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#alarmsV2:${place}`;
}
