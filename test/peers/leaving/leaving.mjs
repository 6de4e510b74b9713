import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const slackMethods = new Set(
  Object.keys(JSON.parse(readFileSync(new URL('../slack/data/methods.json', import.meta.url), 'utf8'))),
);

/** What stands in front of the dot of `X-Amz-Target`. Source: the services' models (`targetPrefix`). */
const serviceOf = {
  AmazonSQS: 'sqs',
  AmazonSSM: 'ssm',
  DynamoDB_20120810: 'dynamodb',
  secretsmanager: 'secretsmanager',
};

/** The last four load or run what no checker sees. */
const networkModules =
  /^node:(http|https|http2|net|tls|dgram|dns|child_process|worker_threads|cluster|module|vm|inspector|repl)(\/|$)/;
const networkGlobals = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']);
/** With these a module, or text as a program, is had without an import. Source: Node.js, Process; Modules. */
const loaders = new Set([
  'binding',
  'constructor',
  'createRequire',
  'dlopen',
  'eval',
  'Function',
  'getBuiltinModule',
  'mainModule',
  'require',
]);
/** With these Bolt calls Slack on its own. Source: Bolt, listener function arguments. */
const callsOfBolt = new Set([
  'client',
  'complete',
  'fail',
  'respond',
  'say',
  'sayStream',
  'saveThreadContext',
  'setStatus',
  'setSuggestedPrompts',
  'setTitle',
]);

/**
 * Everything that `src` can ask of AWS, GitHub and Slack, and every place where it reaches the network at all, found by
 * TypeScript's checker: by the declaration behind a name and not by how the line looks. What is only put together while
 * it runs is followed to the calls that give it; where that fails it is told as `unreadable`. A door also tells how often
 * its file uses it, so that a second call beside the known one is seen. `also` are further
 * sources, by path, as if they stood there. Takes about eight seconds; what it found in the very same sources is kept
 * for the other judges.
 */
export function leavingSrc(also) {
  if (also !== undefined) return look(also);
  const folder = join(root, 'node_modules/.cache/leaving');
  const file = join(folder, `${digestOfSources()}.json`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    const found = look({});
    mkdirSync(folder, { recursive: true });
    // By renaming, since two judges may come to it at once.
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(found));
    for (const old of readdirSync(folder))
      if (old.endsWith('.json')) rmSync(join(folder, old), { force: true });
    renameSync(`${file}.${process.pid}`, file);
    return found;
  }
}

