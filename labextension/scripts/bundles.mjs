// Makes the JavaScript and CSS of the widgets: one self-contained module each, for gdc_jupyter/widgets/bundles.
import { readdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const source = fileURLToPath(new URL('../src/bundles/', import.meta.url));
const target = fileURLToPath(new URL('../../gdc_jupyter/widgets/bundles/', import.meta.url));

// The modules whose names end in _widget are widgets; the others are what they share.
const widgets = readdirSync(source)
  .filter(name => name.endsWith('_widget.tsx'))
  .map(name => ({ in: source + name, out: basename(name, '_widget.tsx') }));

rmSync(target, { recursive: true, force: true });
await build({
  entryPoints: widgets,
  outdir: target,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'transform',
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'inline',
  logLevel: 'warning'
});
