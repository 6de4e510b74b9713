import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/bot/command.ts';
import { catalog } from './catalog.ts';

const read = (text: string, does: 'promotion' | 'rollback' = 'promotion') => {
  const parsed = parseCommand(does, text, catalog);
  return parsed.outcome === 'parsed' ? parsed.command : parsed.refusal;
};
const refusalOf = (text: string, does: 'promotion' | 'rollback' = 'promotion') => {
  const parsed = parseCommand(does, text, catalog);
  if (parsed.outcome !== 'refused') throw new Error(`accepted: ${text}`);
  return parsed.refusal;
};
const promote = { kind: 'promote', app: 'site', environment: 'production', version: 'v1.1.0', reason: null };

describe('/promote understands', () => {
  it.each([
    ['site v1.1.0', promote],
    ['  site\u00a0v1.1.0 ', promote],
    ['site v1.1.0 production', promote],
    ['site production v1.1.0', promote],
    ['site staging v1.1.0', { ...promote, environment: 'staging' }],
    ['site v1.1.0 --reason Brighter &amp; warmer', { ...promote, reason: 'Brighter & warmer' }],
    ['site v1.1.0 —reason from a telephone', { ...promote, reason: 'from a telephone' }],
    ['site v1.1.0 --reason=as &lt;@U1&gt; said', { ...promote, reason: 'as <@U1> said' }],
    ['site v1.1.0 --reason <@U0ADA00001|ada> in <#C1|general>', { ...promote, reason: '@ada in #general' }],
    ['site 1234567', { ...promote, version: '1234567' }],
    ['plan site v1.1.0', { ...promote, kind: 'plan', does: 'promotion' }],
    ['help', { kind: 'help' }],
    ['status', { kind: 'status', app: null, environment: null }],
    ['status site', { kind: 'status', app: 'site', environment: null }],
    ['status site staging', { kind: 'status', app: 'site', environment: 'staging' }],
    [
      'unlock site production Its record ist kaputt, größer -- siehe <#C1|general>',
      {
        kind: 'unlock',
        app: 'site',
        environment: 'production',
        reason: 'Its record ist kaputt, größer -- siehe #general',
      },
    ],
    [
      ' unlock\u00a0site staging --reason=Broken &amp; gone ',
      { kind: 'unlock', app: 'site', environment: 'staging', reason: 'Broken & gone' },
    ],
    ['unlock site staging 1', { kind: 'unlock', app: 'site', environment: 'staging', reason: '1' }],
  ])('%j', (text, expected) => expect(read(text)).toEqual(expected));

  it.each([
    ['', { app: null, environment: null, version: null }],
    ['site', { app: 'site', environment: null, version: null }],
    ['site staging', { app: 'site', environment: 'staging', version: null }],
    ['--reason Just because', { app: null, environment: null, version: null, reason: 'Just because' }],
  ])('that something is missing in %j, and asks for it in a form', (text, known) => {
    expect(read(text)).toEqual({ kind: 'ask', does: 'promotion', reason: null, ...known });
  });
});

describe('/rollback understands', () => {
  const rollBack = { kind: 'roll-back', app: 'site', environment: 'production', version: null, reason: null };
  it.each([
    ['site', rollBack],
    ['site staging', { ...rollBack, environment: 'staging' }],
    ['site v1.0.0', { ...rollBack, version: 'v1.0.0' }],
    [
      'site v1.0.0 staging --reason Lamps too dark',
      { ...rollBack, version: 'v1.0.0', environment: 'staging', reason: 'Lamps too dark' },
    ],
    ['plan site', { ...rollBack, kind: 'plan', does: 'rollback' }],
  ])('%j', (text, expected) => expect(read(text, 'rollback')).toEqual(expected));

  it('that nothing was named, and asks', () =>
    expect(read('', 'rollback')).toMatchObject({ kind: 'ask', does: 'rollback' }));
});

