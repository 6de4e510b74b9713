/**
 * Wording is not mutated: a literal with a blank in it is a sentence for people. What decides anything (reason codes,
 * phases, kinds, keys) never has one, and stays mutated.
 */
const wording = {
  shouldIgnore(path) {
    const text = path.isStringLiteral()
      ? path.node.value
      : path.isTemplateLiteral()
        ? path.node.quasis.map(({ value }) => value.raw).join('')
        : '';
    return text.includes(' ') ? 'wording for people' : undefined;
  },
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'wording', value: wording }];
