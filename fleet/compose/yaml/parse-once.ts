// A parser that does its work once for each file that is held in memory: devices that share a file, and rounds of loading,
// get the same tree and the same diagnostics. What is known of a file goes with its bytes.
import type { Report } from '../report.ts';

type Parse<T> = (path: string, bytes: Uint8Array | undefined, report: Report) => T;

interface Known<T> {
  readonly path: string;
  readonly value: T;
  readonly said: readonly Said[];
}

interface Said {
  readonly severity: 'error' | 'warn';
  readonly about: Parameters<Report['error']>;
}

/** The bytes must not change, and what is parsed must depend on nothing else. */
export function parseOnce<T>(parse: Parse<T>): Parse<T> {
  const files = new WeakMap<Uint8Array, Known<T>>();
  return (path, bytes, report) => {
    if (bytes === undefined) return parse(path, bytes, report);
    let known = files.get(bytes);
    if (known?.path !== path) {
      known = listenTo(parse, path, bytes);
      files.set(bytes, known);
    }
    for (const { severity, about } of known.said) report[severity](...about);
    return known.value;
  };
}

function listenTo<T>(parse: Parse<T>, path: string, bytes: Uint8Array): Known<T> {
  const said: Said[] = [];
  const failed = () => said.some(({ severity }) => severity === 'error');
  const value = parse(path, bytes, {
    error: (...about) => said.push({ severity: 'error', about }),
    warn: (...about) => said.push({ severity: 'warn', about }),
    failed,
    diagnostics: () => [],
  });
  return { path, value, said };
}
