interface Configuration {
  readonly model: string;
  readonly switches: readonly string[];
  readonly about: string;
  readonly size: 'small' | 'full';
  readonly property: string;
}

export const searches: readonly Configuration[];
export const mistakes: readonly (Configuration & { readonly argued: string | null })[];
