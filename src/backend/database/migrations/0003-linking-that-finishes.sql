-- Linking by pairing code, the queue, limits, and what a linked account may ask for in its own chat.

alter table link_attempts drop constraint link_attempts_phase_check;
alter table link_attempts add constraint link_attempts_phase_check check (
  phase in (
    'queued', 'starting', 'scanning', 'scanned', 'preparing', 'delivering', 'complete', 'expired', 'cancelled', 'failed'
  )
);
alter table link_attempts
  add column method text not null default 'qr' check (method in ('qr', 'code')),
  -- what is shown instead of a QR; like it, kept only while it is shown
  add column code bytea,
  add column code_expires_at timestamptz,
  add column code_entered boolean not null default false,
  -- the number that must be linked, sealed; gone with the attempt's end
  add column expected_number bytea,
  -- the visitor's last sign of life, kept while the attempt waits in the queue
  add column seen_at timestamptz not null default clock_timestamp();

-- Answers to commands in the account's own chat: one per message, however often an engine tells of it.
create table own_chat_commands (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  session_id uuid not null,
  wa_message_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, session_id, wa_message_id)
);

-- A session that was taken back from a bot: when that bot connects again it is handed off again, without a fight.
alter table sessions add column taken_back_at timestamptz;

-- Starts by whom they are counted for: an address, a number, each as a keyed hash, so that neither can be read or guessed from it.
-- Known to all nodes, owned by no tenant: the public page belongs to the operator.
create table link_starts (
  subject bytea not null,
  at timestamptz not null default clock_timestamp()
);
create index link_starts_by_subject on link_starts (subject, at);
create index link_starts_by_age on link_starts (at);

-- A subject that asked too often waits, twice as long each time, until a day without another offence.
create table link_cool_downs (
  subject bytea primary key,
  until timestamptz not null,
  level integer not null,
  at timestamptz not null default clock_timestamp()
);

-- Attempts that have a place, or wait for one in this order, on all nodes. A row ends with its attempt, or with its node.
create table link_places (
  session_id uuid primary key,
  node_id uuid not null,
  subjects bytea[] not null,
  position bigint generated always as identity,
  granted boolean not null
);
create index link_places_waiting on link_places (position) where not granted;

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array['own_chat_commands'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy %I on %I'
      ' using (workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid)'
      ' with check (workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid)',
      tenant_table || '_tenant', tenant_table
    );
  end loop;
end
$$;
