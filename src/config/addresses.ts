import type { Located } from './located.ts';
import type { Problem } from './problem.ts';

const loopback = ['127.0.0.1', '[::1]', 'localhost'];

/** Every address below a value must be https, or http to this machine, and carry no password. */
export function addressProblems(node: Located): Problem[] {
  switch (node.kind) {
    case 'list':
      return node.items.flatMap(addressProblems);
    case 'mapping':
      return [...node.entries.values()].flatMap((entry) => addressProblems(entry.node));
    case 'scalar': {
      const message = typeof node.value === 'string' ? complaint(node.value) : undefined;
      return message === undefined ? [] : [{ ...node.at, path: node.path, code: 'address', message }];
    }
  }
}

function complaint(text: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return undefined;
  if (!URL.canParse(text)) return 'must be an address such as https://www.example.com';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && loopback.includes(url.hostname)) return undefined;
  return 'must begin with https:// (http:// only for 127.0.0.1 and localhost)';
}
