/** What a route gives back, before the transport adds GitHub's headers. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const docs = 'https://docs.github.com/rest';

export function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, body, headers };
}

export function created(body: unknown): Answer {
  return { status: 201, body };
}

/** GitHub's error body; `status` is a string in it, as on the wire. */
export function failure(
  status: number,
  message: string,
  more: {
    readonly documentation?: string;
    readonly errors?: readonly unknown[];
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Answer {
  return {
    status,
    body: {
      message,
      ...(more.errors === undefined ? {} : { errors: more.errors }),
      documentation_url: more.documentation ?? docs,
      status: String(status),
    },
    headers: more.headers ?? {},
  };
}

export function notFound(message = 'Not Found'): Answer {
  return failure(404, message);
}

export interface FieldError {
  readonly resource: string;
  readonly field: string;
  readonly code: 'missing_field' | 'invalid' | 'custom';
  readonly message?: string;
}

export function validationFailed(errors: readonly FieldError[]): Answer {
  return failure(422, 'Validation Failed', { errors });
}
