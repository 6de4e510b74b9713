import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AuditFile, auditFileOf, verifyAudit } from '../../../src/flows/promotion/audit-file.ts';
import { canonical } from '../../../src/flows/promotion/canonical.ts';
import { auditHash } from '../../../src/flows/promotion/change.ts';
import { type Phase, phases } from '../../../src/flows/promotion/promotion.ts';
import { retell } from './retold.ts';
import { hash, walkTo } from './walk.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Tampered = Omit<AuditFile, Chain> & { [chain in Chain]: Json[] };
type Chain = 'entries' | 'refusals';

const deterministic = { seed: 20_261_121 };
const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

function exported(phase: Phase): AuditFile {
  const { promotion, audit } = walkTo(phase);
  const told = retell(promotion, audit);
  const file = auditFileOf({ ...told, promotion: told.promotion });
  if (file === undefined) throw new Error('not exported');
  return copy(file);
}

const files = new Map(phases.map((phase) => [phase, exported(phase)]));
const longest = files.get('resolved') ?? exported('resolved');
/** Stories with enough to tamper with; any of them will do. */
const anyFile = fc
  .constantFrom(...phases)
  .map((phase) => files.get(phase) ?? longest)
  .filter(({ entries, refusals }) => entries.length > 3 && refusals.length > 1);

const findings = (file: unknown) => verifyAudit(AuditFile.parse(copy(file)), hash).findings;
const texts = (file: unknown) => findings(file).map(({ text }) => text);
const manyOf = (chain: Chain) => (chain === 'entries' ? '[Ee]ntries' : '[Rr]efusals');
const nounOf = (chain: Chain) => (chain === 'entries' ? 'Entry' : 'Refusal');

/** Every place in a value: the names and numbers that lead there. */
function placesIn(value: Json, path: readonly string[] = []): (readonly string[])[] {
  const inner =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, member]) => placesIn(member, [...path, name]))
      : [];
  return path.length === 0 ? inner : [path, ...inner];
}

const valueAt = (value: Json, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>(
    (so, name) => (typeof so === 'object' && so !== null ? (so as Record<string, Json>)[name] : undefined),
    value,
  );

function put(value: Json, path: readonly string[], member: Json | undefined): void {
  const parent = valueAt(value, path.slice(0, -1)) as Record<string, Json>;
  const name = path.at(-1) ?? '';
  if (member !== undefined) parent[name] = member;
  else if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
}

const otherValue = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(null, '', 'promoted', 'p2', 0, 1, 2, 1.5, true, [], {}),
);

/** One change somewhere in the value, at any depth: another value, a member less, a member more. */
function changeIn(value: Json, draw: fc.GeneratorValue): { readonly path: readonly string[] } {
  for (;;) {
    const before = canonical(value);
    const path = draw(() => fc.constantFrom(...placesIn(value)));
    const how = draw(() => fc.constantFrom('replace', 'remove', 'add'));
    const there = valueAt(value, path);
    if (how === 'add' && typeof there === 'object' && there !== null) {
      if (Array.isArray(there)) there.push(draw(() => otherValue));
      else there[draw(() => fc.constantFrom('also', 'Hash', 'refused', 'by'))] = draw(() => otherValue);
    } else {
      put(value, path, how === 'remove' ? undefined : draw(() => otherValue));
    }
    // A value that happens to be the same is no change; another one is drawn.
    if (canonical(value) !== before) return { path };
  }
}

const rehashed = (entry: Json): Json => {
  const { hash: _, ...content } = entry as { [name: string]: Json };
  return { ...content, hash: auditHash(content as never, hash) };
};

