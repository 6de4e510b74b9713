import { closest, distance } from 'fastest-levenshtein';
import type { Catalog } from '../flows/desk.ts';
import { type Refusal, refusal } from '../flows/promotion/refusal.ts';
import { echo } from './messages/text.ts';

/** What somebody typed, understood completely or not at all. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'status'; readonly app: string | null; readonly environment: string | null }
  | ({ readonly kind: 'promote' } & Promote)
  | ({ readonly kind: 'roll-back' } & RollBack)
  /** A dry run: nothing is opened. */
  | ({ readonly kind: 'plan'; readonly does: 'promotion' } & Promote)
  | ({ readonly kind: 'plan'; readonly does: 'rollback' } & RollBack)
  /** One person's wish to free an environment whose holder cannot be worked on. */
  | { readonly kind: 'unlock'; readonly app: string; readonly environment: string; readonly reason: string }
  /** Something is missing: a form asks for it, with what is known filled in. */
  | {
      readonly kind: 'ask';
      readonly does: 'promotion' | 'rollback';
      readonly app: string | null;
      readonly environment: string | null;
      readonly version: string | null;
      readonly reason: string | null;
    };

interface Promote {
  readonly app: string;
  readonly environment: string;
  readonly version: string;
  readonly reason: string | null;
}

interface RollBack {
  readonly app: string;
  readonly environment: string;
  readonly version: string | null;
  readonly reason: string | null;
}

export type Parsed =
  | { readonly outcome: 'parsed'; readonly command: Command }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export const reasonLimit = 500;
const subcommands = ['plan', 'status', 'unlock', 'help'] as const;
/** How many letters may differ in a word that is taken for a slip of the finger. */
const slip = 2;

export function isVersion(word: string): boolean {
  return /^[0-9A-Za-z][0-9A-Za-z._+-]{0,99}$/.test(word);
}

/**
 * Reads the text behind `/promote` or `/rollback` (ALL-1). Words are matched exactly: a word that is nearly right is
 * refused with the right one named, and nothing is ever guessed. `text` is as Slack sends it with escaping on.
 */
export function parseCommand(does: 'promotion' | 'rollback', text: string, catalog: Catalog): Parsed {
  try {
    return { outcome: 'parsed', command: read(does, plainText(text), catalog) };
  } catch (error) {
    if (error instanceof Refused) return { outcome: 'refused', refusal: error.refusal };
    throw error;
  }
}

