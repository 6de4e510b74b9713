import { join, resolve } from 'node:path';
import { withKeptSecrets } from './environment.ts';

/** Who is measured side by side: the file with the handler, and the environment it gets. */
export interface Contender {
  readonly name: string;
  readonly file: (place: string) => string;
  readonly environment?: (environment: Record<string, string>) => Record<string, string>;
  /** Its click is decided on a promotion that has to be there. */
  readonly wantsPromotion: boolean;
}

const unbundled = (file: string) => () => resolve('bench/contenders', file);
const slack = (place: string) => join(place, 'functions/slack/slack.mjs');

export const floor: Contender = {
  name: 'floor',
  file: (place) => join(place, 'floor.cjs'),
  wantsPromotion: false,
};
export const ours: Contender = { name: 'ours', file: slack, wantsPromotion: true };
/** The same once more, to see what a ratio of two equals is on this machine. */
export const oursAgain: Contender = { ...ours, name: 'ours again' };
export const oursWithSecrets: Contender = {
  ...ours,
  name: 'ours, secrets in the Parameter Store',
  environment: withKeptSecrets,
};
export const naive: Contender = { name: 'plain Bolt', file: unbundled('naive.cjs'), wantsPromotion: false };
export const boltLambda: Contender = {
  name: 'Bolt’s Lambda example',
  file: unbundled('bolt-lambda.cjs'),
  wantsPromotion: false,
};
export const vercel: Contender = {
  name: 'Vercel’s example',
  file: unbundled('vercel.mjs'),
  wantsPromotion: false,
};

/** Ours with its eight actions and with a hundred, both bundled in the plain way. */
export const fewActions: Contender = {
  name: 'ours, 8 actions',
  file: (place) => join(place, 'few-actions.mjs'),
  wantsPromotion: true,
};
export const manyActions: Contender = {
  name: 'ours, 100 actions',
  file: (place) => join(place, 'many-actions.mjs'),
  wantsPromotion: true,
};
export const naiveManyActions: Contender = {
  ...naive,
  name: 'plain Bolt, 100 actions',
  environment: (environment) => ({ ...environment, BENCH_ACTIONS: '100' }),
};
