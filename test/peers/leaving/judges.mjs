import { packageVersion } from '../finders.mjs';

export const judges = [
  {
    id: 'leaving',
    name: 'TypeScript’s checker',
    judges: 'that nothing leaves src which nobody judges',
    files: ['test/peers/leaving/*.test.ts'],
    from: 'npm',
    version: () => packageVersion('typescript'),
  },
];
