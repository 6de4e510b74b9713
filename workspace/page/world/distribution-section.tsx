import type { AwsState } from '../../aws/control.ts';
import { clockTimeWithSeconds } from '../dates.ts';
import { useDirectory } from '../directory.tsx';

const shownInvalidations = 4;

/** What CloudFront and CloudWatch would say if one asked them. */
export function DistributionSection({ aws }: { aws: AwsState }) {
  const { zone } = useDirectory();
  const distribution = aws.distributions.find((each) => each.url === aws.productionUrl);
  const invalidations = aws.invalidations
    .filter((each) => each.distributionId === distribution?.id)
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
  const lastMinute = aws.metrics.at(-1);
  return (
    <section className="card" aria-label="Distribution" data-testid="distribution">
      <h3>CloudFront distribution</h3>
      {distribution !== undefined && (
        <dl className="facts">
          <dt>Id</dt>
          <dd>
            <code>{distribution.id}</code>
          </dd>
          <dt>Status</dt>
          <dd data-testid="distribution-status">
            <span className={`dot dot-${distribution.status === 'Deployed' ? 'good' : 'busy'}`} />
            {distribution.status}
          </dd>
          <dt>Origin path</dt>
          <dd data-testid="origin-path">
            {distribution.origins.map((origin) => (
              <code key={origin.id}>{origin.path || '/'}</code>
            ))}
          </dd>
          <dt>ETag</dt>
          <dd>
            <code>{distribution.etag}</code>
          </dd>
          <dt>Changed</dt>
          <dd>{clockTimeWithSeconds(distribution.lastModifiedMs, zone)}</dd>
        </dl>
      )}
      <h4>Invalidations</h4>
      {invalidations.length === 0 && <p className="empty-line">None yet.</p>}
      <ul className="lines" data-testid="invalidations">
        {invalidations.slice(0, shownInvalidations).map((invalidation) => (
          <li key={invalidation.id}>
            <span className={`dot dot-${invalidation.status === 'Completed' ? 'good' : 'busy'}`} />
            {clockTimeWithSeconds(invalidation.createdAtMs, zone)} <code>{invalidation.paths.join(' ')}</code>{' '}
            {invalidation.status}
          </li>
        ))}
      </ul>
      <h4>Alarms</h4>
      <ul className="lines" data-testid="alarms">
        {aws.alarms.map((alarm) => (
          <li key={alarm.name} title={alarm.reason}>
            <span
              className={`dot dot-${alarm.state === 'OK' ? 'good' : alarm.state === 'ALARM' ? 'bad' : 'busy'}`}
            />
            <code>{alarm.name}</code> {alarm.state}
            {alarm.held ? ', held by hand' : ''}
          </li>
        ))}
      </ul>
      <p className="empty-line">
        {lastMinute === undefined
          ? 'No metrics published.'
          : `Newest metrics: ${clockTimeWithSeconds(lastMinute.atMs, zone)}, ${lastMinute.requests} requests, ${lastMinute.errorRate5xx.toFixed(1)} % 5xx${
              lastMinute.originLatencyMs === undefined
                ? ''
                : `, origin ${Math.round(lastMinute.originLatencyMs)} ms`
            }`}
      </p>
    </section>
  );
}
