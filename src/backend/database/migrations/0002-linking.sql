-- Linked accounts: attempts, sessions, their sealed credentials, and the durable sends of a link.
-- Columns of type bytea hold vault envelopes unless a comment says otherwise.

-- Who runs a session: ids only, of all tenants, so that a node can claim what a lost node left behind.
-- The epoch lives apart from the credentials it guards: writers share-lock this row and update the other, always in that order.
create table session_leases (
  session_id uuid primary key,
  workspace_id uuid not null references workspaces (id) on delete cascade,
  node_id uuid not null,
  epoch bigint not null default 1,
  -- false once nothing has to run: handed off, ended
  wanted boolean not null default true
);
create index session_leases_by_node on session_leases (node_id) where wanted;

-- Staging record of a link attempt. Becomes a session in one transaction on the first open; its credentials go on any failure before.
create table link_attempts (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  session_id uuid not null,
  -- SHA-256 of the visitor's cookie
  visitor_hash bytea not null,
  node_id uuid not null,
  mode text not null check (mode in ('handed_off', 'managed')),
  phase text not null check (
    phase in ('starting', 'scanning', 'scanned', 'preparing', 'delivering', 'complete', 'expired', 'cancelled', 'failed')
  ),
  reason text,
  qr bytea,
  qr_expires_at timestamptz,
  expires_at timestamptz not null,
  since timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, session_id),
  unique (workspace_id, visitor_hash, session_id)
);
create index link_attempts_live on link_attempts (workspace_id, node_id)
  where phase not in ('complete', 'expired', 'cancelled', 'failed');

create table sessions (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null,
  person_id uuid not null,
  mode text not null check (mode in ('handed_off', 'managed')),
  state text not null check (
    state in (
      'linking', 'connecting', 'connected', 'reconnecting', 'disconnected',
      'handed_off', 'logged_out', 'banned', 'expired', 'superseded'
    )
  ),
  reason text,
  since timestamptz not null default clock_timestamp(),
  phone_number text not null,
  lid text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, id),
  foreign key (workspace_id, person_id) references people (workspace_id, id)
);
create index sessions_by_person on sessions (workspace_id, person_id);

-- Belongs to an attempt before the first open and to the session of the same id afterwards.
create table session_credentials (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  session_id uuid not null,
  staged boolean not null default true,
  credentials bytea not null,
  version bigint not null default 1,
  primary key (workspace_id, session_id)
);

create table signal_keys (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  session_id uuid not null,
  type text not null,
  id text not null,
  value bytea not null,
  primary key (workspace_id, session_id, type, id)
);

create table inbound_journal (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  session_id uuid not null,
  -- SHA-256 of the ciphertext
  hash bytea not null,
  plaintext bytea not null,
  stanza jsonb,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, session_id, hash)
);

-- The portable session ID string of a person, as last delivered.
create table session_strings (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  person_id uuid not null,
  session_id uuid not null,
  string bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, person_id),
  foreign key (workspace_id, person_id) references people (workspace_id, id) on delete cascade
);

-- Durable sends. Id and built protobuf are chosen before the first byte leaves; every attempt uses them again.
create table outbox_messages (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null,
  session_id uuid not null,
  position bigint generated always as identity,
  -- 'secret': the bytes are erased once they are no longer needed
  kind text not null check (kind in ('secret', 'notice')),
  recipient text not null,
  wa_message_id text not null,
  proto bytea,
  state text not null default 'queued' check (state in ('queued', 'sending', 'unconfirmed', 'sent', 'failed')),
  attempts integer not null default 0,
  error_code text,
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  primary key (workspace_id, id),
  unique (workspace_id, session_id, wa_message_id)
);
create index outbox_messages_open on outbox_messages (workspace_id, session_id, position)
  where state in ('queued', 'sending', 'unconfirmed');

-- Texts that a workspace may edit. A missing row means the built-in text.
create table message_templates (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  name text not null,
  body bytea not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, name)
);

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array[
    'link_attempts', 'sessions', 'session_credentials', 'signal_keys', 'inbound_journal', 'session_strings',
    'outbox_messages', 'message_templates'
  ] loop
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
