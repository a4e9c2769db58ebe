-- What people and programs ask of sessions, and links that programs begin.

alter table sessions
  -- What its owner calls it, sealed with the workspace's key.
  add column name bytea,
  -- Nobody is told of it from then on. The row goes when its quarantine has ended.
  add column deleted_at timestamptz,
  -- To be handed off once its owner has been sent the session ID.
  add column hand_off_at timestamptz;
create index sessions_deleted on sessions (workspace_id, deleted_at) where deleted_at is not null;

alter table link_attempts
  -- Visitors know their attempt by a cookie, services by its id.
  add column started_by text not null default 'visitor' check (started_by in ('visitor', 'service')),
  -- Whether the session ID is sent to the account.
  add column deliver boolean not null default true,
  -- The name that the session is to get; sealed, and gone from here when it has it.
  add column name bytea,
  -- Its place of link_places, where that has another id: one that a service has chosen may come back before its earlier place is free.
  add column place_id uuid;
create index link_attempts_of_services on link_attempts (workspace_id, session_id)
  where started_by = 'service' and phase in ('queued', 'starting', 'scanning', 'scanned');

-- Raised with everything that the node of a session is to see to: it looks here every other second, should a wake-up get lost.
alter table session_leases add column bell bigint not null default 0;
