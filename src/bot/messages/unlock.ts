import type { StuckLock, UnlockAnswer, UnlockRequest } from '../../flows/desk.ts';
import type { Notice } from '../../flows/notices.ts';
import {
  type Deadlock,
  secondPersonWithinMs,
  type UnlockEntry,
  type UnlockStatement,
} from '../../flows/unlock.ts';
import type { EphemeralAnswer } from '../slack-client.ts';
import { refusalAnswer, said } from './answers.ts';
import { context, type Message, section, sentences } from './block.ts';
import { code, foreign, group, person } from './text.ts';
import { clock, date } from './time.ts';

const deadlocks: Record<Deadlock, string> = {
  gone: 'whose record is gone',
  unreadable: 'which cannot be read',
  ended: 'which has ended',
};

type Place = Pick<UnlockRequest, 'app' | 'environment'>;

const placeOf = ({ app, environment }: Place) => `${code(app)} ${code(environment)}`;
/** "p0123456789, which cannot be read". */
export const holderWords = ({ holder, because }: Pick<UnlockEntry, 'holder' | 'because'>) =>
  `${code(holder)}, ${deadlocks[because]}`;
const unlockCommand = ({ app, environment }: Place) => code(`/promote unlock ${app} ${environment} REASON`);

/** What the person who asked is told in private. */
export function unlockAnswer(wanted: UnlockRequest, answer: UnlockAnswer): EphemeralAnswer {
  switch (answer.outcome) {
    case 'refused':
      return refusalAnswer(answer.refusal);
    case 'stated':
      return said([
        `Recorded, 1 of 2: ${placeOf(wanted)} is to be freed from ${holderWords(answer.entry)}.`,
        secondPerson(answer.entry),
      ]);
    case 'freed':
      return said([
        `Freed: ${placeOf(wanted)} from ${holderWords(answer.entry)}.`,
        rest(answer.entry.freeFromMs ?? answer.entry.atMs),
      ]);
    case 'rests': {
      const { by, first } = answer.entry;
      const who = [first, by].flatMap((each) => (each === null ? [] : [person(each.person.userId)]));
      return said([
        `Nothing to do: ${who.join(' and ')} have freed ${placeOf(wanted)} already.`,
        rest(answer.freeFromMs),
      ]);
    }
  }
}

/** Nothing is known of what came of it but what the channel says. */
export function unlockFailed(wanted: UnlockRequest, failure: string): EphemeralAnswer {
  const directory = failure === 'slack.directory-unavailable';
  return said([
    directory
      ? 'Not done: Slack’s directory cannot be read at the moment, so nobody’s rights are known. Nothing was recorded.'
      : 'It could not be said whether this was recorded.',
    `See /promote status ${foreign(wanted.app, 60)} ${foreign(wanted.environment, 60)}, then try again.`,
  ]);
}

/** For `/promote status`. */
export function stuckLine(place: Place, stuck: StuckLock): string {
  const counted =
    stuck.first === null || stuck.untilMs === null
      ? 'two people can free it'
      : `1 of 2 people has asked to free it (${person(stuck.first.person.userId)}; the other has until ${clock(stuck.untilMs)})`;
  return `• Locked by ${holderWords(stuck)}; ${counted}: ${unlockCommand(place)}`;
}

/** A notice as its messages: where there is an on-call channel of its own, that first, then the environment's. */
export function noticeMessages(
  notice: Notice,
): readonly { readonly channel: string; readonly message: Message }[] {
  const { entry, channel, onCall } = notice;
  const mentions = [...onCall.groups.map(group), ...onCall.people.map(person)].slice(0, 20).join(' ');
  const [first = '', ...more] = entry.does === 'free' ? freed(entry) : stated(entry);
  const lines = [`${mentions} ${first}`.trim(), ...more];
  const message = {
    text: sentences(lines),
    blocks: [
      section(lines),
      context([`Record of unlocks, number ${entry.sequence}: ${code(entry.hash.slice(0, 12))}`]),
    ],
  };
  const channels = [onCall.channel ?? channel, channel];
  return [...new Set(channels)].map((each) => ({ channel: each, message }));
}

function stated(entry: UnlockEntry): string[] {
  return [
    `${placeOf(entry)} is locked by ${holderWords(entry)}. 1 of 2 people has asked to free it.`,
    statementLine(entry.by),
    secondPerson(entry),
  ];
}

function freed(entry: UnlockEntry): string[] {
  return [
    `Two people have freed ${placeOf(entry)} from ${holderWords(entry)}.`,
    ...[entry.first, entry.by].flatMap((each) => (each === null ? [] : [statementLine(each)])),
    rest(entry.freeFromMs ?? entry.atMs),
    entry.because === 'ended'
      ? ''
      : `What ${code(entry.holder)} had changed is not known: look at production before anything is promoted.`,
  ].filter((line) => line !== '');
}

const statementLine = (statement: UnlockStatement) =>
  `• ${person(statement.person.userId)}, ${date(statement.atMs)}: ${foreign(statement.reason, 600)}`;

const secondPerson = (entry: UnlockEntry) =>
  `Somebody else, on call or an approver, has until ${clock(entry.by.atMs + secondPersonWithinMs)} to write ${unlockCommand(entry)}. Until then everything stays locked.`;

const rest = (freeFromMs: number) =>
  `Nothing takes it before ${clock(freeFromMs)}: until then a request that was still on its way may land. Whatever waits for it goes on by itself.`;
