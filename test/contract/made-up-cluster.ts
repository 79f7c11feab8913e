import { clusterTables } from '../../src/ledger/postgres/cluster.js';
import type { Database } from '../../src/ledger/postgres/connection.js';
import type { Tables } from '../../src/ledger/postgres/tables.js';

/** Few enough that two rows of a commit meet on one, and many enough that a commit goes to several. */
const SHARDS = 4;

/** The tables of one Postgres, written as those of a cluster are: what keeps commits apart there is tested without one. */
export function madeUpCluster({ transaction }: Database): Tables {
  return clusterTables((bucket) => bucket % SHARDS, transaction);
}
