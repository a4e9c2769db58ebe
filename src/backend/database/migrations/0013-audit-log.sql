-- Who did what, workspace by workspace: entries are appended, each bound to the one before by a hash, and never changed.

-- The newest entry of each chain. Only audit_chain writes here; the app role may read, so that it cannot hide that the end of a chain is gone.
create table audit_heads (
  workspace_id uuid primary key references workspaces (id) on delete cascade,
  seq bigint not null default 0,
  -- of the first entry's predecessor, which there is none of: 32 zeros
  hash bytea not null default decode(repeat('00', 32), 'hex')
) with (fillfactor = 50);
alter table audit_heads enable row level security;
alter table audit_heads force row level security;
create policy audit_heads_tenant on audit_heads for select
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);
create policy audit_heads_owner on audit_heads to current_user using (true) with check (true);

create table audit_log (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  entry jsonb not null check (jsonb_typeof(entry) = 'object'),
  -- Who did it, from the entry, so that the two cannot differ. Null: no member.
  user_id uuid generated always as ((entry ->> 'userId')::uuid) stored,
  -- Its place in the chain. All of these are filled as the transaction commits.
  seq bigint,
  at timestamptz not null default clock_timestamp(),
  prev bytea,
  hash bytea,
  primary key (workspace_id, id)
);
create unique index audit_log_chain on audit_log (workspace_id, seq);
create index audit_log_by_action on audit_log (workspace_id, (entry ->> 'action'), seq);
create index audit_log_by_user on audit_log (workspace_id, user_id, seq);
create index audit_log_by_target on audit_log (workspace_id, (entry ->> 'target'), seq);
alter table audit_log enable row level security;
alter table audit_log force row level security;
-- A member sees what they did themselves; owners and admins see all, as the workspace itself does. Nobody writes in another's name.
do $$
declare
  v_nobody constant text := 'nullif(current_setting(''app.user'', true), '''') is null';
  v_user constant text := 'nullif(current_setting(''app.user'', true), '''')::uuid';
  v_seen constant text := format(
    'workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid and (%1$s or user_id = %2$s or exists ('
    'select from app_users u where u.workspace_id = audit_log.workspace_id and u.id = %2$s'
    ' and u.role in (''owner'', ''admin'') and u.suspended_at is null))', v_nobody, v_user);
begin
  execute format('create policy audit_log_tenant on audit_log using (%1$s) with check (%1$s)', v_seen);
  execute format(
    'create policy audit_log_made on audit_log as restrictive for insert with check (%s or user_id = %s)', v_nobody, v_user);
end
$$;
create policy audit_log_owner on audit_log to current_user using (true) with check (true);

-- What is hashed: the hash before, then a line each of the workspace, the number, the time, the id and the entry. The text of a jsonb is
-- canonical: one order of keys, one form of white space.
create function audit_hash(p_prev bytea, p_workspace uuid, p_seq bigint, p_at timestamptz, p_id uuid, p_entry jsonb) returns bytea
  language sql stable
  set search_path = whizlite, pg_temp
  begin atomic
    select sha256(p_prev || convert_to(
      concat_ws(E'\n', p_workspace, p_seq, to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p_id, p_entry), 'UTF8'
    ));
  end;

-- Runs as the transaction commits: the chain's head is locked for the commit alone, however long the work before it took, and entries
-- become visible in their order.
create function audit_chain() returns trigger
  language plpgsql security definer
  set search_path = whizlite, pg_temp
as $$
declare
  v_at timestamptz;
  v_head audit_heads;
  v_hash bytea;
begin
  -- with its workspace it may be gone again
  perform from audit_log where workspace_id = new.workspace_id and id = new.id and seq is null;
  if not found then
    return null;
  end if;
  insert into audit_heads (workspace_id) values (new.workspace_id) on conflict do nothing;
  select * into v_head from audit_heads where workspace_id = new.workspace_id for update;
  v_at := clock_timestamp();
  v_hash := audit_hash(v_head.hash, new.workspace_id, v_head.seq + 1, v_at, new.id, new.entry);
  update audit_log set seq = v_head.seq + 1, at = v_at, prev = v_head.hash, hash = v_hash
  where workspace_id = new.workspace_id and id = new.id;
  update audit_heads set seq = v_head.seq + 1, hash = v_hash where workspace_id = new.workspace_id;
  return null;
end
$$;
create constraint trigger audit_log_chain after insert on audit_log
  deferrable initially deferred for each row execute function audit_chain();
