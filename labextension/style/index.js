import './controls.css';
import './collections.css';
import './graph.css';
import './jobs.css';
import './documents.css';
import './base.css';
