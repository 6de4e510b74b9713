import type { ReleaseOffer } from '../../aws/control.ts';
import type { WorkspaceSnapshot } from '../../snapshot.ts';
import { Do } from './do.tsx';

/** Where a release stands, in a word or two; undefined when nobody has pushed it. */
function standing(version: string, snapshot: WorkspaceSnapshot): string | undefined {
  const { aws, github, pushes } = snapshot;
  if (aws.colours[aws.live].version === version) return `live on ${aws.live}`;
  if (pushes.some((push) => push.version === version)) return 'staging run in progress';
  if (aws.colours[aws.idle].version === version) return `idle on ${aws.idle}`;
  const run = github.releases.find((release) => release.version === version)?.run;
  if (run === undefined || run === null) return undefined;
  if (run.status !== 'completed') return 'staging run in progress';
  return run.conclusion === 'success' ? 'pushed before' : `staging run: ${run.conclusion}`;
}

/** What a developer can push: a commit, a tag, a staging run, and then the idle colour holds it. */
export function ReleasesSection({ snapshot }: { snapshot: WorkspaceSnapshot }) {
  return (
    <section className="card" aria-label="Releases" data-testid="releases">
      <h3>Push a release</h3>
      <p className="card-lead">
        Tags it, runs staging, then puts it on the idle colour. Promoting it is up to you.
      </p>
      <ul className="releases">
        {snapshot.aws.releases.map((release) => (
          <Release key={release.version} release={release} standing={standing(release.version, snapshot)} />
        ))}
      </ul>
    </section>
  );
}

function Release({ release, standing: where }: { release: ReleaseOffer; standing: string | undefined }) {
  return (
    <li
      className={`release${release.fault === undefined ? '' : ' bad'}`}
      data-testid={`release-${release.version}`}
    >
      <div>
        <p>
          <strong>{release.version}</strong> {release.title}
          {where !== undefined && (
            <span className={`chip${where.startsWith('live') ? ' chip-live' : ''}`}>{where}</span>
          )}
        </p>
        {release.fault !== undefined && <p className="fault">{release.fault}</p>}
      </div>
      <Do
        area="releases"
        name="push"
        body={{ version: release.version }}
        label="Push"
        testId={`push-${release.version}`}
        title={`Push ${release.version}`}
        disabled={where === 'staging run in progress' || where?.startsWith('live') === true}
      />
    </li>
  );
}
