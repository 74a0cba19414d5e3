import './controls.css';
import './collections.css';
import './graph.css';
import './jobs.css';
import './base.css';
