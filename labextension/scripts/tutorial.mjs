// Puts the first tutorial, without its outputs, where the bundle can take it in: src/tutorial.json.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../notebooks/01-first-composite.ipynb', import.meta.url));
const target = fileURLToPath(new URL('../src/tutorial.json', import.meta.url));

const cell = (type, text) => ({
  cell_type: type,
  id: `starter-${type}`,
  metadata: {},
  source: text,
  ...(type === 'code' ? { execution_count: null, outputs: [] } : {})
});

const starter = {
  cells: [
    cell('markdown', '# A first composite\n\nRun the cell, then draw a box on the map.'),
    cell('code', 'import gdc_jupyter as gdc\n\ncon = gdc.connect()\narea = gdc.BBoxMap()\narea')
  ],
  metadata: {
    kernelspec: { display_name: 'Python 3 (ipykernel)', language: 'python', name: 'python3' },
    language_info: { name: 'python' }
  },
  nbformat: 4,
  nbformat_minor: 5
};

const notebook = existsSync(source) ? JSON.parse(readFileSync(source, 'utf8')) : starter;
for (const each of notebook.cells) {
  if (each.cell_type === 'code') {
    each.outputs = [];
    each.execution_count = null;
  }
}
delete notebook.metadata.widgets;

const text = `${JSON.stringify(notebook, null, 1)}\n`;
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  writeFileSync(target, text);
}
