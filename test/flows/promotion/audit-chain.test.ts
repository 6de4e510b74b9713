import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectChain, quoted } from '../../../src/flows/promotion/audit-chain.ts';
import { canonical } from '../../../src/flows/promotion/canonical.ts';
import { hash, startMs } from './walk.ts';

type Entry = { readonly [name: string]: unknown };
type Head = { readonly sequence: number; readonly hash: string };

const entry = (sequence: number): Entry => ({
  promotionId: 'p1',
  sequence,
  atMs: startMs + sequence * 1_000,
  actor: { kind: 'system' },
  from: 'deploying',
  to: 'deploying',
  digest: null,
  event: { type: 'step.acted', stepId: `s${sequence}` },
  refusal: null,
});

/** The entry with the hash that its content gives. */
function sealed({ hash: _, ...content }: Entry): Entry & { readonly hash: string } {
  return { ...content, hash: hash(canonical(content)) };
}

/** The contents as a chain, each with the hash of the one before; one that names its `previous` itself keeps that. */
function chained(contents: readonly Entry[]) {
  const chain: ReturnType<typeof sealed>[] = [];
  for (const content of contents) chain.push(sealed({ previous: chain.at(-1)?.hash ?? '', ...content }));
  return chain;
}

const headOf = (chain: readonly { readonly hash: string }[]): Head => ({
  sequence: chain.length,
  hash: chain.at(-1)?.hash ?? '',
});

const places = [1, 2, 3, 4, 5];
const honest = chained(places.map(entry));
const head = headOf(honest);
const at = (place: number) => honest[place - 1] ?? sealed({});
const named = (place: number) => at(place).hash.slice(0, 12);

const inspect = (file: readonly unknown[], its: Head = head) =>
  inspectChain(file, its, { one: 'Entry', many: 'Entries' }, hash);
const told = (file: readonly unknown[], its: Head = head) =>
  inspect(file, its).findings.map(({ kind, text }) => `${kind}: ${text}`);

/** The honest chain with other entries in the places that are named. */
const withOther = (others: { readonly [place: number]: unknown }): unknown[] =>
  honest.map((own, index) => (index + 1 in others ? others[index + 1] : own));
const without = (...gone: readonly number[]): unknown[] =>
  honest.filter((_, index) => !gone.includes(index + 1));
const withOneMore = (added: unknown, position: number, file: readonly unknown[] = honest): unknown[] =>
  file.toSpliced(position - 1, 0, added);

const reworded = (own: Entry): Entry => ({ ...own, event: { type: 'step.acted', stepId: 'forged' } });
const rehashed = (own: Entry) => sealed(reworded(own));
const wrongContent = 'its content does not give the hash written in it';
const wrongHash = 'the hash written in it is not that of its content';

/** What is said of an entry that was changed and given a hash of its own again. */
const forged = (place: number, own: Entry & { readonly hash: string } = rehashed(at(place))) => {
  const which =
    place === places.length
      ? `Entry ${place} or the head was changed: the head`
      : `Entry ${place} was changed and given a new hash: Entry ${place + 1}`;
  return `changed: ${which} names ${named(place)}, and its hash is ${own.hash.slice(0, 12)}.`;
};

describe('ALL-11 a chain that nobody touched', () => {
  it('gives no finding and hands out every entry by its place, in their order', () => {
    for (const count of [0, ...places]) {
      const chain = honest.slice(0, count);

      const { findings, lines } = inspect(chain, headOf(chain));

      expect(findings).toEqual([]);
      expect([...lines]).toEqual(chain.map((own, index) => [index + 1, own]));
    }
  });
});