/** Runs one kind of tampering over many files and says whether every one was found, naming the entry. */
function everyTampering(
  tamper: (file: Tampered, chain: Chain, draw: fc.GeneratorValue) => { readonly named: RegExp } | undefined,
  numRuns = 60,
): void {
  let done = 0;
  fc.assert(
    fc.property(
      anyFile,
      fc.constantFrom<Chain>('entries', 'refusals'),
      fc.gen(),
      (untouched, chain, draw) => {
        const file = copy(untouched) as Tampered;
        const tampered = tamper(file, chain, draw);
        if (tampered === undefined) return;
        done += 1;
        const found = texts(file);
        expect(found.length, 'not found').toBeGreaterThan(0);
        expect(found.join('\n')).toMatch(tampered.named);
      },
    ),
    { ...deterministic, numRuns },
  );
  expect(done, 'tampering that seldom happens proves nothing').toBeGreaterThan(numRuns / 2);
}

describe('ALL-11: an audit file that nobody touched', () => {
  it.each(phases)('holds for a promotion that is %s', (phase) => {
    expect(texts(files.get(phase))).toEqual([]);
  });

  it('tells by replaying its events what was saved, event by event', () => {
    for (const phase of phases) {
      const { promotion, audit } = walkTo(phase);

      const told = retell(promotion, audit);

      expect(told.entries).toEqual(audit);
      expect(told.promotion).toEqual(promotion);
    }
  });

  it('is witnessed by its own head, and up to an older one by that', () => {
    const last = longest.head.sequence;
    const older = (longest.entries[2] as { hash: string }).hash;

    expect(verifyAudit(longest, hash, longest.head.hash.slice(0, 12))).toMatchObject({
      findings: [],
      witnessed: last,
    });
    expect(verifyAudit(longest, hash, older.slice(0, 12))).toMatchObject({ findings: [], witnessed: 3 });
    expect(verifyAudit(longest, hash, '000000000000').findings).toEqual([
      expect.objectContaining({ text: expect.stringContaining('No entry has the hash 000000000000') }),
    ]);
  });

  it('holds without the words of the request where an older version did not write them down, and says so', () => {
    const file = copy(files.get('analyzing')) as unknown as Tampered;
    const older = {
      ...(file.entries[0] as { [name: string]: Json }),
      event: { type: 'promotion.requested' },
    };
    file.entries = [rehashed(older)];
    file.head = { sequence: 1, hash: (file.entries[0] as { hash: string }).hash };

    expect(verifyAudit(AuditFile.parse(file), hash)).toMatchObject({ findings: [], namesRequest: false });
    expect(verifyAudit(longest, hash)).toMatchObject({ namesRequest: true });
  });

  it('holds when it was written with other white space and its names in another order', () => {
    const turned = (value: Json): Json =>
      Array.isArray(value)
        ? value.map(turned)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([name, member]) => [name, turned(member)]),
            )
          : value;

    expect(texts(turned(longest as unknown as Json))).toEqual([]);
  });
});

