/** Thrown in the middle of a tick as if the process had been killed there; no code of ours may catch it. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * Counts every await of every port and kills at one of them: odd points lie before the call has its effect, even ones
 * after it, when only the answer is lost.
 */
export interface KillPoints {
  readonly passed: () => number;
  /** Kill at this point, counted from 1; undefined for a run without a kill. */
  arm(at: number | undefined): void;
  /** A process that was killed does nothing more until it is started again. */
  restart(): void;
  wrap<T extends object>(name: string, port: T): T;
  /** Where the kill happened. */
  readonly where: () => string | undefined;
}

export function createKillPoints(): KillPoints {
  let count = 0;
  let killAt: number | undefined;
  let where: string | undefined;
  let dead = false;

  const point = (name: string) => {
    if (dead) throw new Killed(name);
    count += 1;
    if (count !== killAt) return;
    where = name;
    dead = true;
    throw new Killed(name);
  };

  return {
    passed: () => count,
    where: () => where,
    restart() {
      dead = false;
    },
    arm(at) {
      count = 0;
      killAt = at;
      where = undefined;
    },
    wrap(name, port) {
      return new Proxy(port, {
        get(target, property, receiver) {
          const member: unknown = Reflect.get(target, property, receiver);
          if (typeof member !== 'function') return member;
          return async (...args: unknown[]) => {
            point(`before ${name}.${String(property)}`);
            const answer: unknown = await Reflect.apply(member, target, args);
            point(`after ${name}.${String(property)}`);
            return answer;
          };
        },
      });
    },
  };
}
