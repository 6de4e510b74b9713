import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import {
  describeDrift,
  differencesBetween,
  fingerprintOf,
  sketchOf,
  unintendedDifferences,
  withOriginPath,
} from '../../../../src/aws/targets/cloudfront/configuration.ts';

const config = (): DistributionConfig => ({
  CallerReference: 'r1',
  Aliases: { Quantity: 2, Items: ['www.example.com', 'example.com'] },
  Comment: 'the shop',
  Enabled: true,
  PriceClass: 'PriceClass_100',
  Origins: {
    Quantity: 2,
    Items: [
      { Id: 'site', DomainName: 'site.example.com', OriginPath: '/blue', ConnectionAttempts: 3 },
      { Id: 'api', DomainName: 'api.example.com', OriginPath: '', CustomHeaders: { Quantity: 0 } },
    ],
  },
  DefaultCacheBehavior: {
    TargetOriginId: 'site',
    ViewerProtocolPolicy: 'redirect-to-https',
    AllowedMethods: {
      Quantity: 2,
      Items: ['HEAD', 'GET'],
      CachedMethods: { Quantity: 2, Items: ['HEAD', 'GET'] },
    },
  },
  CacheBehaviors: {
    Quantity: 2,
    Items: [
      { PathPattern: '/a/*', TargetOriginId: 'api', ViewerProtocolPolicy: 'https-only' },
      { PathPattern: '/*', TargetOriginId: 'site', ViewerProtocolPolicy: 'https-only' },
    ],
  },
});

const changed = (edit: (config: DistributionConfig) => void): DistributionConfig => {
  const copy = config();
  edit(copy);
  return copy;
};
const site = { originIds: ['site'] };
const of = (each: DistributionConfig) => fingerprintOf(each, site);

describe("a distribution's configuration", () => {
  it('SITE-5 keeps its fingerprint when only the switched origin path and the comment change', () => {
    expect(of(withOriginPath(config(), ['site'], '/green', 'other words'))).toBe(of(config()));
  });

  it('keeps its fingerprint when CloudFront lists the same set in another order', () => {
    const shuffled = changed((each) => {
      each.Aliases = { Quantity: 2, Items: ['example.com', 'www.example.com'] };
      each.Origins?.Items?.reverse();
      each.DefaultCacheBehavior?.AllowedMethods?.Items?.reverse();
      each.OriginGroups = undefined;
    });
    expect(of(shuffled)).toBe(of(config()));
  });

  it.each<[string, (config: DistributionConfig) => void]>([
    [
      'the price class',
      (each) => {
        each.PriceClass = 'PriceClass_All';
      },
    ],
    [
      'another origin path',
      (each) => {
        const origin = each.Origins?.Items?.[1];
        if (origin) origin.OriginPath = '/x';
      },
    ],
    [
      'the domain of the switched origin',
      (each) => {
        const origin = each.Origins?.Items?.[0];
        if (origin) origin.DomainName = 'x';
      },
    ],
    ['a new alias', (each) => void each.Aliases?.Items?.push('new.example.com')],
    [
      'the order of cache behaviours, of which the first wins',
      (each) => void each.CacheBehaviors?.Items?.reverse(),
    ],
    [
      'a field that was not there',
      (each) => {
        each.WebACLId = 'acl';
      },
    ],
    ['a field that is gone', (each) => void delete each.Aliases],
  ])('SITE-5 has another fingerprint and can be named when somebody changes %s', (_what, edit) => {
    const after = changed(edit);
    expect(of(after)).not.toBe(of(config()));
    expect(describeDrift(sketchOf(config(), site), after, site)).toHaveLength(1);
  });

  it('names the field and both values where they are short', () => {
    const after = changed((each) => {
      each.PriceClass = 'PriceClass_All';
      if (each.DefaultCacheBehavior) each.DefaultCacheBehavior.ViewerProtocolPolicy = 'allow-all';
    });
    expect(describeDrift(sketchOf(config(), site), after, site)).toEqual([
      'DefaultCacheBehavior.ViewerProtocolPolicy is "allow-all" instead of "redirect-to-https"',
      'PriceClass is "PriceClass_All" instead of "PriceClass_100"',
    ]);
  });

  it('sketches nothing that a switch changes', () => {
    const drift = describeDrift(
      sketchOf(config(), site),
      withOriginPath(config(), ['site'], '/green', 'c'),
      site,
    );
    expect(drift).toEqual([]);
  });

  it('SITE-5 tells exactly what a switch changed', () => {
    expect(differencesBetween(config(), withOriginPath(config(), ['site'], '/green', 'new'))).toEqual([
      { field: 'Comment', before: '"the shop"', after: '"new"' },
      { field: 'Origins[site].OriginPath', before: '"/blue"', after: '"/green"' },
    ]);
  });

  it('SITE-5 finds what an edit changed beyond the origin path and the comment', () => {
    const sloppy = withOriginPath(config(), ['site'], '/green', 'new');
    delete sloppy.PriceClass;
    if (sloppy.Origins?.Items?.[1]) sloppy.Origins.Items[1].OriginPath = '/green';
    expect(unintendedDifferences(config(), sloppy, ['site']).map((each) => each.field)).toEqual([
      'Origins[api].OriginPath',
      'PriceClass',
    ]);
    expect(
      unintendedDifferences(config(), withOriginPath(config(), ['site'], '/green', ''), ['site']),
    ).toEqual([]);
  });

  it('leaves the configuration it copies alone', () => {
    const original = config();
    withOriginPath(original, ['site', 'api'], '/green', 'new');
    expect(original).toEqual(config());
  });
});
