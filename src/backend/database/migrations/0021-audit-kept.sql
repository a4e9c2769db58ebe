-- An audit log that is found by its filters, and that ends with its workspace only where that is erased.

-- Columns, because row level security lets no index be used through `->>`, which might tell of rows that are not seen.
alter table audit_log
  add column action text generated always as (entry ->> 'action') stored,
  add column target uuid generated always as (
    case when entry ->> 'target' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (entry ->> 'target')::uuid end
  ) stored;
drop index audit_log_by_action;
drop index audit_log_by_target;
create index audit_log_of_action on audit_log (workspace_id, action, seq);
create index audit_log_of_target on audit_log (workspace_id, target, seq) where target is not null;
create index audit_log_by_time on audit_log (workspace_id, at);

-- Where the chains of erased workspaces have ended. A system table, because it outlives them: ids, numbers and hashes. Only audit_end writes
-- here; an id is used once, so whatever chain stands under one of these was made by somebody else.
create table audit_ended (
  workspace_id uuid primary key,
  seq bigint not null,
  hash bytea not null,
  ended_at timestamptz not null default clock_timestamp()
);

-- A workspace goes with its tombstone or not at all, and the head of its chain stays behind: its entries go by the foreign key, past the
-- rights of whoever deletes it.
create function audit_end() returns trigger
  language plpgsql security definer
  set search_path = whizlite, pg_temp
as $$
begin
  if not exists (select from tombstones where workspace_id = old.id and kind = 'workspace') then
    raise exception using errcode = '23001', message = 'a workspace that was not to be erased is not deleted';
  end if;
  insert into audit_ended (workspace_id, seq, hash)
  select workspace_id, seq, hash from audit_heads where workspace_id = old.id
  on conflict do nothing;
  return old;
end
$$;
create trigger workspaces_audit_end before delete on workspaces for each row execute function audit_end();