describe('ALL-11 one entry that was changed is named, and how', () => {
  it.each<[string, (own: Entry) => unknown, string]>([
    ['in its content', reworded, wrongContent],
    ['in its number, to a lower one', (own) => ({ ...own, sequence: 0 }), wrongContent],
    ['in its number, to a higher one', (own) => ({ ...own, sequence: 6 }), wrongContent],
    ['in its number, to what is none', (own) => ({ ...own, sequence: 'three' }), wrongContent],
    ['in the entry that it names', (own) => ({ ...own, previous: 'another' }), wrongContent],
    ['in the entry that it names, to the newest', (own) => ({ ...own, previous: head.hash }), wrongContent],
    ['in the entry that it names, to itself', (own) => ({ ...own, previous: own['hash'] }), wrongContent],
    ['in the entry that it names, to what is no hash', (own) => ({ ...own, previous: 7 }), wrongContent],
    ['by a member more', (own) => ({ ...own, note: 'also' }), wrongContent],
    ['in its hash', (own) => ({ ...own, hash: hash('another') }), wrongHash],
    ['in its hash, to nothing', (own) => ({ ...own, hash: '' }), wrongHash],
    ['in its hash, to what is none', (own) => ({ ...own, hash: 7 }), 'its hash is gone'],
    ['by taking its hash away', ({ hash: _, ...content }) => content, 'its hash is gone'],
    ['in content and hash', (own) => ({ ...reworded(own), hash: hash('another') }), wrongContent],
    [
      'until only its place tells which it was',
      ({ hash: _, ...own }) => ({ ...reworded(own), sequence: 'x' }),
      'its hash is gone',
    ],
    [
      'until only its place tells which it was, its number being too high',
      ({ hash: _, ...own }) => ({ ...reworded(own), sequence: 99 }),
      'its hash is gone',
    ],
    ['to nothing', () => null, 'it is not an entry any more'],
    ['to a word', () => 'entry', 'it is not an entry any more'],
    ['to a number', () => 3, 'it is not an entry any more'],
    ['to a truth', () => true, 'it is not an entry any more'],
    ['to a list', (own) => [own], 'it is not an entry any more'],
    ['to an empty list', () => [], 'it is not an entry any more'],
    ['to an empty object', () => ({}), 'its hash is gone'],
  ])('%s', (_how, change, why) => {
    for (const place of places) {
      const file = withOther({ [place]: change(at(place)) });

      expect(told(file)).toEqual([`changed: Entry ${place} was changed: ${why}.`]);
      expect([...inspect(file).lines.keys()]).toEqual(places.filter((other) => other !== place));
    }
  });

  it('also where it was given the hash of its new content: what follows it names the hash it had', () => {
    for (const place of places) {
      const file = withOther({ [place]: rehashed(at(place)) });

      expect(told(file)).toEqual([forged(place)]);
      // It holds by its own hash, so what it says is still held against the other entries.
      expect([...inspect(file).lines.keys()]).toEqual(places);
    }
  });

  it('also where its new content leads nowhere, or past the entry before it', () => {
    for (const place of [3, 4, 5]) {
      for (const previous of ['nowhere', '', at(place - 2).hash]) {
        const own = sealed({ ...at(place), previous });

        expect(told(withOther({ [place]: own }))).toEqual([forged(place, own)]);
      }
    }
  });

  it('and an entry with a hash of its own and another number is one removed and one added', () => {
    expect(told(withOther({ 3: sealed({ ...at(3), sequence: 9 }) }))).toEqual([
      'removed: Entry 3 was removed.',
      'added: In place 3 of the entries one was added: the head counts only 5.',
    ]);
  });
});

