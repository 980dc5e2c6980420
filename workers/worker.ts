/** The entry point of a worker thread: it takes its seat once, then performs the tasks that piscina hands it. */
import type { Task, TaskResult } from '../src/runtime/protocol.js';
import { takeSeat } from '../src/runtime/worker/seat.js';
import { perform } from '../src/runtime/worker/task.js';

const place = takeSeat();

export default (task: Task): Promise<TaskResult> => perform(task, place);