/** Thrown inside this file only; what leaves it is a value. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(code: string, text: string, next: string) {
    super(code);
    this.refusal = refusal(code, text, next);
  }
}

/** Undoes Slack's escaping once: mentions and links become what the writer saw, entities become characters. */
function plainText(text: string): string {
  return text
    .replace(
      /<([@#!])[^<>|]*\|([^<>|]*)>/g,
      (_token, mark: string, label: string) => `${mark === '!' ? '' : mark}${label}`,
    )
    .replace(/<(https?:[^<>|]*)(\|[^<>]*)?>/g, '$1')
    .replace(/&(lt|gt|amp);/g, (_entity, name: string) => ({ lt: '<', gt: '>', amp: '&' })[name] ?? '');
}

function read(does: 'promotion' | 'rollback', text: string, catalog: Catalog): Command {
  const unlock = /^[ \t\r\n\u00a0]*unlock(?=$|[ \t\r\n\u00a0])/.exec(text);
  if (unlock !== null) return readUnlock(text.slice(unlock[0].length), catalog);
  const { words, reason } = split(text);
  for (const word of words) refuseUnseen(word);
  const [first, ...rest] = words;
  if (first === 'help') return alone(rest, { kind: 'help' });
  if (first === 'status') return readStatus(rest, catalog);
  if (first === 'plan') return asPlan(readArguments(does, rest, reason, catalog));
  return readArguments(does, words, reason, catalog);
}

/** Telephones make a dash out of two hyphens. */
const reasonOption = /(?:^|[ \t\r\n\u00a0])(?:--|\u2014|\u2013)reason(?=$|[= \t\r\n\u00a0])=?/;

function split(text: string): { words: string[]; reason: string | null } {
  const found = reasonOption.exec(text);
  const head = found === null ? text : text.slice(0, found.index);
  const reason = found === null ? null : text.slice(found.index + found[0].length).trim();
  if (reason === '') {
    throw new Refused(
      'command.reason-empty',
      'The reason is empty.',
      'Write it behind --reason, or leave both out.',
    );
  }
  if (reason !== null) refuseTooLong(reason);
  const words = head.split(/[ \t\r\n\u00a0]+/).filter((word) => word !== '');
  const option = words.find((word) => /^(-|\u2014|\u2013)/.test(word));
  if (option !== undefined) {
    throw new Refused(
      'command.option-unknown',
      `There is no option ${echo(option)}.`,
      'The only one is --reason TEXT, at the end.',
    );
  }
  return { words, reason };
}

function refuseTooLong(reason: string): void {
  if (reason.length <= reasonLimit) return;
  throw new Refused(
    'command.reason-too-long',
    `The reason has ${reason.length} characters; ${reasonLimit} are the most.`,
    'Shorten it.',
  );
}

/** Invisible letters and digits of other scripts look like a name that they are not. */
function refuseUnseen(word: string): void {
  const odd = /[^\x21-\x7e]/u.exec(word)?.[0];
  if (odd === undefined) return;
  const number = (odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw new Refused(
    'command.odd-character',
    `${echo(word)} holds a character that names and versions cannot have (U+${number}).`,
    'Type the word anew instead of pasting it.',
  );
}

function alone(rest: readonly string[], command: Command): Command {
  const [extra] = rest;
  if (extra === undefined) return command;
  throw tooMany(extra);
}

function tooMany(word: string): Refused {
  return new Refused(
    'command.too-many-words',
    `${echo(word)} is one word too many.`,
    'See /promote help; a reason goes behind --reason.',
  );
}

function readStatus(rest: readonly string[], catalog: Catalog): Command {
  const [app, environment, extra] = rest;
  if (extra !== undefined) throw tooMany(extra);
  if (app === undefined) return { kind: 'status', app: null, environment: null };
  const environments = environmentsOf(app, catalog, []);
  if (environment !== undefined && !environments.includes(environment)) {
    throw unknown('environment', environment, environments, `an environment of ${app}`);
  }
  return { kind: 'status', app, environment: environment ?? null };
}

const unlockUsage = 'Write /promote unlock APP ENVIRONMENT REASON.';

/** Everything behind the environment is the reason, in the writer's own words. */
function readUnlock(text: string, catalog: Catalog): Command {
  const [, app, environment, rest = ''] =
    /^[ \t\r\n\u00a0]*([^ \t\r\n\u00a0]*)[ \t\r\n\u00a0]*([^ \t\r\n\u00a0]*)(.*)$/s.exec(text) ?? [];
  if (app === undefined || environment === undefined || environment === '') {
    throw new Refused('command.unlock-incomplete', 'Unlocking needs to know what, and why.', unlockUsage);
  }
  refuseUnseen(app);
  refuseUnseen(environment);
  const environments = environmentsOf(app, catalog, []);
  if (!environments.includes(environment)) {
    throw unknown('environment', environment, environments, `an environment of ${app}`);
  }
  const reason = rest
    .trim()
    .replace(/^(?:--|\u2014|\u2013)reason(?=$|[= \t\r\n\u00a0])=?/, '')
    .trim();
  if (reason === '') {
    throw new Refused('command.reason-missing', 'Say why: both people’s reasons are recorded.', unlockUsage);
  }
  refuseTooLong(reason);
  return { kind: 'unlock', app, environment, reason };
}

function environmentsOf(app: string, catalog: Catalog, also: readonly string[]): readonly string[] {
  const known = catalog.apps.find((entry) => entry.app === app);
  if (known !== undefined) return known.environments;
  const apps = catalog.apps.map((entry) => entry.app);
  throw unknown('app', app, [...apps, ...also], also.length === 0 ? 'an app' : 'an app or a subcommand');
}

function unknown(kind: string, word: string, known: readonly string[], what: string): Refused {
  const near = nearest(word, known);
  const named = known.slice(0, 12).join(', ');
  return new Refused(
    `${kind}.unknown`,
    `${echo(word)} is not ${what}.`,
    near === undefined ? `Known are: ${named}.` : `Did you mean ${near}?`,
  );
}

function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length > 100) return undefined;
  const lower = word.toLowerCase();
  const near = closest(lower, known);
  return distance(lower, near.toLowerCase()) <= Math.max(slip, Math.floor(near.length / 3))
    ? near
    : undefined;
}

type Arguments = Extract<Command, { kind: 'promote' | 'roll-back' | 'ask' }>;

function readArguments(
  does: 'promotion' | 'rollback',
  words: readonly string[],
  reason: string | null,
  catalog: Catalog,
): Arguments {
  const [app, ...rest] = words;
  if (app === undefined) return { kind: 'ask', does, app: null, environment: null, version: null, reason };
  const environments = environmentsOf(app, catalog, subcommands);
  const extra = rest[2];
  if (extra !== undefined) throw tooMany(extra);

  const named = rest.filter((word) => environments.includes(word));
  const others = rest.filter((word) => !environments.includes(word));
  const [environment, second] = named;
  if (second !== undefined) {
    throw new Refused(
      'command.two-environments',
      `${echo(second)} is a second environment.`,
      'Name one environment and one version.',
    );
  }
  const [version, stray] = others;
  if (stray !== undefined) {
    const misspelt = others.find((word) => nearest(word, environments) !== undefined) ?? stray;
    throw unknown('environment', misspelt, environments, `an environment of ${app}`);
  }
  if (version !== undefined) refuseBadVersion(version, app, environments);

  const where = environment ?? catalog.defaultEnvironment(app) ?? null;
  if (where === null || (does === 'promotion' && version === undefined)) {
    return { kind: 'ask', does, app, environment: environment ?? null, version: version ?? null, reason };
  }
  if (does === 'rollback')
    return { kind: 'roll-back', app, environment: where, version: version ?? null, reason };
  return { kind: 'promote', app, environment: where, version: version ?? '', reason };
}

function refuseBadVersion(version: string, app: string, environments: readonly string[]): void {
  if (!isVersion(version)) {
    throw new Refused(
      'version.malformed',
      `${echo(version)} cannot be a version.`,
      'Versions are made of letters, digits, dots, dashes, plus signs and underscores, like v1.4.2.',
    );
  }
  // Without a digit it is more likely to be a misspelt environment than a version that is spelt like one.
  const near = /\d/.test(version) ? undefined : nearest(version, environments);
  if (near !== undefined) throw unknown('environment', version, environments, `an environment of ${app}`);
}

function asPlan(command: Arguments): Command {
  if (command.kind === 'promote') return { ...command, kind: 'plan', does: 'promotion' };
  if (command.kind === 'roll-back') return { ...command, kind: 'plan', does: 'rollback' };
  throw new Refused(
    'command.plan-incomplete',
    'A plan needs to know what of.',
    'Write /promote plan APP VERSION, or /rollback plan APP.',
  );
}