describe('ALL-11 entries that were removed are named', () => {
  it('one by its number, and of the newest that the head still counts to there', () => {
    expect(places.map((place) => told(without(place)))).toEqual([
      ['removed: Entry 1 was removed.'],
      ['removed: Entry 2 was removed.'],
      ['removed: Entry 3 was removed.'],
      ['removed: Entry 4 was removed.'],
      ['removed: Entry 5 was removed, and the head still counts to there.'],
    ]);
  });

  it.each([
    [[1, 2], ['removed: Entries 1 to 2 were removed.']],
    [[2, 3, 4], ['removed: Entries 2 to 4 were removed.']],
    [[3, 4, 5], ['removed: Entries 3 to 5 were removed, and the head still counts to there.']],
    [[1, 2, 3, 4, 5], ['removed: Entries 1 to 5 were removed, and the head still counts to there.']],
    [
      [2, 4],
      ['removed: Entry 2 was removed.', 'removed: Entry 4 was removed.'],
    ],
    [
      [1, 2, 4, 5],
      [
        'removed: Entries 1 to 2 were removed.',
        'removed: Entries 4 to 5 were removed, and the head still counts to there.',
      ],
    ],
  ])('%j from the first missing to the last, in their order', (gone, findings) => {
    expect(told(without(...gone))).toEqual(findings);
    expect([...inspect(without(...gone)).lines.keys()]).toEqual(
      places.filter((place) => !gone.includes(place)),
    );
  });

  it('before the first one too: a chain that begins by following something had a beginning', () => {
    const later = chained([{ ...entry(1), previous: at(5).hash }, entry(2)]);

    expect(told(later, headOf(later))).toEqual([
      `removed: What came before Entry 1 was removed: it follows ${named(5)}.`,
    ]);
  });

  it('by their number whatever lies about with a number that is none', () => {
    const stray = sealed({ ...entry(2.5), previous: at(2).hash });

    expect(told(withOneMore(stray, 1, without(3)))).toEqual([
      'added: In place 1 of the entries one was added: nothing in the chain leads to it.',
      'removed: Entry 3 was removed.',
    ]);
  });

  it('apart from what stands in the wrong order right before them', () => {
    expect(told([at(2), at(1), at(4), at(5)])).toEqual([
      'reordered: Entry 1 was moved: it stands behind Entry 2.',
      'removed: Entry 3 was removed.',
    ]);
  });

  it('apart from an entry before them that has nothing but its number left', () => {
    const { hash: _, ...nameless } = reworded(at(3));

    expect(told([at(1), at(2), nameless, at(5)])).toEqual([
      'changed: Entry 3 was changed: its hash is gone.',
      'removed: Entry 4 was removed.',
    ]);
  });

  it('apart from what is no entry and stands somewhere else', () => {
    expect(told(withOneMore(null, 1, without(4)))).toEqual([
      'added: In place 1 of the entries one was added: nothing in the chain leads to it.',
      'removed: Entry 4 was removed.',
    ]);
  });

  it('even where the entry after it was changed and given its number', () => {
    expect(told([at(1), at(2), { ...at(4), sequence: 3 }, at(5)])).toEqual([
      'removed: Entry 3 was removed.',
      `changed: Entry 4 was changed: ${wrongContent}.`,
    ]);
  });
});

describe('ALL-11 an entry that was added is named by its place in the file', () => {
  const positions = [...places, 6];

  it('a copy, wherever it stands, with the entry that it is a copy of', () => {
    for (const place of places) {
      for (const position of positions) {
        // Of two copies side by side nobody can tell which was there first.
        const added = position === place + 1 ? place : position;

        expect(told(withOneMore(at(place), position))).toEqual([
          `added: In place ${added} of the entries one was added: it is a copy of Entry ${place}.`,
        ]);
      }
    }
  });

  it('one that was made up, with a hash of its own and any number', () => {
    for (const sequence of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const made = rehashed({ ...entry(sequence), previous: at(2).hash });
      const why = sequence > 5 ? 'the head counts only 5' : 'nothing in the chain leads to it';

      expect(positions.map((position) => told(withOneMore(made, position)))).toEqual(
        positions.map((position) => [`added: In place ${position} of the entries one was added: ${why}.`]),
      );
    }
  });

  it('one that is none at all', () => {
    for (const value of [null, 'word', 0, [], {}]) {
      expect(positions.map((position) => told(withOneMore(value, position)))).toEqual(
        positions.map((position) => [
          `added: In place ${position} of the entries one was added: nothing in the chain leads to it.`,
        ]),
      );
    }
  });

  it('a copy that was changed: the one that still holds is the entry, and the other is no copy', () => {
    for (const place of places) {
      const others = [reworded(at(place)), { ...at(place), hash: hash('another') }];
      for (const other of others) {
        for (const position of positions) {
          expect(told(withOneMore(other, position))).toEqual([
            `added: In place ${position} of the entries one was added: nothing in the chain leads to it.`,
          ]);
        }
      }
    }
  });

  it('the newer ones, where the head does not count so far', () => {
    expect(told(honest, { sequence: 3, hash: at(3).hash })).toEqual([
      'added: In place 4 of the entries one was added: the head counts only 3.',
      'added: In place 5 of the entries one was added: the head counts only 3.',
    ]);
    expect(told([at(1)], { sequence: 0, hash: '' })).toEqual([
      'added: In place 1 of the entries one was added: the head counts only 0.',
    ]);
  });

  it('of two that were both changed, the one that lost the number', () => {
    const kept = reworded(at(3));
    const renumbered = { ...reworded(at(3)), sequence: 4 };

    for (const place of [3, 4]) {
      expect(told(withOneMore(renumbered, place, withOther({ 3: kept })))).toEqual([
        `changed: Entry 3 was changed: ${wrongContent}.`,
        `added: In place ${place} of the entries one was added: nothing in the chain leads to it.`,
      ]);
    }
  });
});

