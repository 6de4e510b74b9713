import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/**
 * Runs `npm ci` unless node_modules already holds what package-lock.json asks for. Uses nothing but Node.
 * Rejects when npm fails.
 */
export async function installPackages({ log = console.log } = {}) {
  if (await isInstalled()) return;
  log('Installing packages (npm ci)…');
  const npm = process.env.npm_execpath;
  const [command, args, shell] =
    npm === undefined || !npm.endsWith('.js')
      ? ['npm', ['ci'], process.platform === 'win32']
      : [process.execPath, [npm, 'ci'], false];
  const code = await new Promise((done, failed) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', shell });
    child.on('error', failed);
    child.on('exit', done);
  });
  if (code !== 0) throw new Error(`npm ci ended with code ${code}; the reason is above.`);
}

/** npm leaves a list of what it installed; optional packages for other platforms are rightly not on it. */
async function isInstalled() {
  const wanted = await packagesOf(join(root, 'package-lock.json'));
  const present = await packagesOf(join(root, 'node_modules/.package-lock.json')).catch(() => undefined);
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    return present[path] === undefined ? optional === true : present[path].version === version;
  });
}

async function packagesOf(file) {
  return JSON.parse(await readFile(file, 'utf8')).packages;
}
