/** The icons of the data cube. */
import { LabIcon } from '@jupyterlab/ui-components';

import collections from '../style/icons/collections.svg';
import cube from '../style/icons/cube.svg';
import graph from '../style/icons/graph.svg';
import jobs from '../style/icons/jobs.svg';
import outline from '../style/icons/outline.svg';

export const cubeIcon = new LabIcon({ name: 'gdc-jupyter:cube', svgstr: cube });
export const graphIcon = new LabIcon({ name: 'gdc-jupyter:graph', svgstr: graph });
export const jobsIcon = new LabIcon({ name: 'gdc-jupyter:jobs', svgstr: jobs });
export const outlineIcon = new LabIcon({ name: 'gdc-jupyter:outline', svgstr: outline });
export const collectionsIcon = new LabIcon({ name: 'gdc-jupyter:collections', svgstr: collections });
