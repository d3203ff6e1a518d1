/** The one script of the page's workers: what a worker does is said by its name. Nothing leaves the page. */
import { explain } from './explain.ts';
import { language } from './language.ts';
import type { WorkerName } from './messages.ts';
import { traffic } from './traffic.ts';

const WORKERS: Readonly<Record<WorkerName, () => void>> = { language, traffic, explain };

WORKERS[self.name as WorkerName]();