describe('ALL-11: a tampered audit file is found, and the entry is named', () => {
  it('any one change of any entry, at any depth', () => {
    everyTampering((file, chain, draw) => {
      const place = draw(fc.integer, { min: 1, max: file[chain].length });
      const entry = file[chain][place - 1] ?? null;
      changeIn(entry, draw);
      return { named: new RegExp(`^${nounOf(chain)} ${place} was changed`, 'm') };
    }, 200);
  });

  it('any one change of any entry that was given a hash of its own again', () => {
    everyTampering((file, chain, draw) => {
      const place = draw(fc.integer, { min: 1, max: file[chain].length });
      const entry = file[chain][place - 1] ?? null;
      const before = canonical(rehashed(entry));
      changeIn(entry, draw);
      const forged = rehashed(entry);
      if (canonical(forged) === before) return undefined;
      file[chain][place - 1] = forged;
      return { named: new RegExp(`${nounOf(chain)} ${place} (or the head )?was (changed|removed)`) };
    }, 100);
  });

  it('any entry that is not there any more', () => {
    everyTampering((file, chain, draw) => {
      const place = draw(fc.integer, { min: 1, max: file[chain].length });
      file[chain].splice(place - 1, 1);
      return { named: new RegExp(`^${nounOf(chain)} ${place} was removed`, 'm') };
    });
  });

  it('the newest entries, taken away together', () => {
    everyTampering((file, chain, draw) => {
      const kept = draw(fc.integer, { min: 0, max: file[chain].length - 2 });
      const all = file[chain].length;
      file[chain].splice(kept);
      return { named: new RegExp(`^${manyOf(chain)} ${kept + 1} to ${all} were removed, and the head`, 'm') };
    }, 30);
  });

  it('an entry too many, be it a copy or made up with a hash of its own', () => {
    everyTampering((file, chain, draw) => {
      const entries = file[chain];
      const model = copy(entries[draw(fc.nat, { max: entries.length - 1 })]) as { [name: string]: Json };
      const at = draw(fc.nat, { max: entries.length });
      if (draw(fc.boolean)) {
        const hashes = entries.map((entry) => (entry as { hash: string }).hash);
        model['sequence'] = draw(fc.integer, { min: 1, max: entries.length + 2 });
        model['previous'] = draw(() => fc.constantFrom('', ...hashes));
        if (draw(fc.boolean)) changeIn(model['event'] ?? null, draw);
        entries.splice(at, 0, rehashed(model));
      } else {
        entries.splice(at, 0, model);
      }
      return { named: new RegExp(`In place \\d+ of the ${manyOf(chain)} one was added`) };
    }, 100);
  });

  it('any two entries that changed places', () => {
    everyTampering((file, chain, draw) => {
      const entries = file[chain];
      const one = draw(fc.nat, { max: entries.length - 1 });
      const other = draw(fc.nat, { max: entries.length - 1 });
      if (one === other) return undefined;
      [entries[one], entries[other]] = [entries[other] ?? null, entries[one] ?? null];
      return { named: new RegExp(`^${nounOf(chain)} (${one + 1}|${other + 1}) was moved`, 'm') };
    });
  });

  it('any word of what the file says of the promotion, and any part of its heads', () => {
    const other = (value: Json | undefined): Json =>
      value === 'promotion' ? 'rollback' : typeof value === 'number' ? value + 1 : `${value}x`;
    const unnoticed: string[] = [];
    for (const [phase, untouched] of files) {
      for (const part of ['promotion', 'head', 'refusalHead'] as const) {
        for (const path of placesIn(untouched[part])) {
          const file = copy(untouched);
          const there = valueAt(file[part], path);
          if (typeof there === 'object' && there !== null) continue;
          put(file[part], path, other(there));
          if (findings(file).length === 0) unnoticed.push(`${phase}: ${part}.${path.join('.')}`);
        }
      }
    }

    expect(unnoticed).toEqual([]);
  });

  it('a chain that was made anew together with its head: what its entries and refusals say no longer fits, and no witness names it', () => {
    const file = copy(longest) as Tampered;
    // Made anew from entry 5 on, head included, as somebody who has the whole file could.
    let previous = '';
    file.entries = file.entries.map((entry, index) => {
      const content = entry as { [name: string]: Json };
      const earlier = index === 4 ? { atMs: Number(content['atMs']) - 3_600_000 } : {};
      const sealed = rehashed({ ...content, ...earlier, previous }) as { [name: string]: Json };
      previous = String(sealed['hash']);
      return sealed;
    });
    file.head = { ...file.head, hash: previous };

    expect(texts(file).join('\n')).toContain('Entry 5 is of an earlier time than Entry 4.');
    expect(texts(file).join('\n')).toMatch(/Refusal \d+ stands on another Entry/);
    expect(verifyAudit(file, hash, longest.head.hash.slice(0, 12)).findings.at(-1)?.text).toContain(
      'the chain was made anew',
    );
  });
});

