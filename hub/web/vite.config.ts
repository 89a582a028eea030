// How the dashboard is built. It must work under `default-src 'self'`: nothing is inlined, no data: URLs.
// Paths are relative, so that a reverse proxy may serve the hub below any folder.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