describe('ALL-11 entries in another order', () => {
  const reordered = (order: readonly number[]) => told(order.map(at));

  it('one that was moved over others is named, with the one that it stands behind now', () => {
    for (const place of places) {
      const others = places.filter((other) => other !== place);
      for (const [index, behind] of [undefined, ...others].entries()) {
        // Neighbours that only changed places are the next test.
        if (Math.abs(index + 1 - place) < 2) continue;
        const where = behind === undefined ? 'it stands first' : `it stands behind Entry ${behind}`;

        expect(reordered(others.toSpliced(index, 0, place))).toEqual([
          `reordered: Entry ${place} was moved: ${where}.`,
        ]);
      }
    }
  });

  it('of two neighbours that changed places one is named, as standing behind the other', () => {
    for (const place of [1, 2, 3, 4]) {
      const order = places.map((other) =>
        other === place ? place + 1 : other === place + 1 ? place : other,
      );

      expect(reordered(order)).toEqual([
        `reordered: Entry ${place} was moved: it stands behind Entry ${place + 1}.`,
      ]);
    }
  });

  it.each([
    [
      [5, 4, 3, 2, 1],
      ['1 behind 2', '2 behind 3', '3 behind 4', '4 behind 5'],
    ],
    [
      [4, 5, 1, 2, 3],
      ['4 first', '5 behind 4'],
    ],
    [
      [3, 4, 5, 1, 2],
      ['1 behind 5', '2 behind 1'],
    ],
    [
      [2, 1, 3, 5, 4],
      ['1 behind 2', '4 behind 5'],
    ],
    [
      [3, 1, 2, 5, 4],
      ['3 first', '4 behind 5'],
    ],
    [[2, 3, 1, 4, 5], ['1 behind 3']],
    [
      [5, 1, 4, 2, 3],
      ['4 behind 1', '5 first'],
    ],
  ])('%j: the fewest are named that have to be put back', (order, moved) => {
    expect(reordered(order)).toEqual(
      moved.map((where) =>
        where
          .replace(/^(\d) first$/, 'reordered: Entry $1 was moved: it stands first.')
          .replace(/^(\d) behind (\d)$/, 'reordered: Entry $1 was moved: it stands behind Entry $2.'),
      ),
    );
  });

  it('does not count what was added or removed', () => {
    expect(told([null, at(1), at(2), at(4), at(4), at(5)])).toEqual([
      'added: In place 1 of the entries one was added: nothing in the chain leads to it.',
      'removed: Entry 3 was removed.',
      'added: In place 4 of the entries one was added: it is a copy of Entry 4.',
    ]);
  });
});

describe('ALL-11 a head that was changed', () => {
  it.each([
    ['a lower count', 3],
    ['a higher count', 7],
    ['no count', 0],
  ])('to %s: it is named alone, for it still names the newest entry', (_what, sequence) => {
    expect(told(honest, { ...head, sequence })).toEqual([
      `changed: The head was changed: it counts ${sequence} and names the hash of Entry 5.`,
    ]);
  });

  it('to an older entry’s hash: nothing leads to the newer ones any more', () => {
    expect(told(honest, { ...head, hash: at(3).hash })).toEqual([
      'changed: The head was changed: it counts 5 and names the hash of Entry 3.',
      'added: In place 4 of the entries one was added: nothing in the chain leads to it.',
      'added: In place 5 of the entries one was added: nothing in the chain leads to it.',
    ]);
  });

  it('to a count that nothing reaches, and a hash that nothing has', () => {
    expect(told(honest, { sequence: 1_000_000_000, hash: 'x' })).toEqual([
      'removed: Entries 6 to 1000000000 were removed, and the head still counts to there.',
    ]);
  });

  it.each([
    ['nothing', '', 'nothing'],
    ['a hash', hash('another'), hash('another').slice(0, 12)],
    ['twelve digits', '0123456789ab', '0123456789ab'],
    ['eleven digits', '0123456789a', '"0123456789a"'],
    ['a hash and more before it', `zz${hash('x')}`, `"zz${hash('x').slice(0, 58)}…"`],
    ['a hash and more after it', `${hash('x').slice(0, 20)}zz`, `"${hash('x').slice(0, 20)}zz"`],
    ['a hash in capitals', '0123456789ABCDEF', '"0123456789ABCDEF"'],
    ['a word', 'none', '"none"'],
  ])('to %s: the newest entry or the head was changed', (_what, other, shown) => {
    expect(told(honest, { ...head, hash: other })).toEqual([
      `changed: Entry 5 or the head was changed: the head names ${shown}, and its hash is ${named(5)}.`,
    ]);
  });

  it('to name something where it counts nothing', () => {
    expect(told([], { sequence: 0, hash: 'ab' })).toEqual([
      'changed: The head was changed: it counts nothing and names the hash "ab".',
    ]);
  });

  it('is not believed to be changed by an entry that only bears the hash it names', () => {
    expect(told(withOther({ 5: { ...at(5), sequence: 3 } }))).toEqual([
      `changed: Entry 5 was changed: ${wrongContent}.`,
    ]);
  });
});

