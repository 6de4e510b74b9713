import type { Workspace } from '../use-workspace.ts';
import { BotSection } from './bot-section.tsx';
import { DistributionSection } from './distribution-section.tsx';
import { ComplainProvider } from './do.tsx';
import { FaultsSection } from './faults-section.tsx';
import { ProductionSection } from './production-section.tsx';
import { ReleasesSection } from './releases-section.tsx';
import { TimeSection } from './time-section.tsx';

/** Everything outside Slack: time, production, releases, what can break, and the bot. */
export function WorldPanel({
  workspace,
  complain,
}: {
  workspace: Workspace;
  complain: (text: string) => void;
}) {
  const { snapshot } = workspace;
  if (snapshot === undefined) return null;
  return (
    <ComplainProvider value={complain}>
      <div className="world" data-testid="world">
        <TimeSection workspace={workspace} />
        <div className="world-cards">
          <ProductionSection aws={snapshot.aws} />
          <ReleasesSection snapshot={snapshot} />
          <FaultsSection snapshot={snapshot} />
          <DistributionSection aws={snapshot.aws} />
          <BotSection bot={snapshot.bot} />
        </div>
      </div>
    </ComplainProvider>
  );
}