/** Of everything that can change what is found: the sources, the packages and this file. */
function digestOfSources() {
  const digest = createHash('sha256');
  const sources = readdirSync(join(root, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join('src', name));
  for (const name of [...sources, 'package-lock.json', 'tsconfig.json', relative(root, import.meta.filename)])
    digest.update(`${name}\0${readFileSync(join(root, name), 'utf8')}\0`);
  return digest.digest('hex');
}

function look(also) {
  const ts = createRequire(import.meta.url)('typescript');
  const { program, files } = programOf(ts, also);
  const checker = program.getTypeChecker();
  let calls;
  const handedOn = new Set();
  const found = { aws: [], github: [], slack: [], doors: [], unreadable: [] };

  for (const source of files) {
    const file = relative(root, source.fileName);
    const tell = (kind, ...names) => {
      for (const name of names) {
        const known = found[kind].find((one) => one.file === file && one.name === name);
        if (known === undefined) found[kind].push({ name, file, uses: 1 });
        else known.uses += 1;
      }
    };
    const visit = (node) => {
      lookAt(node, tell);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;

  function lookAt(node, tell) {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) lookAtImport(node, tell);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      lookAtLateImport(node, tell);
    else if (ts.isExternalModuleReference(node)) tellModules(stringsOf(node.expression), tell, node);
    else if (ts.isIdentifier(node) && !isOfTypes(node)) lookAtName(node, tell);
    else if (ts.isElementAccessExpression(node))
      lookAtElement(node, node.expression, node.argumentExpression, tell);
    else if (ts.isComputedPropertyName(node) && ts.isBindingElement(node.parent))
      lookAtElement(node.parent, node.parent.parent, node.expression, tell);
    else if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node))
      lookAtTarget(node, tell);
    if (ts.isCallExpression(node)) {
      lookAtSigned(node, tell);
      lookAtCalled(node, tell);
    }
    if (isReadableWhole(node) && isAllOf(checker.getTypeAtLocation(node)) && !isTakenApart(node))
      tell('unreadable', `all of ${textOf(node)}`);
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      lookAtText(node, tell);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken)
      lookAtAssignment(node, tell);
  }

  function lookAtImport(node, tell) {
    const isOfTypes = node.importClause?.isTypeOnly ?? node.isTypeOnly ?? false;
    const named = node.importClause?.namedBindings ?? node.exportClause;
    const onlyTypes =
      named !== undefined &&
      ts.isNamedImports(named) &&
      node.importClause?.name === undefined &&
      named.elements.length > 0 &&
      named.elements.every((each) => each.isTypeOnly);
    if (!isOfTypes && !onlyTypes && node.moduleSpecifier !== undefined)
      tellModules([node.moduleSpecifier.text], tell, node);
  }

  /** Whatever a package has, had by a promise, is not followed. */
  function lookAtLateImport(node, tell) {
    const names = stringsOf(node.arguments[0]);
    tellModules(names, tell, node);
    if (names?.some((name) => !name.startsWith('.'))) tell('unreadable', `late import of ${names}`);
  }

  function tellModules(names, tell, node) {
    if (names === undefined) tell('unreadable', `import of ${textOf(node)}`);
    for (const name of names ?? []) {
      if (networkModules.test(name)) tell('doors', name);
      else if (!/^(node:|\.)/.test(name)) tell('doors', packageOf(name));
    }
  }

  function lookAtName(node, tell) {
    for (const symbol of symbolsOf(node)) lookAtSymbol(node, symbol, tell);
  }

  function lookAtSymbol(node, symbol, tell) {
    if (callsOfBolt.has(node.text) && isOfBolt(symbol, node)) tell('slack', `${node.text} of Bolt`);
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined) return;
    const from = declaration.getSourceFile().fileName.replace(/^.*\/node_modules\//, '');
    if (from.startsWith('@aws-sdk/')) lookAtAws(symbol, declaration, from, tell);
    else if (from.startsWith('@octokit/')) lookAtOctokit(node, symbol, declaration, from, tell);
    else if (from.startsWith('@slack/web-api/')) lookAtSlack(node, symbol, declaration, from, tell);
    else if (from.startsWith('@types/node/') || from.startsWith('undici')) {
      if (networkGlobals.has(symbol.name)) tell('doors', symbol.name);
      if (loaders.has(symbol.name)) tell('unreadable', symbol.name);
      const module = `node:${/^@types\/node\/([\w/]+)\.d\.ts$/.exec(from)?.[1]}`;
      const isExported = symbol.parent?.valueDeclaration?.name?.kind === ts.SyntaxKind.StringLiteral;
      if (isExported && networkModules.test(module)) tell('doors', module);
    } else if (/^typescript\/lib\/lib\./.test(from)) {
      if (loaders.has(symbol.name)) tell('unreadable', symbol.name);
    } else if (symbol.name === 'createPost' && from.endsWith('/src/aws/post.ts')) tell('doors', 'createPost');
  }

  /** What is called by another name than its own, such as one that it was given here. */
  function lookAtCalled(node, tell) {
    const declaration = checker.getResolvedSignature(node)?.declaration;
    if (declaration === undefined) return;
    const named = ts.isFunctionTypeNode(declaration) ? declaration.parent : declaration;
    const symbol = named.name && checker.getSymbolAtLocation(named.name);
    if (symbol === undefined) return;
    const callee = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
    if (ts.isIdentifier(callee) && symbolsOf(callee).includes(symbol)) return;
    const isPost = symbol.name === 'Post' && named.getSourceFile().fileName.endsWith('/src/aws/post.ts');
    if (isPost) tell('doors', 'a Post called');
    else if (/\/node_modules\/(@types\/node|undici[\w-]*)\//.test(named.getSourceFile().fileName))
      lookAtSymbol(callee, symbol, tell);
  }

  function lookAtAws(symbol, declaration, from, tell) {
    const [, client, rest = ''] = /^@aws-sdk\/client-([\w-]+)\/dist-types\/(.*)$/.exec(from) ?? [];
    if (client === undefined) return;
    const service = client.replaceAll('-', '');
    const [, command] = /^commands\/(\w+)Command\.d\.ts$/.exec(rest) ?? [];
    if (command !== undefined && symbol.name === `${command}Command`) tell('aws', `${service}:${command}`);
    if (/^(pagination|waiters)\//.test(rest)) tell('unreadable', `${symbol.name} of client-${client}`);
    // The other kind of client has a method for each operation.
    if (ts.isMethodSignature(declaration) && /^\w+\.d\.ts$/.test(rest))
      tell('aws', `${service}:${symbol.name.charAt(0).toUpperCase()}${symbol.name.slice(1)}`);
  }

  function lookAtOctokit(node, symbol, declaration, from, tell) {
    if (from.includes('/plugin-rest-endpoint-methods/')) {
      const group = ts.isTypeLiteralNode(declaration.parent) ? declaration.parent.parent : undefined;
      if (group !== undefined && ts.isPropertySignature(group) && ts.isTypeLiteralNode(group.parent)) {
        // `defaults` and `endpoint` of a method only describe it.
        if (ts.isTypeAliasDeclaration(group.parent.parent))
          tell('github', `${group.name.text}/${kebab(symbol.name)}`);
      } else if (group !== undefined && ts.isTypeAliasDeclaration(group) && isLastPart(node))
        tell('unreadable', `all of ${symbol.name} of Octokit`);
      else if (symbol.name === 'rest' && isLastPart(node)) tell('unreadable', 'all of Octokit');
    } else if (['request', 'graphql', 'paginate'].includes(symbol.name)) {
      const call = calledAs(node);
      const names = call === undefined ? undefined : stringsOf(call.arguments[0]);
      if (names === undefined) tell('unreadable', `${symbol.name} of Octokit`);
      else tell('github', ...names);
    }
  }

  function lookAtSlack(node, symbol, declaration, from, tell) {
    if (symbol.name === 'apiCall' || symbol.name === 'paginate') {
      const call = calledAs(node);
      const names = call === undefined ? undefined : stringsOf(call.arguments[0]);
      if (names === undefined) tell('unreadable', `${symbol.name} of Slack’s client`);
      else tell('slack', ...names);
    } else if (/^(filesUploadV2|chatStream)$/.test(symbol.name)) tell('slack', symbol.name);
    else if (from.endsWith('/methods.d.ts')) {
      const path = dotted(declaration);
      if (slackMethods.has(path) || (isLastPart(node) && /^[a-z]/.test(path))) tell('slack', path);
    }
  }

  function isOfBolt(symbol, node) {
    const { aliasSymbol, symbol: ofType } = checker.getTypeOfSymbolAtLocation(symbol, node);
    return [symbol, aliasSymbol, ofType].some((each) =>
      each?.declarations?.some((one) => one.getSourceFile().fileName.includes('/node_modules/@slack/bolt/')),
    );
  }

  /** `chat.postMessage`, by where it is declared in the class of all methods. */
  function dotted(declaration) {
    const names = [];
    for (let at = declaration; at !== undefined && !ts.isClassDeclaration(at); at = at.parent)
      if (at.name !== undefined && ts.isIdentifier(at.name)) names.unshift(at.name.text);
    return names.join('.');
  }

  function lookAtElement(node, whole, name, tell) {
    const type = checker.getTypeAtLocation(whole);
    const [declaration] = type.symbol?.declarations ?? [];
    const from = declaration?.getSourceFile().fileName.replace(/^.*\/node_modules\//, '') ?? '';
    const isGuarded =
      /^(@octokit\/(plugin|core|rest)|@slack\/(web-api\/dist\/(methods|WebClient)|bolt))/.test(from) ||
      isAllOf(type) ||
      (type.symbol?.name === 'Process' && from.startsWith('@types/node/'));
    if (!isGuarded) return;
    for (const each of stringsOf(name) ?? [undefined]) {
      const symbol = each === undefined ? undefined : type.getProperty(each);
      if (symbol?.declarations === undefined) tell('unreadable', textOf(node));
      else lookAtSymbol(node, behind(symbol), tell);
    }
  }

  /** Whether it holds everything that a module has, or that is global. */
  function isAllOf({ symbol }) {
    return (
      symbol !== undefined &&
      (symbol.escapedName === 'globalThis' ||
        symbol.declarations?.some(
          (one) => ts.isSourceFile(one) || (ts.isModuleDeclaration(one) && ts.isStringLiteral(one.name)),
        ) === true)
    );
  }

  /** Whether only members of it are used there that are looked at themselves. */
  function isTakenApart(node) {
    let whole = node;
    while (ts.isParenthesizedExpression(whole.parent) || ts.isAwaitExpression(whole.parent))
      whole = whole.parent;
    const { parent } = whole;
    if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent))
      return parent.expression === whole;
    return (
      ts.isVariableDeclaration(parent) &&
      ts.isObjectBindingPattern(parent.name) &&
      parent.name.elements.every(({ dotDotDotToken }) => dotDotDotToken === undefined)
    );
  }

  /** The target of a signed call: by the type that is asked for there, or by how it reads. */
  function lookAtTarget(node, tell) {
    if (!isNamedTarget(node)) return;
    const value = ts.isPropertyAssignment(node) ? node.initializer : node.name;
    const isSigned =
      isOfSigned(checker.getContextualType(node.parent)) ||
      checker.getTypeAtLocation(node.parent).getProperty('service') !== undefined;
    tellTargets(stringsOf(value), value, isSigned, tell);
  }

  function isNamedTarget({ name }) {
    if (name === undefined) return false;
    if (!ts.isComputedPropertyName(name)) return name.text === 'target';
    return stringsOf(name.expression)?.includes('target') ?? false;
  }

  function isOfSigned(type) {
    return ['service', 'target', 'body', 'timeoutMs'].every((name) => type?.getProperty(name) !== undefined);
  }

  /** A signed call whose target does not stand there is followed to where it does. */
  function lookAtSigned(node, tell) {
    const [wanted] = checker.getResolvedSignature(node)?.parameters ?? [];
    const [given] = node.arguments;
    if (wanted === undefined || given === undefined) return;
    if (!isOfSigned(checker.getTypeOfSymbolAtLocation(wanted, node)) || isPassedOn(given)) return;
    // What stands in the call itself is looked at there.
    if (ts.isObjectLiteralExpression(given) && given.properties.some(isNamedTarget)) return;
    tellTargets(targetsOf(given), given, true, tell);
  }

  /** What a function took that is a signed call itself: whoever calls it is looked at. */
  function isPassedOn(given) {
    const { valueDeclaration: taken } = checker.getSymbolAtLocation(given) ?? {};
    if (taken === undefined || !ts.isParameter(taken) || !ts.isArrowFunction(taken.parent)) return false;
    const [as] = checker.getContextualType(taken.parent)?.getCallSignatures() ?? [];
    return files.includes(as?.declaration?.getSourceFile());
  }

  /** Every target that a request can have; undefined where that is not to be seen. */
  function targetsOf(expression, depth = 0) {
    if (expression === undefined || depth > 8) return undefined;
    const follow = (next) => targetsOf(next, depth + 1);
    const type = checker.getTypeAtLocation(expression);
    const target = type.getProperty('target');
    const known = target && literalsOf(checker.getTypeOfSymbolAtLocation(target, expression));
    if (known !== undefined) return known;
    if (ts.isObjectLiteralExpression(expression)) {
      const own = expression.properties.find(isNamedTarget);
      if (own !== undefined) return stringsOf(ts.isPropertyAssignment(own) ? own.initializer : own.name);
      const spread = expression.properties.filter(ts.isSpreadAssignment);
      return spread.length === 1 ? follow(spread[0].expression) : undefined;
    }
    if (ts.isConditionalExpression(expression))
      return together([expression.whenTrue, expression.whenFalse], follow);
    return ts.isIdentifier(expression) ? whereGiven(expression, follow) : undefined;
  }

  function tellTargets(names, value, isSigned, tell) {
    if (names === undefined && isSigned) tell('unreadable', `target: ${textOf(value)}`);
    for (const name of names ?? []) {
      const [, prefix, operation] = /^(\w+)\.([A-Z]\w+)$/.exec(name) ?? [];
      if (operation !== undefined) tell('aws', `${serviceOf[prefix] ?? prefix}:${operation}`);
      else if (isSigned) tell('unreadable', `target: ${name}`);
    }
  }

  function lookAtAssignment({ left, right }, tell) {
    if (!ts.isPropertyAccessExpression(left) && !ts.isElementAccessExpression(left)) return;
    const names = ts.isPropertyAccessExpression(left) ? [left.name.text] : stringsOf(left.argumentExpression);
    if (names !== undefined && !names.includes('target')) return;
    const isSigned = isOfSigned(checker.getTypeAtLocation(left.expression));
    if (isSigned || names !== undefined) tellTargets(stringsOf(right), right, isSigned, tell);
  }

  function lookAtText(node, tell) {
    const { text } = node;
    const [, method] = /(?:^|\/)((?:[a-z]\w*\.)+\w+)$/.exec(text) ?? [];
    if (method !== undefined && slackMethods.has(method)) tell('slack', method);
    for (const address of ['slack.com/api', 'api.github.com', 'amazonaws.com'])
      if (text.includes(address)) tell('doors', address);
    // Of an address that is put together, what it begins with.
    for (const [address, host] of text.matchAll(/https?:\/\/([\w-]+(?:\.[\w-]+)+)?/g)) {
      const isOpen = ts.isTemplateHead(node) && text.endsWith(address);
      if (host !== undefined || isOpen) tell('doors', isOpen ? `${address}…` : address);
    }
  }

  /** What a name stands for, behind every import and re-export; of a pattern, the member that it takes out. */
  function symbolsOf(node) {
    const { parent } = node;
    if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isImportClause(parent)) return [];
    if (
      ts.isBindingElement(parent) &&
      parent.initializer !== node &&
      ts.isObjectBindingPattern(parent.parent)
    ) {
      const name = parent.propertyName ?? parent.name;
      if (name !== node) return [];
      return [checker.getTypeAtLocation(parent.parent).getProperty(node.text)].filter(
        (each) => each !== undefined,
      );
    }
    const symbol = ts.isShorthandPropertyAssignment(parent)
      ? checker.getShorthandAssignmentValueSymbol(parent)
      : checker.getSymbolAtLocation(node);
    if (symbol === undefined) return [];
    return [behind(symbol)];
  }

  function behind(symbol) {
    return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  }

  /** `typeof name` is a type as well. */
  function isOfTypes(node) {
    let at = node;
    while (ts.isQualifiedName(at.parent)) at = at.parent;
    return ts.isTypeQueryNode(at.parent) || ts.isPartOfTypeNode(node);
  }

  /** Names and members that are read, and what was awaited. */
  function isReadableWhole(node) {
    if (ts.isAwaitExpression(node)) return ts.isCallExpression(node.expression);
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return true;
    if (!ts.isIdentifier(node) || isOfTypes(node)) return false;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
    if (ts.isPropertyAssignment(parent) || ts.isParameter(parent) || ts.isVariableDeclaration(parent))
      return parent.initializer === node;
    return !(
      ts.isNamespaceImport(parent) ||
      ts.isImportClause(parent) ||
      ts.isImportSpecifier(parent) ||
      ts.isNamespaceExport(parent)
    );
  }

  /** Whether nothing more is taken of it, so that what is done with it is not to be seen here. */
  function isLastPart(node) {
    const { parent } = node;
    if (ts.isBindingElement(parent)) return !ts.isObjectBindingPattern(parent.name);
    const whole = ts.isPropertyAccessExpression(parent) && parent.name === node ? parent : node;
    const around = whole.parent;
    if (ts.isPropertyAccessExpression(around) && around.expression === whole) return false;
    if (ts.isElementAccessExpression(around) && around.expression === whole) return false;
    return !(ts.isVariableDeclaration(around) && ts.isObjectBindingPattern(around.name));
  }

  function calledAs(node) {
    const { parent } = node;
    const whole = ts.isPropertyAccessExpression(parent) && parent.name === node ? parent : node;
    return ts.isCallExpression(whole.parent) && whole.parent.expression === whole ? whole.parent : undefined;
  }

  /** Every text that an expression can be; undefined where that is not to be seen. */
  function stringsOf(expression, depth = 0) {
    if (expression === undefined || depth > 8) return undefined;
    const follow = (next) => stringsOf(next, depth + 1);
    if (ts.isStringLiteralLike(expression)) return [expression.text];
    if (ts.isTemplateExpression(expression))
      return expression.templateSpans.reduce(
        (heads, { expression: inner, literal }) => {
          const parts = follow(inner);
          return parts && heads?.flatMap((head) => parts.map((part) => `${head}${part}${literal.text}`));
        },
        [expression.head.text],
      );
    if (ts.isConditionalExpression(expression))
      return together([expression.whenTrue, expression.whenFalse], follow);
    const known = literalsOf(checker.getTypeAtLocation(expression));
    if (known !== undefined) return known;
    return ts.isIdentifier(expression) ? whereGiven(expression, follow) : undefined;
  }

  function literalsOf(type) {
    const literals = type.isUnion() ? type.types : [type];
    return literals.length > 0 && literals.every((each) => each.isStringLiteral())
      ? literals.map((each) => each.value)
      : undefined;
  }

  /** What a name was given: where it is declared, or by every call. */
  function whereGiven(expression, follow) {
    const [declaration] = checker.getSymbolAtLocation(expression)?.declarations ?? [];
    if (declaration === undefined) return undefined;
    if (ts.isVariableDeclaration(declaration))
      return ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const
        ? follow(declaration.initializer)
        : undefined;
    if (!ts.isParameter(declaration)) return undefined;
    const nth = declaration.parent.parameters.indexOf(declaration);
    const calls = callsOf(declaration.parent);
    return calls.length === 0
      ? undefined
      : together(
          calls.map((call) => call.arguments[nth]),
          follow,
        );
  }

  function together(expressions, follow) {
    const all = expressions.map(follow);
    return all.includes(undefined) ? undefined : [...new Set(all.flat())];
  }

  function callsOf(declaration) {
    if (calls === undefined) {
      calls = new Map();
      const visit = (node) => {
        if (ts.isCallExpression(node)) {
          const called = checker.getResolvedSignature(node)?.declaration;
          calls.set(called, [...(calls.get(called) ?? []), node]);
        } else if (ts.isIdentifier(node) && isHandedOn(node))
          for (const { valueDeclaration } of symbolsOf(node))
            handedOn.add(valueDeclaration?.initializer ?? valueDeclaration);
        ts.forEachChild(node, visit);
      };
      for (const source of files) visit(source);
    }
    return handedOn.has(declaration) ? [] : (calls.get(declaration) ?? []);
  }

  /** Not called there and not declared: whoever it is handed to calls it with what is not to be seen. */
  function isHandedOn(node) {
    const { parent } = node;
    if (isOfTypes(node) || calledAs(node) !== undefined) return false;
    if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
    if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
    return parent.name !== node || ts.isShorthandPropertyAssignment(parent);
  }
}

function programOf(ts, also) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    { ...config, include: ['src/**/*.ts'] },
    ts.sys,
    root,
  );
  const further = new Map(Object.entries(also).map(([path, text]) => [join(root, path), text]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (path) => further.get(path) ?? readFile(path);
  host.fileExists = (path) => further.has(path) || fileExists(path);
  const program = ts.createProgram([...fileNames, ...further.keys()], options, host);
  const inSrc = `${join(root, 'src')}/`;
  return { program, files: program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(inSrc)) };
}

const packageOf = (specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const textOf = (node) => node.getText().replace(/\s+/g, ' ').slice(0, 80);
