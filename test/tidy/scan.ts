// Reads what a source file imports and which ambient things it uses, from its syntax tree. Judges nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync } from 'vite';

interface Import {
  /** As written; null when it is computed, so that nobody can tell. */
  readonly name: string | null;
}

export interface Source {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
  /** `Date.now`, `new Date()`, `process`: what reaches outside of its arguments. */
  readonly ambient: readonly string[];
}

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.holdfast']);

/** Every file below a folder of the repository. */
export function listFiles(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name)) return [];
    if (entry.isDirectory()) return listFiles(root, path);
    return entry.isFile() ? [relative('.', path)] : [];
  });
}

export function scanFolder(root: string, folder: string): readonly Source[] {
  return listFiles(root, folder)
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => scanSource(path, readFileSync(join(root, path), 'utf8')));
}

export function scanSource(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const imports: Import[] = [];
  const ambient: string[] = [];
  visit(program, (node) => {
    const name = importOf(node);
    if (name !== undefined) imports.push({ name });
    const used = ambientOf(node);
    if (used !== undefined) ambient.push(used);
  });
  return { path, imports, ambient };
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see);
  } else if (typeof value === 'object' && value !== null) {
    if (isNode(value)) see(value);
    for (const inner of Object.values(value)) visit(inner, see);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** undefined: not an import. Covers static, type-only, re-exporting, dynamic, `import('x').T`, `import x = require()` and `require()`. */
function importOf(node: Node): string | null | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return literal(node.source);
    case 'ExportNamedDeclaration':
      return node.source === null ? undefined : literal(node.source);
    case 'TSExternalModuleReference':
      return literal(node.expression);
    case 'CallExpression':
      return nameOf(node.callee) === 'require' ? literal(first(node.arguments)) : undefined;
    default:
      return undefined;
  }
}

const MEMBERS = new Set(['Date.now', 'Math.random', 'performance.now', 'crypto.randomUUID', 'crypto.getRandomValues']);
const OBJECTS = new Set(['process', 'console', 'globalThis']);
const CALLS = new Set(['fetch', 'setTimeout', 'setInterval', 'setImmediate', 'Date']);

function ambientOf(node: Node): string | undefined {
  if (node.type === 'MemberExpression') {
    const object = nameOf(node.object);
    const member = `${object}.${nameOf(node.property) ?? literal(node.property)}`;
    if (MEMBERS.has(member)) return member;
    return object !== undefined && OBJECTS.has(object) ? object : undefined;
  }
  if (node.type === 'CallExpression') {
    const called = nameOf(node.callee);
    return called !== undefined && CALLS.has(called) ? `${called}()` : undefined;
  }
  // `new Date(text)` is a conversion; without arguments it is the clock.
  if (node.type === 'NewExpression' && nameOf(node.callee) === 'Date') {
    return Array.isArray(node.arguments) && node.arguments.length === 0 ? 'new Date()' : undefined;
  }
  return undefined;
}

function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value.name === 'string' ? value.name : undefined;
}

/** null: not a plain string. */
function literal(value: unknown): string | null {
  if (!isNode(value)) return null;
  // Type positions wrap the string once more.
  if (value.type === 'TSLiteralType') return literal(value.literal);
  return value.type === 'Literal' && typeof value.value === 'string' ? value.value : null;
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}
