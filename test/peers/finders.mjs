import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const fromPeers = createRequire(import.meta.url);
const fromRoot = createRequire(new URL('../../package.json', import.meta.url));

/** The version of a package of `test/peers/package.json`, or else of the project's. Throws where it is not installed. */
export function packageVersion(name) {
  for (const from of [fromPeers, fromRoot]) {
    for (const folder of from.resolve.paths(name) ?? []) {
      try {
        return from(`${folder}/${name}/package.json`).version;
      } catch {
        // Perhaps in the next folder.
      }
    }
  }
  throw new Error(`the npm package ${name} is not installed`);
}

/** The first Python that has these modules: the one on the path, then Debian's. Throws where there is none. */
export function pythonWith(...modules) {
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
      return python;
    } catch {
      // Perhaps the next one.
    }
  }
  throw new Error(`no Python here has ${modules.join(' and ')}`);
}

/** The version that a Python module says of itself. Throws where it is not there. */
export const pythonVersion = (module) =>
  execFileSync(pythonWith(module), ['-c', `import ${module}; print(${module}.__version__)`], {
    encoding: 'utf8',
  }).trim();

/** What a command says of its version, to either stream. Throws where it is not there, with how to get it if that is known. */
export function commandVersion(command, args, pattern, how) {
  let said;
  try {
    said = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', command, ...args], { encoding: 'utf8' });
  } catch {
    throw new Error(`${command} is not on this machine${how === undefined ? '' : `; ${how}`}`);
  }
  return pattern.exec(said)?.[1] ?? said.trim();
}