describe('ALL-11: a file whose hashes, numbers and heads all hold, made anew by who has the whole of it', () => {
  type Content = { [name: string]: Json };
  type Changes = { readonly [place: number]: (content: Content) => Json };

  /** Every entry and refusal that is named changed, and then everything sealed, linked and counted again. */
  function remade(
    untouched: AuditFile,
    changes: { readonly entries?: Changes; readonly refusals?: Changes; readonly file?: Content },
  ): AuditFile {
    const file = { ...copy(untouched), ...changes.file } as Tampered;
    const link = (chain: Chain, also: (content: Content) => Content = (content) => content) => {
      let previous = '';
      file[chain] = file[chain].map((entry, index) => {
        const content = also(entry as Content);
        const changed = (changes[chain]?.[index + 1]?.(content) ?? content) as Content;
        const sealed = rehashed({ ...changed, previous }) as Content;
        previous = String(sealed['hash']);
        return sealed;
      });
      return { sequence: file[chain].length, hash: previous };
    };
    file.head = link('entries');
    file.refusalHead = link('refusals', (content) => {
      const after = content['after'] as Content;
      const entry = file.entries[Number(after['sequence']) - 1] as Content;
      return { ...content, after: { ...after, hash: entry['hash'] ?? '' } };
    });
    return AuditFile.parse(file);
  }

  const entriesOf = (file: AuditFile) => file.entries as Content[];
  const refusalsOf = (file: AuditFile) => file.refusals as Content[];
  const setting = (over: Content) => (content: Content) => ({ ...content, ...over });
  const resetting = (member: string, over: Content) => (content: Content) => ({
    ...content,
    [member]: { ...(content[member] as Content), ...over },
  });
  const inconsistent = (...said: readonly string[]) => said.map((text) => ({ kind: 'inconsistent', text }));
  const secondRefusal = refusalsOf(longest)[1] ?? {};
  const stoodOn = Number((secondRefusal['after'] as Content)['sequence']);
  const last = longest.entries.length;
  const promoted = files.get('promoted') ?? longest;

  it('has no finding where nothing in it was changed', () => {
    for (const file of files.values()) expect(findings(remade(file, {}))).toEqual([]);
    expect(remade(longest, {})).toEqual(longest);
  });

  describe('is told by its times', () => {
    const timeOf = (contents: readonly Content[], place: number) => Number(contents[place - 1]?.['atMs']);

    it('an entry that is earlier than the one before it, and none that is of the same time', () => {
      const beforeMs = timeOf(entriesOf(longest), 4);
      const at = (atMs: number) => findings(remade(longest, { entries: { 5: setting({ atMs }) } }));

      expect(at(beforeMs - 1)).toEqual(inconsistent('Entry 5 is of an earlier time than Entry 4.'));
      expect(at(beforeMs)).toEqual([]);
    });

    it('a refusal that is earlier than the one before it, or than the entry that it stands on', () => {
      const at = (atMs: number) => findings(remade(longest, { refusals: { 2: setting({ atMs }) } }));
      const entryMs = timeOf(entriesOf(longest), stoodOn);
      const refusalMs = timeOf(refusalsOf(longest), 1);

      expect(at(entryMs)).toEqual([]);
      expect(at(entryMs - 1)).toEqual(
        inconsistent(`Refusal 2 is of an earlier time than Entry ${stoodOn}, which it stands on.`),
      );
      expect(at(refusalMs - 1)).toEqual(
        inconsistent(
          'Refusal 2 is of an earlier time than Refusal 1.',
          `Refusal 2 is of an earlier time than Entry ${stoodOn}, which it stands on.`,
        ),
      );
    });
  });

  describe('is told by its phases', () => {
    it('an entry that does not begin where the one before it ended', () => {
      const before = String(entriesOf(longest)[3]?.['to']);

      expect(findings(remade(longest, { entries: { 5: setting({ from: 'waiting\u001b' }) } }))).toEqual(
        inconsistent(`Entry 5 begins in "waiting\\u001b", and "${before}" came before it.`),
      );
    });

    it('a first entry that begins in the middle', () => {
      expect(findings(remade(longest, { entries: { 1: setting({ from: 'deploying' }) } }))).toEqual(
        inconsistent('Entry 1 begins in "deploying", and "none" came before it.'),
      );
    });

    it('what was put behind the end', () => {
      const more = { ...copy(entriesOf(promoted).at(-1)), from: 'promoted', sequence: 0 };
      const place = promoted.entries.length + 1;
      const file = { entries: [...copy(entriesOf(promoted)), { ...more, sequence: place }] };

      expect(findings(remade(promoted, { file }))).toEqual(
        inconsistent(`Entry ${place} follows the end of the promotion.`),
      );
    });

    it('a refusal among the entries', () => {
      const refusal = refusalsOf(longest)[0]?.['refusal'] ?? null;

      expect(findings(remade(longest, { entries: { 4: setting({ refusal }) } }))).toEqual(
        inconsistent('Entry 4 is a refusal; those have a chain of their own.'),
      );
    });

    it('but not beside an entry that is changed itself: that one is named', () => {
      const file = copy(longest) as Tampered;
      (file.entries[4] as Content)['to'] = 'promoted';

      expect(texts(file)).toEqual(['Entry 5 was changed: its content does not give the hash written in it.']);
    });
  });

  describe('is told by what it says of the promotion', () => {
    const asked = (over: Content) => (content: Content) => ({
      ...content,
      event: { ...(content['event'] as Content), request: { ...requested, ...over } },
    });
    const firstEntry = entriesOf(longest)[0] ?? {};
    const requested = (firstEntry['event'] as Content)['request'] as Content;
    const said = (what: string, file: string, entries: string) =>
      inconsistent(`The file says ${what} ${file}, and its entries say ${entries}.`);
    const { promotion } = longest;

    it.each([
      ['kind', asked({ kind: 'rollback' }), '"promotion"', '"rollback"'],
      ['app', asked({ app: 'shop' }), '"site"', '"shop"'],
      ['environment', asked({ environment: 'staging' }), '"production"', '"staging"'],
      [
        'requestedBy.teamId',
        resetting('actor', { person: { teamId: 'T2', userId: 'UADA' } }),
        '"T1"',
        '"T2"',
      ],
      [
        'requestedBy.userId',
        resetting('actor', { person: { teamId: 'T1', userId: 'ULIN' } }),
        '"UADA"',
        '"ULIN"',
      ],
      [
        'requestedAtMs',
        setting({ atMs: promotion.requestedAtMs - 1 }),
        `${promotion.requestedAtMs}`,
        `${promotion.requestedAtMs - 1}`,
      ],
    ])('another %s than the first entry', (what, change, file, entries) => {
      expect(findings(remade(longest, { entries: { 1: change } }))).toEqual(said(what, file, entries));
    });

    it('another phase than the newest entry', () => {
      expect(findings(remade(longest, { entries: { [last]: setting({ to: 'rolled-back' }) } }))).toEqual(
        said('phase', '"resolved"', '"rolled-back"'),
      );
    });

    it('no version, where the entries say one, and the other way round', () => {
      const file = { promotion: { ...promotion, version: null } };
      const analyzing = files.get('analyzing') ?? longest;

      expect(findings(remade(longest, { file }))).toEqual(said('version', 'null', '"v1.1.0"'));
      expect(findings(remade(analyzing, { entries: { 1: asked({ version: null }) } }))).toEqual(
        said('version', '"v1.1.0"', 'null'),
      );
    });

    it('and the version is the one that was found for what was asked for, the last time it was looked at', () => {
      const found = (version: string) =>
        setting({ event: { type: 'analysis.completed', release: { version } } });
      const looked = (entries: Changes) => findings(remade(longest, { entries }));

      expect(looked({ 1: asked({ version: null }) })).toEqual([]);
      expect(looked({ 1: asked({ version: 'newest' }) })).toEqual([]);
      expect(looked({ 5: found('v2') })).toEqual(said('version', '"v1.1.0"', '"v2"'));
      expect(looked({ 5: found('v2'), 7: found('v1.1.0') })).toEqual([]);
    });

    it('an entry or a refusal of another promotion', () => {
      const other = { 2: setting({ promotionId: 'p2' }) };

      expect(findings(remade(longest, { entries: other }))).toEqual(
        inconsistent('Entry 2 is of promotion "p2", not "p1".'),
      );
      expect(findings(remade(longest, { refusals: other }))).toEqual(
        inconsistent('Refusal 2 is of promotion "p2", not "p1".'),
      );
    });
  });

  describe('is told by what its refusals stand on', () => {
    const refused = (change: (content: Content) => Json) =>
      findings(remade(longest, { refusals: { 2: change } }));

    it.each<[string, Content]>([
      ['from another phase', { from: 'waiting' }],
      ['into another phase', { to: 'waiting' }],
      ['of another plan', { digest: 'another' }],
    ])('one %s than the entry that it names left behind', (_what, over) => {
      expect(refused(setting(over))).toEqual(
        inconsistent(`Refusal 2 is not of the phase and plan that Entry ${stoodOn} left behind.`),
      );
    });

    it('one on another entry than the one that is here', () => {
      expect(refused(resetting('after', { hash: hash('another') }))).toEqual(
        inconsistent(`Refusal 2 stands on another Entry ${stoodOn} than the one that is here.`),
      );
    });

    it('one that refuses nothing, or stands on nothing, whosever it is', () => {
      const mute = 'Refusal 2 does not say what was refused, or after which entry.';
      const { after: _, ...unplaced } = copy(secondRefusal);

      expect(refused(setting({ refusal: null }))).toEqual(inconsistent(mute));
      expect(refused(() => unplaced)).toEqual(inconsistent(mute));
      expect(refused(setting({ refusal: null, promotionId: 'p2' }))).toEqual(
        inconsistent('Refusal 2 is of promotion "p2", not "p1".', mute),
      );
    });

    it('but not where the entry is not here: that one is named', () => {
      const file = copy(longest) as Tampered;
      file.entries.splice(stoodOn - 1, 1);

      expect(texts(file)).toEqual([`Entry ${stoodOn} was removed.`]);
    });
  });
});

