-- The true state of a session: what it was and why, when it was known to be connected, and whether its phone is still there.

alter table sessions
  -- When a restriction ends, as far as WhatsApp said.
  add column until timestamptz,
  -- The last moment at which the session was known to be connected: written on connecting, on leaving it, and daily meanwhile.
  add column connected_at timestamptz,
  -- The last evidence that the account's phone was online; null: none was seen. Written at most hourly.
  add column phone_seen_at timestamptz,
  -- Which notices the owner got for what is still going on: code -> when.
  add column notices jsonb not null default '{}',
  -- How the parts of a session are that can be ill while it is connected.
  add column health jsonb not null default '{}';

alter table sessions no force row level security;
update sessions set connected_at = case when state = 'connected' then clock_timestamp() else since end;
alter table sessions force row level security;

-- Those that have to be looked at for how long they have been so.
create index sessions_reconnecting on sessions (workspace_id, since) where state = 'reconnecting';

-- One row per change of state or reason. A node of an older version changes the state without a row here.
create table session_history (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  session_id uuid not null,
  position bigint generated always as identity,
  state text not null,
  reason text,
  -- Which node the session belonged to, under which epoch; null when nobody ran it.
  node_id uuid,
  epoch bigint,
  at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, session_id, position),
  foreign key (workspace_id, session_id) references sessions (workspace_id, id) on delete cascade
);
create index session_history_by_age on session_history (workspace_id, at);

alter table session_history enable row level security;
alter table session_history force row level security;
create policy session_history_tenant on session_history
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);

-- Sessions of all workspaces that have been without a connection for longer than is called reconnecting.
create policy sessions_owner on sessions for select to current_user using (true);
create function long_reconnecting(p_seconds double precision, p_limit integer) returns table (workspace uuid, session uuid)
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select s.workspace_id, s.id from sessions s
    where s.state = 'reconnecting' and s.since < clock_timestamp() - make_interval(secs => p_seconds)
    order by s.since limit p_limit;
  end;
