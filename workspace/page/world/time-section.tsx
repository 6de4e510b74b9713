import { clockTimeWithSeconds, shortDay } from '../dates.ts';
import { useDirectory } from '../directory.tsx';
import { useVirtualNow, type Workspace } from '../use-workspace.ts';
import { Do } from './do.tsx';

const speeds = [1, 10, 60];

/** The world's clock in the zone of the person one acts as, and how fast it runs. */
export function TimeSection({ workspace }: { workspace: Workspace }) {
  const { zone } = useDirectory();
  const nowMs = useVirtualNow(workspace);
  const time = workspace.snapshot?.time;
  if (time === undefined) return null;
  const isPaused = time.speed === 0;
  return (
    <section className="clock" aria-label="Time" data-testid="clock">
      <p className="clock-face">
        <time data-testid="virtual-time" dateTime={new Date(nowMs).toISOString()}>
          {clockTimeWithSeconds(nowMs, zone)}
        </time>
        <small>
          {shortDay(nowMs, zone)} · {zone.replace(/^.*\//, '').replaceAll('_', ' ')}
          <br />
          {isPaused ? 'paused' : time.speed === 1 ? 'real speed' : `${time.speed} times real speed`}
        </small>
      </p>
      <div className="clock-buttons">
        <fieldset className="segmented">
          <legend className="visually-hidden">Speed</legend>
          <Do
            area="time"
            name={isPaused ? 'resume' : 'pause'}
            label={isPaused ? 'Resume' : 'Pause'}
            testId="time-pause"
            pressed={isPaused}
          />
          {speeds.map((speed) => (
            <Do
              key={speed}
              area="time"
              name="setSpeed"
              body={{ speed }}
              label={`${speed}×`}
              title={`${speed} virtual seconds per second`}
              testId={`time-speed-${speed}`}
              pressed={time.speed === speed}
            />
          ))}
        </fieldset>
        <fieldset className="segmented">
          <legend className="visually-hidden">Skip ahead</legend>
          <Do area="time" name="advance" body={{ seconds: 60 }} label="+1 min" testId="time-plus-1" />
          <Do area="time" name="advance" body={{ seconds: 300 }} label="+5 min" testId="time-plus-5" />
        </fieldset>
      </div>
    </section>
  );
}
