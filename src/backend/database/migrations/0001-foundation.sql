-- Conventions of every step. Each runs in one transaction with the search path set to our schema, so names are plain; the text of an
-- applied step never changes. PostgreSQL 15 must understand it.
--
-- A tenant table has a workspace_id, and every key of it (primary, unique, foreign) begins with it: a key that did not would let one
-- workspace find out what another holds. Row level security is enabled and forced, with one policy for reading and writing on
-- app.workspace, which is '' (not null) after the first transaction of a connection. Tables without tenant are few and written down in
-- isolation.ts. Rights are granted by roles.ts after every migration, to a role that owns nothing.
--
-- Forced policies hold for the owner too: a step that changes rows of a tenant table must say `no force row level security` before and
-- `force row level security` after. A function that must see all workspaces is `security definer`, has a fixed search path and returns
-- ids only; the table it reads then needs a policy `for select to current_user using (true)`, which only the owner matches.
--
-- NOTIFY carries ids only.

create table workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null check (length(name) between 1 and 200),
  -- The one key that spans workspaces: a slug is chosen by people and public.
  slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  created_at timestamptz not null default now()
);
alter table workspaces enable row level security;
alter table workspaces force row level security;
create policy workspaces_tenant on workspaces
  using (id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (id = nullif(current_setting('app.workspace', true), '')::uuid);
create policy workspaces_owner on workspaces for select to current_user using (true);

-- The WhatsApp account behind a session or a chat. Known by its LID when WhatsApp told it, else by its number (digits only): a number
-- moves between accounts over the years, a LID does not.
create table people (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  lid text check (lid ~ '^[0-9]+$'),
  phone_number text check (phone_number ~ '^[0-9]{4,20}$'),
  display_name text,
  created_at timestamptz not null default now(),
  primary key (workspace_id, id),
  check (lid is not null or phone_number is not null)
);
create unique index people_lid_key on people (workspace_id, lid) where lid is not null;
create unique index people_phone_number_key on people (workspace_id, phone_number) where lid is null;
create index people_phone_number on people (workspace_id, phone_number);
alter table people enable row level security;
alter table people force row level security;
create policy people_tenant on people
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);

create table app_users (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  name text not null check (length(name) between 1 and 200),
  role text not null default 'member' check (role in ('owner', 'admin', 'member')),
  created_at timestamptz not null default now(),
  primary key (workspace_id, id)
);
alter table app_users enable row level security;
alter table app_users force row level security;
create policy app_users_tenant on app_users
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);

-- The last event number of each workspace. Raising it locks the row until the transaction ends, so numbers become visible in their
-- order: a reader that has seen n will never find a smaller one later.
create table event_counters (
  workspace_id uuid primary key references workspaces (id) on delete cascade,
  last_seq bigint not null default 0
) with (fillfactor = 50);
alter table event_counters enable row level security;
alter table event_counters force row level security;
create policy event_counters_tenant on event_counters
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);

create table event_log (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  seq bigint not null check (seq > 0),
  session_id uuid,
  event text not null,
  -- Sealed JSON.
  data bytea not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, seq)
);
create index event_log_session on event_log (workspace_id, session_id, seq);
alter table event_log enable row level security;
alter table event_log force row level security;
create policy event_log_tenant on event_log
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);

-- Keys that seal contents, themselves sealed by the key-encryption key kek_id. One per session, and per workspace (session_id null)
-- for everything else; more while a rotation is under way, the newest is the one to seal with.
create table data_keys (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  session_id uuid,
  wrapped bytea not null,
  kek_id text not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, id)
);
create index data_keys_session on data_keys (workspace_id, session_id, created_at desc);
alter table data_keys enable row level security;
alter table data_keys force row level security;
create policy data_keys_tenant on data_keys
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);

-- One row per start of a process. Only this clock, the database's, decides whether a lease has ended.
create table nodes (
  id uuid primary key,
  started_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz not null,
  draining boolean not null default false
);

-- One sealed row that every node opens at start: a node with the wrong secret finds out before it changes anything.
create table canary (
  only_row boolean primary key default true check (only_row),
  sealed bytea not null,
  kek_id text not null,
  created_at timestamptz not null default now()
);

create table meta (
  key text primary key,
  value text not null
);

create function all_workspace_ids() returns setof uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select id from workspaces;
  end;
