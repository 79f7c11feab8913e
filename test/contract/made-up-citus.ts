/**
 * Stands in for the Citus extension in a Postgres of a test's own: the ledger finds it, has it place the tables, and writes as to a
 * cluster. All shards lie on the one node, so that it shows what the ledger asks of Citus, and not what Citus makes of it; `CITUS_URL`
 * has the same tests run in a cluster.
 *
 * What it refuses Citus refuses: a unique key without the column that a table is distributed by, and a neighbour that is not distributed.
 */
export const MADE_UP_CITUS = `
  SET allow_system_table_mods = on;
  INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (99999, 'citus', 'postgres'::regrole, 'pg_catalog'::regnamespace, false, 'made up');

  CREATE FUNCTION pg_catalog.create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE format('COMMENT ON TABLE %s IS %L', table_name, 'reference');
  END $$;

  CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text, colocate_with text DEFAULT 'default') RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (SELECT 1 FROM pg_index WHERE indrelid = table_name AND indisunique AND NOT EXISTS (
      SELECT 1 FROM pg_attribute WHERE attrelid = table_name AND attname = distribution_column AND attnum = ANY (indkey))) THEN
      RAISE 'cannot create constraint on %: a unique key has to have the distribution column', table_name;
    END IF;
    IF colocate_with <> 'default' AND obj_description(colocate_with::regclass, 'pg_class') IS DISTINCT FROM 'distributed ' || distribution_column THEN
      RAISE 'cannot colocate tables % and %', table_name, colocate_with;
    END IF;
    EXECUTE format('COMMENT ON TABLE %s IS %L', table_name, 'distributed ' || distribution_column);
  END $$;

  CREATE VIEW pg_catalog.citus_tables AS SELECT oid::regclass AS table_name, split_part(place, ' ', 1) AS citus_table_type, split_part(place, ' ', 2) AS distribution_column
    FROM (SELECT oid, obj_description(oid, 'pg_class') AS place FROM pg_class WHERE relkind = 'r') AS placed WHERE place ~ '^(reference|distributed )';

  CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(table_name regclass, distribution_value anyelement) RETURNS bigint LANGUAGE sql AS
    $$ SELECT 102008 + distribution_value::text::bigint % 4 $$;

  CREATE FUNCTION pg_catalog.run_command_on_all_nodes(command text) RETURNS TABLE (nodeid int, success boolean, result text) LANGUAGE plpgsql AS $$
  DECLARE
    answer text;
  BEGIN
    EXECUTE command INTO answer;
    RETURN QUERY VALUES (1, true, answer), (2, true, answer);
  END $$;

  SET allow_system_table_mods = off;
`;
