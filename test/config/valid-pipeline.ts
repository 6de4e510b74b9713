/** A pipeline file with nothing wrong in it: two apps, three environments, all that is common. */
export const validPipeline = `version: 1
defaults:
  onCall:
    channel: C0ONCALL01
    groups: [S0ONCALL01]
  promoters: members
apps:
  site:
    repository: northwind/site
    environments:
      staging:
        channel: C0DEPLOYS1
        approvals: { required: 0, waitTimer: 0s }
        target:
          kind: cloudfront-blue-green
          distributionId: E2STAGING0001
          url: https://staging.northwind.example
          previews: { blue: https://b.staging.northwind.example, green: https://g.staging.northwind.example }
        verify:
          checks:
            - kind: version-meta
        watch:
          soak: 0s
          readings: []
      production:
        channel: C0DEPLOYS1
        approvals:
          required: 2
          people: [U0GRACE001, U0LIN00001, U0OTTO0001]
          expiresAfter: 24h
          waitTimer: 1m30s
        rollback:
          approvals: 1
          by: { people: [U0OTTO0001], groups: [] }
        target:
          kind: cloudfront-blue-green
          distributionId: E2NORTHWIND01
          colours: { blue: /blue, green: /green }
          url: https://www.northwind.example/
          previews: { blue: http://127.0.0.1:4405/blue, green: http://localhost:4405/green }
          versionPage: /about/
          deployDeadline: 20m
        gates:
          - kind: github-workflow
            workflow: deploy-staging.yml
        verify:
          probes: 3
          interval: 5s
          checks:
            - kind: version-meta
            - kind: http
              pages: [/, /pricing/]
              assets: 3
            - kind: http
              id: partner
              title: The partner's page answers
              baseUrl: https://partner.example
              timeout: 500ms
        watch:
          soak: 15m
          interval: 60s
          patience: 5m
          answerWithin: 10m
          withoutAnswer: roll-back
          readings:
            - kind: cloudwatch-alarms
              names: [site-5xx]
  shop:
    environments:
      production:
        channel: G0SHOP0001
        onCall: { people: [W0SHOP0001] }
        approvals: { groups: [S0APPROVE1] }
        target:
          kind: cloudfront-blue-green
          distributionId: E2SHOP00000001
          url: https://shop.example
          previews: { blue: https://b.shop.example, green: https://g.shop.example }
        verify:
          checks: [{ kind: version-meta }]
        watch:
          readings: [{ kind: cloudwatch-alarms, names: [shop-5xx] }]
`;

/** The file with one thing changed; fails when there is no such thing or more than one. */
export function changed(from: string, to: string, text = validPipeline): string {
  if (text.split(from).length !== 2) throw new Error(`"${from}" must stand in the file exactly once.`);
  return text.replace(from, () => to);
}

/** The line of the first place that holds a text, counted from one. */
export function lineOf(text: string, part: string): number {
  const index = text.indexOf(part);
  if (index < 0) throw new Error(`"${part}" does not stand in the file.`);
  return text.slice(0, index).split('\n').length;
}