describe('ALL-11 a chain that holds by its hashes and is none', () => {
  const contents = places.map(entry);
  const made = (others: { readonly [place: number]: Entry }) => {
    const chain = chained(contents.map((own, index) => others[index + 1] ?? own));
    return { chain, head: headOf(chain), short: (place: number) => chain[place - 1]?.hash.slice(0, 12) };
  };

  it('says which entry has another number than its place', () => {
    for (const [place, sequence] of [
      [1, 7],
      [3, 7],
      [3, 2],
      [4, 5],
    ] as const) {
      const { chain, head: its } = made({ [place]: { ...entry(place), sequence } });

      expect(told(chain, its)).toEqual([`inconsistent: Entry ${place} is numbered ${sequence}.`]);
    }
  });

  it('says which one is not an entry of an audit, and does not hand it out', () => {
    for (const place of [1, 3, 5]) {
      const { chain, head: its } = made({ [place]: { sequence: place, note: 'no entry' } });

      expect(told(chain, its)).toEqual([
        `inconsistent: Entry ${place} holds, and is not an entry of an audit.`,
      ]);
      expect([...inspect(chain, its).lines.keys()]).toEqual(places.filter((other) => other !== place));
    }
  });

  it.each([
    ['what is no hash', 7, 'nothing', 'inconsistent: Entry 4 holds, and is not an entry of an audit.'],
    ['nothing', '', 'nothing', undefined],
    ['a word', 'none', '"none"', undefined],
  ])('says that an entry which names %s does not lead on', (_what, previous, shown, also) => {
    const { chain, head: its, short } = made({ 4: { ...entry(4), previous } });

    expect(told(chain, its)).toEqual([
      `changed: Entry 3 was changed and given a new hash: Entry 4 names ${shown}, and its hash is ${short(3)}.`,
      ...(also === undefined ? [] : [also]),
    ]);
  });

  it('says of what stands before such an entry and is none only that', () => {
    const { chain, head: its } = made({ 4: { ...entry(4), previous: null } });

    expect(told(chain.with(2, null as never), its)).toEqual([
      'changed: Entry 3 was changed: it is not an entry any more.',
      'inconsistent: Entry 4 holds, and is not an entry of an audit.',
    ]);
  });

  it('does not take what no audit could hold for a beginning that was cut off', () => {
    const { chain, head: its } = made({ 1: { sequence: 1, previous: 'x' } });

    expect(told(chain, its)).toEqual(['inconsistent: Entry 1 holds, and is not an entry of an audit.']);
  });
});

