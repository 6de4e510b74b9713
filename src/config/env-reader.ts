/** The environment of a process, as a value. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable that is missing or wrong. Never holds the value of a secret. */
export interface EnvProblem {
  readonly variable: string;
  /** What is wrong and the way out, in one sentence. */
  readonly message: string;
}

export type EnvAnswer<Env> =
  | { readonly outcome: 'valid'; readonly env: Env }
  | { readonly outcome: 'invalid'; readonly problems: readonly EnvProblem[] };

/**
 * Reads single variables and notes every problem on the way. A secret that is empty, blank or of the wrong kind is
 * refused, and never repeated in what is said of it.
 */
export function createEnvReader(environment: Environment) {
  const problems: EnvProblem[] = [];
  const complain = (variable: string, message: string) => {
    problems.push({ variable, message });
  };

  /** What a variable says; nothing when it is blank. */
  const given = (variable: string) => {
    const value = environment[variable];
    return value === undefined || value.trim() === '' ? undefined : value;
  };

  /** Secrets are taken as they are: a blank or quote around one was copied by mistake. */
  const secret = (variable: string, form: RegExp, isOfForm: string, wayOut: string): string => {
    const value = given(variable);
    if (value === undefined) {
      complain(variable, `is ${environment[variable] === undefined ? 'not set' : 'empty'}; ${wayOut}`);
      return '';
    }
    if (/^\s|\s$|^["'].*["']$/s.test(value)) {
      complain(variable, 'has blanks or quotes around it; copy the bare value');
    } else if (!form.test(value)) {
      complain(variable, `is not ${isOfForm}; ${wayOut}`);
    }
    return value;
  };
  const optionalSecret = (variable: string, form: RegExp, isOfForm: string, wayOut: string) =>
    environment[variable] === undefined
      ? null
      : secret(variable, form, isOfForm, `${wayOut}, or leave it out`);

  const id = (variable: string, letters: string, wayOut: string): string => {
    const value = given(variable)?.trim();
    if (value === undefined) complain(variable, `is not set; ${wayOut}`);
    else if (!new RegExp(`^[${letters}][A-Z0-9]{4,20}$`).test(value)) {
      complain(variable, `must be an id that begins with ${[...letters].join(' or ')}; ${wayOut}`);
    }
    return value ?? '';
  };

  const address = (variable: string, tidy: (url: string) => string): string | null => {
    const value = given(variable)?.trim();
    if (value === undefined) return null;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(url?.hostname ?? '');
    if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))) {
      complain(variable, 'must be an https:// address (http:// only for this machine)');
    } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      complain(variable, 'must be a bare address, without user name, query or fragment');
    }
    return tidy(value);
  };

  return {
    complain,
    given,
    secret,
    optionalSecret,
    id,
    address,
    answer: <Env>(env: Env): EnvAnswer<Env> =>
      problems.length === 0 ? { outcome: 'valid', env } : { outcome: 'invalid', problems },
  };
}

/** Reads and complains; ends in one answer. */
export type EnvReader = ReturnType<typeof createEnvReader>;
