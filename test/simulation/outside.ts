import { TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { FetchPage } from '../../src/aws/checks/page.ts';
import type { AwsClients } from '../../src/aws/clients.ts';
import { RetryableError } from '../../src/flows/errors.ts';
import type { Directory, PersonKind, Releases } from '../../src/flows/ports.ts';
import type { DynamoClient } from '../../src/store/dynamo-client.ts';
import { AwsRefusal, type Cloud } from './cloud.ts';
import type { Kernel, Process, Work } from './kernel.ts';
import type { TableModel } from './table-model.ts';
import type { Tape } from './tape.ts';
import type { Weather } from './weather.ts';

/** What everything outside the bot is reached through, and what can go wrong on the way there. */
export interface Outside {
  readonly kernel: Kernel;
  readonly tape: Tape;
  readonly weather: Weather;
  readonly table: TableModel;
  readonly cloud: Cloud;
}

const signatureMs = 300_000;

/** An answer that never came: whether the request was applied cannot be told from here. */
function noAnswer(): Error {
  const error = new Error('no answer');
  error.name = 'TimeoutError';
  return error;
}

function storeRefusal(name: string): Error {
  const error = new Error(name);
  error.name = name;
  return error;
}

const isWrite = (operation: string) => operation !== 'GetItem' && operation !== 'Query';

/** The store's client for one process. */
export function createStoreClient(outside: Outside, process: Process): DynamoClient {
  const { kernel, tape, weather, table } = outside;
  return {
    send(command) {
      const operation = command.constructor.name.replace('Command', '');
      const kind = `dynamo.${operation}`;
      return kernel.call(process, kind, () => {
        if (weather.isDown('dynamo')) throw noAnswer();
        if (weather.strikes('dynamo', 'throttled', kind)) {
          if ((command as unknown) instanceof TransactWriteItemsCommand && tape.draw(2) === 1) {
            throw new TransactionCanceledException({
              message: 'conflict',
              $metadata: {},
              CancellationReasons: [{ Code: 'TransactionConflict' }],
            });
          }
          throw storeRefusal('ProvisionedThroughputExceededException');
        }
        if (weather.strikes('dynamo', 'unavailable', kind)) throw noAnswer();
        if (isWrite(operation) && weather.strikes('dynamo', 'late', kind)) {
          weather.arriveLate(kind, tape.between(1, 20) * 500, () => {
            try {
              table.execute(command);
            } catch {
              // Refused by its condition; nobody is there to hear it.
            }
          });
          throw noAnswer();
        }
        const answer = table.execute(command);
        noteTelling(kernel.work(), answer);
        if (weather.strikes('dynamo', 'lost', kind)) throw noAnswer();
        return answer;
      });
    },
    destroy() {},
  };
}

/** Announcements that were just read: what is posted next in this work is about them. */
function noteTelling(work: Work, answer: object): void {
  if (!('Items' in answer)) return;
  const items = answer.Items as readonly Readonly<Record<string, { readonly S?: string }>>[];
  if (items[0]?.['pk']?.S?.startsWith('OUT#') !== true) return;
  work.telling = items.map((item) => Number(item['sk']?.S));
}

const awsRead = new Set(['GetDistribution', 'GetInvalidation', 'ListTagsForResource']);

/** The AWS clients of one process: the SDK's commands go in, answers in the SDK's shape come out. */
export function createClients(outside: Outside, process: Process): AwsClients {
  const { kernel, tape, weather, cloud } = outside;
  const send = (service: 'aws' | 'cloudwatch') => (command: object) => {
    const operation = command.constructor.name.replace('Command', '');
    const kind = `${service}.${operation}`;
    const reads = service === 'cloudwatch' || awsRead.has(operation);
    return kernel.call(process, kind, () => {
      if (weather.isDown(service)) throw new AwsRefusal('ServiceUnavailable', 503);
      if (weather.strikes(service, 'throttled', kind)) throw new AwsRefusal('Throttling', 400);
      if (weather.strikes(service, 'unavailable', kind)) throw new AwsRefusal('InternalError', 500);
      if (!reads && weather.strikes(service, 'late', kind)) {
        weather.arriveLate(kind, tape.between(1, signatureMs / 1000) * 1000, () => {
          try {
            cloud.execute(command);
          } catch (error) {
            if (!(error instanceof AwsRefusal)) throw error;
          }
        });
        throw noAnswer();
      }
      const ageMs = reads && weather.strikes(service, 'stale', kind) ? tape.between(1, 40) * 1000 : 0;
      const answer = cloud.execute(command, ageMs);
      if (weather.strikes(service, 'lost', kind)) throw noAnswer();
      return answer;
    });
  };
  const cloudFront = { send: send('aws') };
  const cloudWatch = { send: send('cloudwatch') };
  // The targets and checks use nothing of the clients but `send`.
  return {
    cloudFrontReads: cloudFront,
    cloudFrontWrites: cloudFront,
    cloudWatch: () => cloudWatch,
  } as unknown as AwsClients;
}

export function createPages(outside: Outside, process: Process): FetchPage {
  const { kernel, weather, cloud } = outside;
  return (url) =>
    kernel.call(process, 'pages.fetch', () => {
      const silent =
        weather.isDown('pages') ||
        weather.strikes('pages', 'unavailable', 'pages.fetch') ||
        weather.strikes('pages', 'lost', 'pages.fetch');
      return silent ? { outcome: 'unanswered', reason: 'connection refused' } : cloud.fetch(url);
    });
}

/** Who is whom, and since when somebody is not any more. */
export interface People {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Removed from everything at that time. */
  readonly leftAtMs: Map<string, number>;
}

export function createSimulatedDirectory(outside: Outside, people: People, process: Process): Directory {
  const { kernel, weather } = outside;
  const asked = <T>(kind: string, answer: () => T): Promise<T> =>
    kernel.call(process, kind, () => {
      const fails =
        weather.isDown('directory') ||
        weather.strikes('directory', 'throttled', kind) ||
        weather.strikes('directory', 'lost', kind);
      if (fails) throw new RetryableError('slack.directory-unavailable', 'The directory cannot be read.');
      return answer();
    });
  return {
    kindOf: ({ userId }) =>
      asked('directory.kindOf', (): PersonKind => {
        if (userId.startsWith('UGUEST')) return 'guest';
        return people.leftAtMs.has(userId) ? 'deactivated' : 'member';
      }),
    membersOf: (group) =>
      asked('directory.membersOf', () =>
        (people.groups[group] ?? []).filter((userId) => !people.leftAtMs.has(userId)),
      ),
  };
}

export function createSimulatedReleases(outside: Outside, process: Process): Releases {
  const { kernel, weather } = outside;
  return {
    resolve: (_repository, version) =>
      kernel.call(process, 'github.resolve', () => {
        if (weather.isDown('github') || weather.strikes('github', 'unavailable', 'github.resolve'))
          throw new RetryableError('github.unreachable', 'GitHub cannot be reached.');
        if (version.startsWith('v9')) return { outcome: 'absent', nearest: ['v1.1.0'] };
        const commit = {
          sha: 'c0ffee',
          author: 'ada',
          message: 'Better lamps',
          url: 'https://git.test/c0ffee',
        };
        return { outcome: 'found', version, commit };
      }),
  };
}
