// Bundles a program into one CommonJS file that needs nothing but Node's own modules. Writes that file only.
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** dockerode loads these for SSH and BuildKit sessions, which the agent never opens. Git over SSH has its own import of ssh2. */
const NEVER_USED = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader'];
const NEVER_USED_BY = /[\\/]node_modules[\\/](?:dockerode|docker-modem)[\\/]/;
/** Native parts that ssh2 tries and goes on without. */
const NATIVE = /^(?:cpu-features|\.\/crypto\/build\/Release\/sshcrypto\.node)$/;

/** Libraries try these and go on without them. */
const OPTIONAL = [
  'supports-color',
  'bufferutil',
  'utf-8-validate',
  'osx-temperature-sensor',
  'macos-temperature-sensor',
];

/**
 * `import.meta` is empty in CommonJS, so its parts get stand-ins. Deprecation warnings speak to developers of
 * libraries, not to whoever runs the binary.
 */
const BANNER = [
  "const __fileUrl = require('node:url').pathToFileURL(__filename).href;",
  "const __folder = require('node:path').dirname(__filename);",
  'process.noDeprecation = true;',
].join('\n');

export async function bundle(entry: string, out: string): Promise<void> {
  const result = await build({
    entryPoints: [entry],
    // The bundle names its files relative to this: the same from wherever it is run.
    absWorkingDir: join(import.meta.dirname, '..', '..'),
    outfile: out,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
    banner: { js: BANNER },
    define: {
      'import.meta.url': '__fileUrl',
      'import.meta.filename': '__filename',
      'import.meta.dirname': '__folder',
      'import.meta.main': 'true',
    },
    plugins: [withoutNeverUsed, withoutEntryAwait(entry)],
  });
  await refuseOutside(out, Object.values(result.metafile.outputs));
}

const withoutNeverUsed: Plugin = {
  name: 'never-used',
  setup(builder) {
    const filter = new RegExp(`^(?:${NEVER_USED.join('|')})$`);
    builder.onResolve({ filter }, ({ path, importer }) =>
      NEVER_USED_BY.test(importer) ? { path, namespace: 'never-used' } : null,
    );
    builder.onResolve({ filter: NATIVE }, ({ path }) => ({ path, namespace: 'native' }));
    builder.onLoad({ filter: /.*/, namespace: 'native' }, () => ({ contents: "throw new Error('not built');" }));
    builder.onLoad({ filter: /.*/, namespace: 'never-used' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * CommonJS has no `await` at the top level. The entry's own, which only keeps it from ending early, goes: a pending
 * promise with work in it does the same, and one that rejects ends the process as before. Any other one fails the build.
 */
function withoutEntryAwait(entry: string): Plugin {
  return {
    name: 'entry-await',
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== resolve(entry)) return null;
        const text = await readFile(path, 'utf8');
        return { contents: text.replace(/^await (\w+\.parseAsync\(.*\);)$/m, 'void $1'), loader: 'ts' };
      });
    },
  };
}

/** A single file can load nothing but Node's own modules: what is left outside would fail on the device, not here. */
async function refuseOutside(
  out: string,
  outputs: readonly { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }[],
): Promise<void> {
  const known = new Set([
    ...builtinModules,
    ...builtinModules.map((name) => `node:${name}`),
    'node:sqlite',
    'node:sea',
  ]);
  const outside = outputs
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external === true && !known.has(path) && !OPTIONAL.includes(path))
    .map(({ path }) => path);
  if (outside.length > 0) throw new Error(`The bundle still loads ${[...new Set(outside)].join(', ')}.`);
  if ((await readFile(out)).length === 0) throw new Error('The bundle is empty.');
}
