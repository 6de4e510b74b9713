/** What every session of an environment's role carries; trust and permissions may ask for it. */
export const sessionTags = { promotion: 'countersign:promotion', plan: 'countersign:plan' } as const;
