/** Throws, saying what to do, on a Node that the packages do not run on. */
export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isFine = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (!isFine) {
    throw new Error(
      `Countersign needs Node 20.19, 22.12, 24 or newer; this is ${version}. See https://nodejs.org/.`,
    );
  }
}
