// Runs the scenarios with ioredis. Usage: run_ioredis.mjs HOST PORT family=name-with-%s... [only=id,id]
import Redis from 'ioredis';
import { runAll } from './context.mjs';
import * as connection from './ioredis_connection.mjs';
import * as data from './ioredis_data.mjs';
import * as flow from './ioredis_flow.mjs';
import * as structures from './ioredis_structures.mjs';

const noResp3 = 'ioredis 5 speaks RESP2 only';
const unsupported = { hello3: noResp3, resp3_hash: noResp3, resp3_double: noResp3, resp3_pubsub: noResp3 };

const open = (address) => {
  const clients = [];
  const client = (options = {}) => {
    const made = new Redis({ ...address, retryStrategy: () => 50, maxRetriesPerRequest: 2, ...options });
    made.on('error', () => {});
    clients.push(made);
    return made;
  };
  return { client, close: () => clients.forEach((made) => made.disconnect()) };
};

// `export { run as eval }` in the modules: ids of the list are also words of the language.
await runAll({ ...connection, ...data, ...structures, ...flow }, unsupported, open);
