-- What people ask to have forgotten, and what must never come back.

-- Erasures that were asked for, of a contact or of the whole workspace, and how far they have come.
create table erasures (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  kind text not null check (kind in ('contact', 'workspace')),
  -- Whom, sealed; gone when nothing of them is left.
  contact bytea,
  -- Rows that are gone so far.
  deleted bigint not null default 0,
  asked_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  primary key (workspace_id, id)
);
alter table erasures enable row level security;
alter table erasures force row level security;
create policy erasures_tenant on erasures
  using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid);

-- What was erased, so that a backup that is restored, or an event that comes late, does not bring it back. A system table, because it outlives
-- its workspace: ids, times and keyed hashes, of which nobody without the secret learns a number. The app role adds and reads, and takes none back.
create table tombstones (
  workspace_id uuid not null,
  -- Of a contact's number or LID; of a workspace its own id.
  subject bytea not null,
  kind text not null check (kind in ('contact', 'workspace')),
  -- Which secret the hash was made with.
  kek_id text not null,
  erased_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, subject)
);
