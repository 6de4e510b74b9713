type Pattern = Readonly<Record<string, unknown>>;

/**
 * Whether an EventBridge event pattern takes an event (EventBridge user guide, "Event patterns"): every field named must
 * hold one of the values listed. Throws on a comparison that is not modelled, so that no rule is quietly wrong.
 */
export function matchesPattern(pattern: Pattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field.startsWith('$')) throw new Error(`The workspace does not model ${field} in event patterns.`);
    const value = isObject(event) ? event[field] : undefined;
    if (Array.isArray(wanted)) {
      const values = Array.isArray(value) ? value : [value];
      return wanted.some((each) => values.some((one) => matchesValue(each, one)));
    }
    if (isObject(wanted)) return matchesPattern(wanted, value);
    throw new Error(`An event pattern must list the values of ${field}.`);
  });
}

function matchesValue(wanted: unknown, value: unknown): boolean {
  if (!isObject(wanted)) return wanted === value;
  const [[comparison, operand] = ['nothing', undefined]] = Object.entries(wanted);
  const text = typeof value === 'string' ? value : undefined;
  switch (comparison) {
    case 'exists':
      return (value !== undefined) === operand;
    case 'prefix':
      return typeof operand === 'string' && text?.startsWith(operand) === true;
    case 'suffix':
      return typeof operand === 'string' && text?.endsWith(operand) === true;
    case 'anything-but':
      return value !== undefined && !(Array.isArray(operand) ? operand : [operand]).includes(value);
    default:
      throw new Error(`The workspace does not model ${comparison} in event patterns.`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
