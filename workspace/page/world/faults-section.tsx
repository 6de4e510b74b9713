import type { ReactNode } from 'react';
import type { WorkspaceSnapshot } from '../../snapshot.ts';
import { clockTimeWithSeconds } from '../dates.ts';
import { useDirectory } from '../directory.tsx';
import { Do } from './do.tsx';

/** Breaks Slack, GitHub, AWS, DynamoDB and the bot, each by a fault that happens to the real one. */
export function FaultsSection({ snapshot }: { snapshot: WorkspaceSnapshot }) {
  const { slack, github, aws, dynamo, bot } = snapshot;
  const { zone } = useDirectory();
  const until = (ms: number) => `until ${clockTimeWithSeconds(ms, zone)}`;
  const alarms = aws.alarms.filter((alarm) => alarm.kind === 'MetricAlarm');
  const [mainAlarm] = alarms;
  const isAlarmHeld = mainAlarm?.held === true && mainAlarm.state === 'ALARM';
  const areMetricsDropped = aws.faults.some((fault) => /metric/i.test(fault));

  const slackFaults = [
    ...(slack.faults.downUntilMs === undefined ? [] : [`down ${until(slack.faults.downUntilMs)}`]),
    ...(slack.faults.rateLimitedUntilMs === undefined
      ? []
      : [`rate limited ${until(slack.faults.rateLimitedUntilMs)}`]),
    ...(slack.faults.slowMs > 0 ? [`answers ${slack.faults.slowMs / 1000} s late`] : []),
    ...(slack.faults.directoryDown ? ['directory unreadable'] : []),
    ...Object.entries(slack.faults.loseAnswers).map(([method, count]) => `loses ${count}× ${method}`),
    ...Object.entries(slack.faults.failures).map(([method, fault]) => `${method}: ${fault.error}`),
  ];
  const githubFaults = [
    ...(github.faults.down === null ? [] : [`down (${github.faults.down})`]),
    ...(github.faults.rateLimited === null ? [] : [`rate limited (${github.faults.rateLimited})`]),
    ...(github.faults.badCredentials ? ['token refused'] : []),
    ...(github.faults.slowMs > 0 ? [`answers ${github.faults.slowMs / 1000} s late`] : []),
  ];
  const isGithubDown = github.faults.down !== null;
  const anything =
    [...slackFaults, ...githubFaults, ...aws.faults, ...dynamo.faults].length > 0 || isAlarmHeld;

  return (
    <section className="card" aria-label="Break things" data-testid="faults">
      <h3>
        Break things
        <Do
          area="world"
          name="mend"
          label="Mend everything"
          testId="mend-all"
          tone="mend"
          disabled={!anything}
        />
      </h3>
      <Group name="Slack" faults={slackFaults}>
        <Do
          area="slack"
          name="down"
          body={{ seconds: 60 }}
          label="Down for 1 min"
          testId="slack-down"
          tone="break"
        />
        <Do
          area="slack"
          name="slow"
          body={{ delayMs: slack.faults.slowMs > 0 ? 0 : 2_000 }}
          label="Slow"
          testId="slack-slow"
          tone="break"
          pressed={slack.faults.slowMs > 0}
        />
        <Do
          area="slack"
          name="loseAnswer"
          body={{ method: 'chat.postMessage' }}
          label="Lose an answer"
          title="The next chat.postMessage is carried out, but its answer never arrives"
          testId="slack-lose-answer"
          tone="break"
        />
        <Do
          area="slack"
          name="rateLimit"
          body={{ seconds: 60 }}
          label="Rate limit 1 min"
          testId="slack-rate-limit"
          tone="break"
        />
        <Do
          area="slack"
          name="directoryDown"
          body={{ down: !slack.faults.directoryDown }}
          label="Directory down"
          title="users.* and usergroups.* fail: nobody's rights can be read"
          testId="slack-directory"
          tone="break"
          pressed={slack.faults.directoryDown}
        />
      </Group>
      <Group name="GitHub" faults={githubFaults}>
        <Do
          area="github"
          name="down"
          body={{ forSeconds: isGithubDown ? 0 : 120 }}
          label={isGithubDown ? 'Up again' : 'Down for 2 min'}
          testId="github-down"
          tone="break"
          pressed={isGithubDown}
        />
        <Do
          area="github"
          name="rateLimited"
          body={{ forSeconds: github.faults.rateLimited === null ? 120 : 0 }}
          label="Rate limit 2 min"
          testId="github-rate-limit"
          tone="break"
          pressed={github.faults.rateLimited !== null}
        />
        <Do
          area="github"
          name="badCredentials"
          body={{ on: !github.faults.badCredentials }}
          label="Token refused"
          testId="github-credentials"
          tone="break"
          pressed={github.faults.badCredentials}
        />
      </Group>
      <Group name="AWS" faults={aws.faults}>
        <Do
          area="aws"
          name="throttle"
          body={{ service: 'cloudfront', count: 12 }}
          label="Throttle CloudFront"
          title="The next 12 calls are refused with Throttling"
          testId="aws-throttle"
          tone="break"
        />
        <Do
          area="aws"
          name="loseAnswer"
          body={{ operation: 'UpdateDistribution' }}
          label="Lose the switch’s answer"
          title="The next UpdateDistribution is carried out, but its answer never arrives"
          testId="aws-lose-answer"
          tone="break"
        />
        <Do
          area="aws"
          name="editByHand"
          body={{ what: 'comment' }}
          label="Somebody edits the distribution"
          title="Its ETag changes, as when a colleague saves in the console"
          testId="aws-edit"
          tone="break"
        />
        <Do
          area="aws"
          name="down"
          body={{ service: 'cloudfront', forSeconds: 60 }}
          label="CloudFront API down 1 min"
          testId="aws-down"
          tone="break"
        />
        {mainAlarm !== undefined && (
          <Do
            area="aws"
            name="setAlarm"
            body={{ name: mainAlarm.name, state: isAlarmHeld ? 'measured' : 'ALARM' }}
            label={isAlarmHeld ? 'Alarm off' : 'Alarm on'}
            title={mainAlarm.name}
            testId="aws-alarm"
            tone="break"
            pressed={isAlarmHeld}
          />
        )}
        <Do
          area="aws"
          name="dropMetrics"
          body={{ on: !areMetricsDropped }}
          label="Metrics missing"
          testId="aws-metrics"
          tone="break"
          pressed={areMetricsDropped}
        />
      </Group>
      <Group name="DynamoDB" faults={dynamo.faults}>
        <Do
          area="dynamo"
          name="throttle"
          body={{ count: 20 }}
          label="Throttle"
          title="The next 20 calls are refused with ProvisionedThroughputExceededException"
          testId="dynamo-throttle"
          tone="break"
        />
        <Do
          area="dynamo"
          name="down"
          body={{ forSeconds: 30 }}
          label="Down for 30 s"
          testId="dynamo-down"
          tone="break"
        />
      </Group>
      <Group name="Bot" faults={bot.state === 'running' ? [] : [bot.ended ?? bot.state]}>
        <Do
          area="bot"
          name="kill"
          label="Kill it (SIGKILL)"
          testId="bot-kill"
          tone="break"
          disabled={bot.pid === null}
        />
        <Do
          area="bot"
          name="start"
          label="Start"
          testId="bot-start"
          tone="mend"
          disabled={bot.pid !== null}
        />
      </Group>
    </section>
  );
}

function Group({ name, faults, children }: { name: string; faults: readonly string[]; children: ReactNode }) {
  return (
    <fieldset className="fault-group">
      <legend>{name}</legend>
      {faults.length > 0 && (
        <p className="active-faults" data-testid={`active-${name.toLowerCase()}`}>
          {faults.join(' · ')}
        </p>
      )}
      <div className="fault-buttons">{children}</div>
    </fieldset>
  );
}
