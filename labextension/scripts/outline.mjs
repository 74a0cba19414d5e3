// Simplifies the land of the base map to one small path, on which footprints are drawn: src/outline.json.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../gdc_jupyter/widgets/static/world.geojson', import.meta.url));
const target = fileURLToPath(new URL('../src/outline.json', import.meta.url));

/** In degrees: how far the path may be from the coast, and how large what is drawn must be. */
const TOLERANCE = 0.9;
const SMALLEST = 1.5;

const distance = ([x, y], [x1, y1], [x2, y2]) => {
  const length = Math.hypot(x2 - x1, y2 - y1);
  return length ? Math.abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length : Math.hypot(x - x1, y - y1);
};

// Douglas and Peucker: a point stays if it is far from the line between those that stay on both sides of it.
const simplified = points => {
  const [first, last] = [points[0], points.at(-1)];
  let far = 0;
  let farthest = 0;
  points.forEach((point, index) => {
    const away = distance(point, first, last);
    if (away > farthest) {
      [far, farthest] = [index, away];
    }
  });
  return farthest > TOLERANCE
    ? [...simplified(points.slice(0, far + 1)).slice(0, -1), ...simplified(points.slice(far))]
    : [first, last];
};

const isLarge = ring => {
  const spans = [0, 1].map(axis => {
    const along = ring.map(point => point[axis]);
    return Math.max(...along) - Math.min(...along);
  });
  return Math.max(...spans) > SMALLEST;
};

const rings = JSON.parse(readFileSync(source, 'utf8'))
  .features.filter(feature => feature.properties.kind === 'land')
  .flatMap(({ geometry }) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates))
  .flat()
  .filter(isLarge)
  .map(simplified)
  .filter(ring => ring.length > 3);
const number = value => String(Math.round(value * 10) / 10);
// The y axis of pictures points down.
const path = rings.map(ring => `M${ring.slice(0, -1).map(([x, y]) => `${number(x)} ${number(-y)}`).join('L')}Z`).join('');

const text = `${JSON.stringify({ path })}\n`;
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  writeFileSync(target, text);
}