describe('ALL-11 several faults at once', () => {
  const faults: readonly { readonly what: string; readonly at: (place: number) => unknown[] }[] = [
    { what: 'changed', at: (place) => [reworded(at(place))] },
    { what: 'renumbered', at: (place) => [{ ...at(place), sequence: 1 }] },
    { what: 'given another hash', at: (place) => [{ ...at(place), hash: hash('another') }] },
    { what: 'changed and hashed', at: (place) => [rehashed(at(place))] },
    { what: 'made nothing', at: () => [null] },
    { what: 'removed', at: () => [] },
  ];
  const damaged = (damage: { readonly [place: number]: (place: number) => unknown[] }) =>
    places.flatMap((place) => damage[place]?.(place) ?? [at(place)]);

  it('with an entry between them are told as each by itself, in the order of the chain', () => {
    for (const one of places) {
      for (const other of places.filter((place) => place > one + 1)) {
        for (const fault of faults) {
          for (const second of faults) {
            const both = told(damaged({ [one]: fault.at, [other]: second.at }));

            expect(both, `${one} ${fault.what}, ${other} ${second.what}`).toEqual([
              ...told(damaged({ [one]: fault.at })),
              ...told(damaged({ [other]: second.at })),
            ]);
          }
        }
      }
    }
  });

  it('side by side name these two entries and no other', () => {
    for (const one of [1, 2, 3, 4]) {
      for (const fault of faults) {
        for (const second of faults) {
          const both = told(damaged({ [one]: fault.at, [one + 1]: second.at }));
          const what = `${one} ${fault.what}, ${one + 1} ${second.what}: ${both.join(' ')}`;

          expect(both.length, what).toBeGreaterThan(0);
          for (const finding of both) expect(finding, what).toMatch(mentioning(one, one + 1));
        }
      }
    }
  });

  it('an entry after one that was hashed anew is still found by the hash that is written in it', () => {
    const renumbered = { ...at(4), sequence: 2 };

    expect(told(withOther({ 5: rehashed(at(5)), 4: renumbered }))).toEqual([
      `changed: Entry 4 was changed: ${wrongContent}.`,
      forged(5),
    ]);
  });

  it('nobody can say whether hash or content was changed where the entry after it was hashed anew', () => {
    const other = { ...at(4), hash: hash('another') };

    expect(told(withOther({ 4: other }))).toEqual([`changed: Entry 4 was changed: ${wrongHash}.`]);
    expect(told(withOther({ 5: rehashed(at(5)), 4: other }))).toEqual([
      `changed: Entry 4 was changed: ${wrongContent}.`,
      forged(5),
    ]);
  });

  it('an entry that was hashed anew still leads to the one before it, and not to a made-up one of that number', () => {
    const made = rehashed(at(4));

    expect(told(withOneMore(made, 5, withOther({ 5: rehashed(at(5)) })))).toEqual([
      forged(5),
      'added: In place 5 of the entries one was added: nothing in the chain leads to it.',
    ]);
  });

  it('two that were hashed anew one after the other: the later one is named for what names it', () => {
    const file = withOther({ 3: rehashed(at(3)), 4: rehashed(at(4)) });

    expect(told(file)).toEqual([forged(4)]);
  });

  it('of every kind are told in the order of the chain, the head first', () => {
    const file = [at(2), at(1), { ...at(3), hash: 7 }, at(5), at(5)];

    expect(told(file, { ...head, sequence: 9 })).toEqual([
      'changed: The head was changed: it counts 9 and names the hash of Entry 5.',
      'reordered: Entry 1 was moved: it stands behind Entry 2.',
      'changed: Entry 3 was changed: its hash is gone.',
      'removed: Entry 4 was removed.',
      'added: In place 4 of the entries one was added: it is a copy of Entry 5.',
    ]);
  });
});

