// Runs the scenarios with node-redis. Usage: run_node_redis.mjs HOST PORT family=name-with-%s... [only=id,id]
import { createClient } from 'redis';
import { runAll } from './context.mjs';
import * as connection from './node_redis_connection.mjs';
import * as data from './node_redis_data.mjs';
import * as flow from './node_redis_flow.mjs';
import * as structures from './node_redis_structures.mjs';

// What node-redis has no call for: id -> reason.
const unsupported = {};

const open = (address) => {
  const clients = [];
  const client = (options = {}) => {
    const made = createClient({ socket: { ...address, reconnectStrategy: () => 50 }, ...options });
    made.on('error', () => {});
    made.connect().catch(() => {}); // commands wait in its queue until it is there
    clients.push(made);
    return made;
  };
  return { client, close: () => clients.forEach((made) => { try { made.destroy(); } catch { /* closed by the scenario */ } }) };
};

await runAll({ ...connection, ...data, ...structures, ...flow }, unsupported, open);
