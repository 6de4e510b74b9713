import { XMLParser } from 'fast-xml-parser';

/** An XML element as data: text, or its children by name. A name with several elements holds a list. */
export type XmlNode = string | XmlObject;
export interface XmlObject {
  [name: string]: XmlNode | readonly XmlNode[] | undefined;
}

/**
 * Reads a REST-XML body into its root element's name and children. Whatever stands directly inside `Items` or
 * `Tags` is a list, even when it stands alone. Throws on anything that is not well-formed.
 */
export function parseXml(text: string): { root: string; content: unknown } {
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
    // Numeric character references, which the SDK writes for line breaks, come with the HTML ones.
    htmlEntities: true,
    isArray: (_name, path) => /\.Items\.[^.]+$/.test(String(path)),
  });
  const document = parser.parse(text, true) as Record<string, unknown>;
  const [root, ...others] = Object.keys(document);
  if (root === undefined || others.length > 0) throw new Error('The body must have one root element.');
  return { root, content: document[root] };
}

/** Writes one element with a namespace, as CloudFront answers. Undefined children are left out. */
export function writeXml(root: string, content: XmlObject, namespace: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${children(content)}</${root}>`;
}

function children(content: XmlObject): string {
  return Object.entries(content)
    .flatMap(([name, value]) => (value === undefined ? [] : listOf(value).map((node) => element(name, node))))
    .join('');
}

const listOf = (value: XmlNode | readonly XmlNode[]): readonly XmlNode[] =>
  Array.isArray(value) ? value : [value as XmlNode];

const element = (name: string, node: XmlNode) =>
  `<${name}>${typeof node === 'string' ? escapeXml(node) : children(node)}</${name}>`;

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
  '\n': '&#xA;',
};

const escapeXml = (text: string) => text.replace(/[&<>"\r\n]/g, (character) => escapes[character] ?? '');