describe('a slip is refused with the nearest word, and never guessed', () => {
  it.each([
    ['sitee v1.1.0', 'Did you mean site?'],
    ['Site v1.1.0', 'Did you mean site?'],
    ['statsu', 'Did you mean status?'],
    ['pln site v1.1.0', 'Did you mean plan?'],
    ['site prodution', 'Did you mean production?'],
    ['site v1.1.0 prodution', 'Did you mean production?'],
    ['site prodution v1.1.0', 'Did you mean production?'],
    ['site PRODUCTION v1.1.0', 'Did you mean production?'],
    ['status site stagin', 'Did you mean staging?'],
    ['unlok site production broken', 'Did you mean unlock?'],
    ['unlock sitee production broken', 'Did you mean site?'],
    ['unlock site prodution broken', 'Did you mean production?'],
    ['unlock site broken', 'Known are: staging, production.'],
    ['warehouse v1.1.0', 'Known are: site, shop, plan, status, unlock, help.'],
  ])('%j: %s', (text, next) => expect(refusalOf(text).next).toBe(next));

  it('of another app’s environments there is no talk', () => {
    expect(refusalOf('site v1.1.0 development').next).toBe('Known are: staging, production.');
  });
});

describe('what cannot be meant is refused', () => {
  it.each([
    ['site production staging', 'command.two-environments'],
    ['site v1.1.0 production now', 'command.too-many-words'],
    ['help me', 'command.too-many-words'],
    ['site v1.1.0 --force', 'command.option-unknown'],
    ['site v1.1.0 -f', 'command.option-unknown'],
    ['site v1.1.0 --reason', 'command.reason-empty'],
    [`site v1.1.0 --reason ${'a'.repeat(501)}`, 'command.reason-too-long'],
    ['plan', 'command.plan-incomplete'],
    ['plan site', 'command.plan-incomplete'],
    ['unlock', 'command.unlock-incomplete'],
    ['unlock site', 'command.unlock-incomplete'],
    ['unlock site production', 'command.reason-missing'],
    ['unlock site production --reason  ', 'command.reason-missing'],
    [`unlock site production ${'a'.repeat(501)}`, 'command.reason-too-long'],
    ['unlock sit\u0435 production broken', 'command.odd-character'],
    ['unlock site productio\u200bn broken', 'command.odd-character'],
    ['site `v1.1.0`', 'version.malformed'],
    ['site *v1.1.0*', 'version.malformed'],
    ['site &lt;!channel&gt;', 'version.malformed'],
    ['site <!channel|channel>1!', 'version.malformed'],
    ['site ../../v1', 'version.malformed'],
    ['site v1;rm', 'version.malformed'],
    ['site .1', 'version.malformed'],
    ['site v1.\u0661', 'command.odd-character'],
    ['site v1.\u200b1.0', 'command.odd-character'],
    ['site v1.1.0\u202e', 'command.odd-character'],
    ['sit\u0435 v1.1.0', 'command.odd-character'],
    [`site v${'1'.repeat(5000)}`, 'version.malformed'],
  ])('%j', (text, code) => {
    const refusal = refusalOf(text);
    expect(refusal.code).toBe(code);
    expect(refusal.text.length).toBeLessThan(200);
    expect(refusal.text).not.toMatch(/[`\u200b\u202e]/);
  });

  it('names the character that nobody sees', () => {
    expect(refusalOf('site v1.\u200b1.0').text).toBe(
      'v1.1.0 holds a character that names and versions cannot have (U+200B).',
    );
  });
});

it('any text is understood or refused, never an error, and a version that is let through is harmless', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 5000 }),
        fc
          .array(
            fc.constantFrom(
              'site',
              'plan',
              'staging',
              'v1',
              '--reason',
              '`',
              '<!channel>',
              '&lt;',
              '\u202e',
              'help',
              'unlock',
              'production',
            ),
            { maxLength: 8 },
          )
          .map((words) => words.join(' ')),
      ),
      fc.constantFrom('promotion', 'rollback'),
      (text, does) => {
        const parsed = parseCommand(does as 'promotion' | 'rollback', text, catalog);
        if (parsed.outcome === 'refused') expect(parsed.refusal.text.length).toBeLessThan(300);
        else if ('version' in parsed.command && parsed.command.version !== null) {
          expect(parsed.command.version).toMatch(/^[0-9A-Za-z][0-9A-Za-z._+-]{0,99}$/);
        }
      },
    ),
  );
});
