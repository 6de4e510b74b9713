import type { Denial, LostAnswer, Outage, Throttle } from './control.ts';
import { AwsRefusal, type AwsService } from './service.ts';

export interface AwsFaults {
  throttle(fault: Throttle): void;
  down(fault: Outage): void;
  loseAnswer(fault: LostAnswer): void;
  deny(fault: Denial): void;
  clear(): void;
  /** The refusal this call meets now, if any; counted faults are used up by being asked. */
  refusalFor(service: AwsService, operation: string): AwsRefusal | undefined;
  /** Whether the answer to this call, already carried out, must be lost. Uses one up. */
  losesAnswer(operation: string): boolean;
  describe(): string[];
}

interface ActiveThrottle {
  service: string;
  operation?: string | undefined;
  untilMs: number;
  left: number;
}

/** Faults that can happen to any AWS service. A throttle with neither `untilMs` nor `count` lasts until cleared. */
export function createAwsFaults(nowMs: () => number): AwsFaults {
  let throttles: ActiveThrottle[] = [];
  const downUntilMs = new Map<string, number>();
  const answersToLose = new Map<string, number>();
  const denied = new Set<string>();

  const activeThrottles = () => {
    throttles = throttles.filter((throttle) => throttle.untilMs > nowMs() && throttle.left > 0);
    return throttles;
  };

  return {
    throttle: (fault) =>
      void throttles.push({
        service: fault.service,
        operation: fault.operation,
        untilMs: fault.untilMs ?? Number.POSITIVE_INFINITY,
        left: fault.count ?? Number.POSITIVE_INFINITY,
      }),
    down: (fault) => void downUntilMs.set(fault.service, nowMs() + fault.forSeconds * 1000),
    loseAnswer: (fault) =>
      void answersToLose.set(fault.operation, (answersToLose.get(fault.operation) ?? 0) + (fault.count ?? 1)),
    deny: (fault) => void (fault.on === false ? denied.delete(fault.operation) : denied.add(fault.operation)),
    clear() {
      throttles = [];
      downUntilMs.clear();
      answersToLose.clear();
      denied.clear();
    },
    refusalFor(service, operation) {
      if ((downUntilMs.get(service.name) ?? 0) > nowMs()) {
        return new AwsRefusal(service.codes.unavailable, 'Service is temporarily unavailable.', 503);
      }
      const throttle = activeThrottles().find(
        ({ service: name, operation: only }) => name === service.name && (only ?? operation) === operation,
      );
      if (throttle !== undefined) {
        throttle.left -= 1;
        return new AwsRefusal(service.codes.throttled, 'Rate exceeded');
      }
      if (denied.has(operation)) {
        return accessDenied(service, operation);
      }
      return undefined;
    },
    losesAnswer(operation) {
      const left = answersToLose.get(operation) ?? 0;
      if (left === 0) return false;
      if (left === 1) answersToLose.delete(operation);
      else answersToLose.set(operation, left - 1);
      return true;
    },
    describe: () => [
      ...activeThrottles().map(
        ({ service, operation, left, untilMs }) =>
          `${service}${operation === undefined ? '' : ` ${operation}`} is throttled${
            Number.isFinite(left) ? ` for ${left} more calls` : ''
          }${Number.isFinite(untilMs) ? ` until ${new Date(untilMs).toISOString()}` : ''}`,
      ),
      ...[...downUntilMs]
        .filter(([, untilMs]) => untilMs > nowMs())
        .map(([service, untilMs]) => `${service} is down until ${new Date(untilMs).toISOString()}`),
      ...[...answersToLose].map(([operation, left]) => `the next ${left} answers to ${operation} get lost`),
      ...[...denied].map((operation) => `${operation} is denied`),
    ],
  };
}

export const accessDenied = (service: AwsService, operation: string) =>
  new AwsRefusal(
    service.codes.denied,
    `User: arn:aws:sts::111122223333:assumed-role/countersign is not authorized to perform: ${service.name}:${operation} because no identity-based policy allows the action`,
    403,
  );
