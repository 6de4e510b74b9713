import type { Coverage } from './coverage.ts';
import type { Kernel } from './kernel.ts';
import type { Tape } from './tape.ts';

export type Service = 'dynamo' | 'aws' | 'cloudwatch' | 'pages' | 'slack' | 'directory' | 'github';
const services: readonly Service[] = ['dynamo', 'aws', 'cloudwatch', 'pages', 'slack', 'directory', 'github'];

/** How often, of a thousand calls, one kind of fault strikes. */
export interface Rates {
  /** Refused, certainly not applied. */
  throttled: number;
  /** Failed, certainly not applied, without saying so. */
  unavailable: number;
  /** Applied, and the answer got lost. */
  lost: number;
  /** Not answered, and applied later; up to five minutes, as long as a signature is good. */
  late: number;
  /** A read that shows what was there before. */
  stale: number;
}

export interface Weather {
  readonly rates: Record<Service, Rates>;
  readonly hints: { lost: number; late: number; doubled: number };
  isDown(service: Service): boolean;
  /** From now on nothing goes wrong any more. */
  calmDown(): void;
  isCalm(): boolean;
  /** Draws whether this fault strikes this call, and notes it. */
  strikes(service: Service, fault: keyof Rates, kind: string): boolean;
  /** Lets a request arrive when nobody waits for it any more. */
  arriveLate(kind: string, inMs: number, run: () => void): void;
  /** How often something went wrong with a service. */
  struck(service: Service): number;
  /** Requests that are still on their way. */
  underway(): number;
  /** Takes a service away for a while. */
  takeDown(service: Service, fromMs: number, untilMs: number): void;
}

const none = (): Rates => ({ throttled: 0, unavailable: 0, lost: 0, late: 0, stale: 0 });

export function createWeather(kernel: Kernel, tape: Tape, coverage: Coverage): Weather {
  const rates: Record<Service, Rates> = {
    dynamo: none(),
    aws: none(),
    cloudwatch: none(),
    pages: none(),
    slack: none(),
    directory: none(),
    github: none(),
  };
  const outages = new Map<Service, { fromMs: number; untilMs: number }[]>();
  let calm = false;
  let underway = 0;
  const struck = new Map<Service, number>();
  const note = (service: Service) => struck.set(service, (struck.get(service) ?? 0) + 1);
  return {
    rates,
    hints: { lost: 0, late: 0, doubled: 0 },
    isCalm: () => calm,
    calmDown() {
      calm = true;
      for (const service of services) Object.assign(rates[service], none());
      Object.assign(kernel.faults, { crash: 0, pause: 0, slow: 0 });
      outages.clear();
    },
    isDown(service) {
      const nowMs = kernel.nowMs();
      const down =
        outages.get(service)?.some(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs) === true;
      if (down) note(service);
      return down;
    },
    struck: (service) => struck.get(service) ?? 0,
    underway: () => underway,
    arriveLate(kind, inMs, run) {
      underway += 1;
      kernel.at(kernel.nowMs() + inMs, `${kind} late`, () => {
        underway -= 1;
        run();
      });
    },
    takeDown(service, fromMs, untilMs) {
      outages.set(service, [...(outages.get(service) ?? []), { fromMs, untilMs }]);
    },
    strikes(service, fault, kind) {
      const rate = rates[service][fault];
      if (rate === 0 || !tape.chance(rate)) return false;
      coverage.hit(`fault ${fault} x ${kind}`);
      note(service);
      return true;
    },
  };
}

/** Some faults for this history, each with a rate of its own: a few rough ones find more than all of them at once. */
export function drawWeather(weather: Weather, kernel: Kernel, tape: Tape): void {
  const rate = (most: number) => (tape.draw(3) === 2 ? tape.between(1, most) : 0);
  kernel.faults.shuffle = [0, 150, 500][tape.draw(3)] ?? 0;
  kernel.faults.slow = rate(60);
  kernel.faults.crash = rate(8);
  kernel.faults.pause = rate(4);
  for (const service of services) {
    if (tape.draw(3) !== 2) continue;
    const each = weather.rates[service];
    each.throttled = rate(60);
    each.unavailable = rate(60);
    each.lost = rate(60);
    each.late = rate(service === 'aws' ? 150 : 20);
    each.stale = rate(300);
  }
  weather.hints.lost = rate(500);
  weather.hints.late = rate(300);
  weather.hints.doubled = rate(300);
  const startsMs = kernel.nowMs();
  for (const service of services) {
    if (tape.draw(8) !== 7) continue;
    const fromMs = startsMs + tape.draw(600) * 1000;
    weather.takeDown(service, fromMs, fromMs + tape.between(20, 900) * 1000);
  }
}
