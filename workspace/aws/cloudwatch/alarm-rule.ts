import type { AlarmState } from '../control.ts';

/**
 * Whether a composite alarm's rule holds: `ALARM("a") OR NOT (OK(b) AND INSUFFICIENT_DATA(c))`, TRUE, FALSE.
 * NOT binds before AND, AND before OR. Throws an Error on anything else, naming where it stopped.
 */
export function ruleHolds(rule: string, stateOf: (alarmName: string) => AlarmState | undefined): boolean {
  const tokens = rule.match(/"[^"]*"|[()]|[^\s()"]+/g) ?? [];
  let position = 0;
  const peek = () => tokens[position]?.toUpperCase();
  const take = (): string => {
    const token = tokens[position];
    if (token === undefined) throw new Error('The rule ends too early.');
    position += 1;
    return token;
  };
  const expect = (token: string) => {
    const found = take();
    if (found !== token) throw new Error(`Expected ${token}, found ${found}.`);
  };

  const either = (): boolean => {
    let holds = both();
    while (peek() === 'OR') {
      position += 1;
      holds = both() || holds;
    }
    return holds;
  };
  const both = (): boolean => {
    let holds = one();
    while (peek() === 'AND') {
      position += 1;
      holds = one() && holds;
    }
    return holds;
  };
  const one = (): boolean => {
    const token = take();
    switch (token.toUpperCase()) {
      case 'NOT':
        return !one();
      case 'TRUE':
        return true;
      case 'FALSE':
        return false;
      case '(': {
        const holds = either();
        expect(')');
        return holds;
      }
      case 'ALARM':
      case 'OK':
      case 'INSUFFICIENT_DATA': {
        expect('(');
        const name = take()
          .replace(/^"|"$/g, '')
          .replace(/^arn:.*:alarm:/, '');
        expect(')');
        const state = stateOf(name);
        if (state === undefined) throw new Error(`There is no alarm ${name}.`);
        return state === token.toUpperCase();
      }
      default:
        throw new Error(`Did not expect ${token}.`);
    }
  };

  const holds = either();
  if (position < tokens.length) throw new Error(`Did not expect ${tokens[position]}.`);
  return holds;
}
