/** The panel's handles: breaks Slack, and does what an admin of the workspace can do to the app's messages and people. */
import type { SlackFaultControl, SlackPerson } from './control.ts';
import type { Faults } from './faults.ts';
import { deleteMessage } from './messages.ts';
import { initialPeople } from './people.ts';
import type { RateLimits } from './rate-limits.ts';
import type { SocketHub } from './socket-mode.ts';
import type { World } from './world.ts';

/** Every handle throws for an unknown person, group or channel: a fault that strikes nobody would prove nothing. */
export function createFaultControl(parts: {
  world: World;
  faults: Faults;
  limits: RateLimits;
  sockets: SocketHub;
}): SlackFaultControl {
  const { world, faults } = parts;
  const kindBefore = new Map<string, SlackPerson['kind']>();

  /** After a restart only the initial list knows what somebody was. */
  const kindWhenActive = (id: string): SlackPerson['kind'] => {
    const kind = kindBefore.get(id) ?? initialPeople.find((candidate) => candidate.id === id)?.kind;
    return kind === undefined || kind === 'deactivated' ? 'member' : kind;
  };

  const person = (id: string) => {
    const found = world.person(id);
    if (found === undefined) throw new Error(`there is nobody with the id ${id}`);
    return found;
  };
  const group = (id: string) => {
    const found = world.data.groups.find((candidate) => candidate.id === id);
    if (found === undefined) throw new Error(`there is no user group ${id}`);
    return found;
  };
  const channel = (id: string) => {
    const found = world.channel(id);
    if (found === undefined) throw new Error(`there is no channel ${id}`);
    return found;
  };
  const without = (list: string[], item: string) => list.filter((other) => other !== item);

  return {
    down({ seconds, as }) {
      faults.state.downUntilMs = world.nowMs() + seconds * 1_000;
      faults.state.downAs = as ?? 'refused';
      world.changed();
    },
    up() {
      delete faults.state.downUntilMs;
      world.changed();
    },
    rateLimit({ seconds }) {
      faults.state.rateLimitedUntilMs = world.nowMs() + seconds * 1_000;
      world.changed();
    },
    slow({ delayMs }) {
      faults.state.slowMs = delayMs;
      world.changed();
    },
    loseAnswer({ method, times }) {
      faults.state.loseAnswers[method] = times ?? 1;
      world.changed();
    },
    fail({ method, error, httpStatus, times }) {
      faults.state.failures[method] = { error, httpStatus: httpStatus ?? 200, left: times ?? 1 };
      world.changed();
    },
    directoryDown({ down }) {
      faults.state.directoryDown = down;
      world.changed();
    },
    deleteMessage(input) {
      const { id } = channel(input.channel);
      const messages = (world.data.messages[id] ?? []).filter((message) =>
        input.ts === undefined ? message.fromApp : message.ts === input.ts,
      );
      if (input.ts !== undefined && messages.length === 0)
        throw new Error(`there is no message ${input.ts} in ${id}`);
      // Replies first, or every parent would leave a tombstone.
      for (const message of messages.toReversed()) deleteMessage(world, message);
    },
    addToGroup({ group: id, user }) {
      const found = group(id);
      found.members = [...without(found.members, person(user).id), user];
      world.changed();
    },
    removeFromGroup({ group: id, user }) {
      const found = group(id);
      found.members = without(found.members, person(user).id);
      world.changed();
    },
    setGroupDisabled({ group: id, disabled }) {
      group(id).disabled = disabled;
      world.changed();
    },
    deactivateUser({ user }) {
      const found = person(user);
      if (found.kind !== 'deactivated') kindBefore.set(user, found.kind);
      found.kind = 'deactivated';
      world.changed();
    },
    reactivateUser({ user }) {
      person(user).kind = kindWhenActive(user);
      world.changed();
    },
    setEmail({ user, email, confirmed }) {
      const found = person(user);
      found.email = email;
      found.isEmailConfirmed = confirmed;
      world.changed();
    },
    archiveChannel({ channel: id, archived }) {
      channel(id).archived = archived;
      world.changed();
    },
    addToChannel({ channel: id, user }) {
      const found = channel(id);
      found.members = [...without(found.members, person(user).id), user];
      world.changed();
    },
    removeFromChannel({ channel: id, user }) {
      const found = channel(id);
      found.members = without(found.members, person(user).id);
      world.changed();
    },
    setSharedExternally({ channel: id, shared }) {
      channel(id).sharedExternally = shared;
      world.changed();
    },
    revokeToken({ revoked }) {
      world.data.tokenRevoked = revoked;
      world.changed();
    },
    setScopes({ scopes }) {
      world.data.scopes = [...scopes];
      world.changed();
    },
    disconnectSockets() {
      parts.sockets.disconnectAll();
      world.changed();
    },
    clear() {
      faults.clear();
      parts.limits.clear();
      world.changed();
    },
  };
}
