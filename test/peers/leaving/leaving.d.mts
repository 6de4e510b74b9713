export interface Leaving {
  /** `cloudfront:GetDistribution`, `repos/get`, `chat.postMessage`; the package, module, global or address of a door. */
  readonly name: string;
  /** `src/aws/assume.ts` */
  readonly file: string;
  /** How often it stands there. */
  readonly uses: number;
}

export function leavingSrc(also?: Readonly<Record<string, string>>): {
  readonly aws: readonly Leaving[];
  readonly github: readonly Leaving[];
  readonly slack: readonly Leaving[];
  readonly doors: readonly Leaving[];
  readonly unreadable: readonly Leaving[];
};