describe('ALL-11 the words of a finding', () => {
  it('are those of the chain that was looked at', () => {
    const refusals = (file: readonly unknown[]) =>
      inspectChain(file, head, { one: 'Refusal', many: 'Refusals' }, hash).findings.map(({ text }) => text);

    expect(refusals(without(2, 3))).toEqual(['Refusals 2 to 3 were removed.']);
    expect(refusals(without(2))).toEqual(['Refusal 2 was removed.']);
    expect(refusals(withOneMore(at(1), 4))).toEqual([
      'In place 4 of the refusals one was added: it is a copy of Refusal 1.',
    ]);
    expect(refusals([at(3), at(1), at(2), at(4), at(5)])).toEqual(['Refusal 3 was moved: it stands first.']);
    expect(refusals([at(2), at(1), at(3), at(4), at(5)])).toEqual([
      'Refusal 1 was moved: it stands behind Refusal 2.',
    ]);
  });

  it.each([
    ['a word as it is', 'main', '"main"'],
    ['quotation marks and line ends escaped', 'a"b\n', '"a\\"b\\n"'],
    ['a control sequence of the terminal escaped', '\u001b[2Jgone', '"\\u001b[2Jgone"'],
    ['what JSON would let through replaced', 'a\u007f\u009bé\u202e', '"a????"'],
    ['sixty characters whole', 'x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['more than sixty cut', `${'x'.repeat(60)}y`, `"${'x'.repeat(60)}…"`],
    ['nothing as nothing', '', '""'],
  ])('from the file are quoted: %s', (_what, word, shown) => {
    expect(quoted(word)).toBe(shown);
  });
});

describe('ALL-11 whatever is done to a file', () => {
  const other = fc.oneof(
    fc.constantFrom<unknown>(null, '', 'word', 0, -1, 2.5, 1e15, true, [], {}),
    fc.constantFrom(...honest.map(({ hash: own }) => own)),
    fc.integer({ min: 0, max: 7 }),
  );
  const member = fc.constantFrom('sequence', 'previous', 'hash', 'atMs', 'event', 'also');
  const step = fc.record({
    does: fc.constantFrom('change', 'forge', 'remove', 'add', 'copy', 'move', 'replace'),
    from: fc.nat({ max: 6 }),
    to: fc.nat({ max: 6 }),
    member,
    value: other,
  });

  it('is found, and said in sentences that a terminal may show', () => {
    let done = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 4 }),
        fc.option(fc.record({ sequence: fc.nat({ max: 9 }), hash: fc.constantFrom('', 'x', at(3).hash) })),
        (steps, otherHead) => {
          let file: unknown[] = [...honest];
          for (const { does, from, to, member: name, value } of steps) {
            const index = file.length === 0 ? 0 : from % file.length;
            const there = file[index];
            const base: Entry = typeof there === 'object' && there !== null ? { ...there } : {};
            if (does === 'change') file = file.toSpliced(index, 1, { ...base, [name]: value });
            if (does === 'forge') file = file.toSpliced(index, 1, sealed({ ...base, [name]: value }));
            if (does === 'remove') file = file.toSpliced(index, 1);
            if (does === 'add') file = file.toSpliced(to, 0, sealed({ ...base, [name]: value }));
            if (does === 'copy') file = file.toSpliced(to, 0, there);
            if (does === 'move') file = file.toSpliced(index, 1).toSpliced(to, 0, there);
            if (does === 'replace') file = file.toSpliced(index, 1, value);
          }
          const its = otherHead ?? head;
          if (canonical([file, its]) === canonical([honest, head])) return;
          // An older file, whole, with the head that it had then.
          const { sequence } = its;
          if (
            canonical([file, its]) ===
            canonical([honest.slice(0, sequence), headOf(honest.slice(0, sequence))])
          )
            return;
          done += 1;

          const findings = told(file, its);

          expect(findings.length).toBeGreaterThan(0);
          for (const finding of findings) expect(finding).toMatch(/^[a-z]+: [A-Z][\x20-\x7e…]*\.$/);
        },
      ),
      { seed: 20_261_121, numRuns: 300 },
    );
    expect(done).toBeGreaterThan(250);
  });
});

/** That a finding speaks of one of these entries, by its number or by the place where it stands. */
function mentioning(...numbers: readonly number[]): RegExp {
  return new RegExp(`^[a-z]+: (Entry|Entries|In place) (${numbers.join('|')})\\b`);
}
describe('ALL-11 what was not touched is not named', () => {
  it('where an entry was given the number of the one before it and a hash of its own', () => {
    for (const place of [2, 3, 4, 5]) {
      const file = withOther({ [place]: sealed({ ...at(place), sequence: place - 1 }) });
      const end = place === 5 ? ', and the head still counts to there' : '';

      expect(told(file)).toEqual([
        `removed: Entry ${place} was removed${end}.`,
        `added: In place ${place} of the entries one was added: nothing in the chain leads to it.`,
      ]);
    }
  });

  it('where the head counts too few: what names an older entry is the one after it, not the head', () => {
    expect(told(withOther({ 3: rehashed(at(3)) }), { ...head, sequence: 3 })).toEqual([
      'changed: The head was changed: it counts 3 and names the hash of Entry 5.',
      forged(3),
    ]);
    expect(told(without(3), { ...head, sequence: 3 })).toEqual([
      'changed: The head was changed: it counts 3 and names the hash of Entry 5.',
      'removed: Entry 3 was removed.',
    ]);
  });

  it('where only the first entry was changed to follow something, and given a new hash: nothing was removed', () => {
    const own = sealed({ ...at(1), previous: 'x' });

    expect(told(withOther({ 1: own }))).toEqual([forged(1, own)]);
  });
});