describe('ALL-11: a file that stands on nothing', () => {
  const withRefusalsOn = (after: (standsOn: number) => { sequence: number; hash: string }) => {
    const file = copy(longest);
    let previous = '';
    const refusals = file.refusals as { hash: string; after: { sequence: number } }[];
    file.refusals = refusals.map((refusal) => {
      const { hash: _, ...rest } = refusal;
      const content = { ...rest, after: after(refusal.after.sequence), previous };
      previous = hash(canonical(content));
      return { ...content, hash: previous };
    });
    return { ...file, refusalHead: { ...file.refusalHead, hash: previous } };
  };

  it('with nothing in it does not hold; one whose entries are gone or whose head is emptied is told as such', () => {
    const empty = { sequence: 0, hash: '' };
    const nothing = { ...longest, entries: [], head: empty, refusals: [], refusalHead: empty };

    expect(texts(nothing)).toContain('There is nothing in it: every promotion has the entry of its request.');
    expect(texts({ ...longest, entries: [] }).join()).not.toContain('There is nothing in it');
    expect(texts({ ...longest, head: empty }).join()).not.toContain('There is nothing in it');
    expect(texts(longest)).toEqual([]);
  });

  it('does not hold where a refusal stands on no entry, or on one beyond the head', () => {
    const beyond = longest.head.sequence + 3;

    expect(texts(withRefusalsOn(() => ({ sequence: 0, hash: '' }))).join('\n')).toContain(
      'stands on no entry',
    );
    expect(texts(withRefusalsOn(() => ({ sequence: beyond, hash: 'f'.repeat(64) }))).join('\n')).toContain(
      `stands on Entry ${beyond}, and the head counts only ${longest.head.sequence}`,
    );
  });
});
