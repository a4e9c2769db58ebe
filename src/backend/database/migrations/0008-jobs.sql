-- Background jobs, and how long what nobody uses is kept. The job library's own tables are installed beside this schema, see job-queue.ts.

alter table sessions
  -- From when on its credentials are kept sealed, and no socket may use them …
  add column quarantined_at timestamptz,
  -- … and until when. Then the keys that open them are destroyed.
  add column shred_at timestamptz,
  -- When that was done: this row, with ids and times, is all that is left.
  add column shredded_at timestamptz,
  add check ((quarantined_at is null) = (shred_at is null));
create index sessions_to_shred on sessions (workspace_id, shred_at) where shred_at is not null and shredded_at is null;
-- Those that are looked at for how long nobody has used them.
create index sessions_unused on sessions (workspace_id, since) where shredded_at is null and shred_at is null and state <> 'connected';

-- Which node a job's worker belongs to: the jobs of a lost one are taken up again at once, not after the library's four hours.
create table job_workers (
  id text primary key,
  node_id uuid not null,
  since timestamptz not null default clock_timestamp()
);

-- What is looked for by age.
create index event_log_by_age on event_log (workspace_id, created_at);
create index link_attempts_by_age on link_attempts (workspace_id, since);
create index outbox_messages_by_age on outbox_messages (workspace_id, settled_at) where proto is null and settled_at is not null;
create index session_strings_by_session on session_strings (workspace_id, session_id);

-- How much waits to be sent, and how many connected sessions run out of one-time keys, over all workspaces: counts and an age.
create function gateway_backlog() returns table (waiting bigint, oldest_seconds double precision, pre_keys_low bigint)
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::double precision, (
      select count(*) from sessions where state = 'connected' and health ->> 'preKeys' in ('low', 'upload_failing')
    )
    from outbox_messages where state in ('queued', 'sending', 'unconfirmed');
  end;
