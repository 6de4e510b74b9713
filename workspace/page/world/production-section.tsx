import type { AwsState, Colour } from '../../aws/control.ts';
import { clockTime } from '../dates.ts';
import { useDirectory } from '../directory.tsx';

const colourOfPath = (path: string): Colour | undefined => {
  const name = path.replaceAll('/', '');
  return name === 'blue' || name === 'green' ? name : undefined;
};

/** What visitors get: the page itself in small, each edge location, and how many requests failed. */
export function ProductionSection({ aws }: { aws: AwsState }) {
  const { zone } = useDirectory();
  const distribution = aws.distributions.find((each) => each.url === aws.productionUrl);
  const live = aws.colours[aws.live];
  const idle = aws.colours[aws.idle];
  const edges = distribution?.edges ?? [];
  const { failed, requests, sinceMs } = aws.visitors;
  const lastFailed = failed.at(-1);
  // Anything that may change what a visitor sees draws the frame again.
  const frameKey = `${live.version} ${live.putAtMs} ${distribution?.status} ${edges.map((edge) => edge.etag).join()} ${aws.invalidations.map((each) => each.id + each.status).join()}`;
  return (
    <section className="card" aria-label="Production" data-testid="production">
      <h3>Production</h3>
      <div className="production">
        <div className="site-frame">
          <iframe
            key={frameKey}
            title="Production page"
            src={aws.productionUrl}
            sandbox="allow-scripts allow-same-origin"
            tabIndex={-1}
            loading="lazy"
          />
          <a href={aws.productionUrl} target="_blank" rel="noopener noreferrer">
            <span className="visually-hidden">Open production page</span>
          </a>
        </div>
        <div className="colours">
          <ColourBox colour={aws.live} version={live.version} side="live" url={aws.previewUrls[aws.live]} />
          <ColourBox colour={aws.idle} version={idle.version} side="idle" url={aws.previewUrls[aws.idle]} />
          <a
            className="open-link"
            href={aws.productionUrl}
            target="_blank"
            rel="noopener noreferrer"
            data-testid="open-production"
          >
            Open production page ↗
          </a>
        </div>
      </div>
      <p className="edges">
        <span className="edges-label">Edge locations serve</span>
        {edges.map((edge) => {
          const colour = colourOfPath(edge.originPath);
          return (
            <span
              key={edge.pop}
              className={`edge edge-${colour ?? 'other'}`}
              title={`${edge.pop}: origin path ${edge.originPath || '/'}, ${edge.cached} files cached`}
            >
              {edge.pop} <b>{colour ?? (edge.originPath || '/')}</b>
            </span>
          );
        })}
      </p>
      <p className={`visitors${failed.length > 0 ? ' has-failures' : ''}`} data-testid="visitors">
        <strong data-testid="failed-visits">{failed.length}</strong> failed of{' '}
        <span data-testid="visits">{requests}</span> visitor requests since {clockTime(sinceMs, zone)}
        {lastFailed !== undefined && (
          <small>
            Last: {lastFailed.status} {lastFailed.path} at {lastFailed.pop},{' '}
            {clockTime(lastFailed.atMs, zone)} ({lastFailed.reason})
          </small>
        )}
      </p>
    </section>
  );
}

function ColourBox(props: { colour: Colour; version: string; side: 'live' | 'idle'; url: string }) {
  const { colour, version, side, url } = props;
  return (
    <a
      className={`colour colour-${colour} colour-${side}`}
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      title={`Preview of ${colour}`}
      data-testid={`${side}-version`}
      data-version={version}
      data-colour={colour}
    >
      <small>
        {side} · {colour}
      </small>
      <strong>{version}</strong>
    </a>
  );
}
