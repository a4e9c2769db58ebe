-- Data keys, and the secrets that wrap them, may be replaced while all nodes run. An older version goes on with the keys it knows.

-- How much a key has sealed, as far as its users have told; and since when nothing that is stored needs it.
alter table data_keys add column seals bigint not null default 0;
alter table data_keys add column retired_at timestamptz;
create policy data_keys_owner on data_keys for select to current_user using (true);

-- The secrets that a node has, by their fingerprints: one that some node does not have wraps nothing.
alter table nodes add column kek_ids text[];

-- The secret that the database was first sealed with; null: it still is.
alter table canary add column first_kek_id text;

create function data_keys_by_kek() returns table (kek text, workspaces bigint, keys bigint)
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select kek_id, count(distinct workspace_id), count(*) from data_keys group by kek_id order by kek_id;
  end;
