-- Requests that name an Idempotency-Key, so that whoever asks again gets the answer that there was and nothing is done twice. Kept for a day.
create table idempotent_requests (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  user_id uuid not null,
  -- The id of an API key, else the kind of proof: each has names of its own.
  asked_by text not null check (length(asked_by) between 1 and 20),
  key text not null check (length(key) between 1 and 200),
  -- What is made takes its id from it, so that a try after a crash goes on with what the one before has begun.
  id uuid not null default gen_random_uuid(),
  -- SHA-256 of method, address and body.
  request_hash bytea not null check (length(request_hash) = 32),
  -- The try under way; when its time is over and there is no answer, another may begin.
  try_id uuid not null,
  try_until timestamptz not null,
  status smallint check (status between 200 and 299),
  -- Sealed; null for an answer without a body.
  answer bytea,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, user_id, asked_by, key),
  foreign key (workspace_id, user_id) references app_users (workspace_id, id) on delete cascade
);
create index idempotent_requests_by_age on idempotent_requests (workspace_id, created_at);
alter table idempotent_requests enable row level security;
alter table idempotent_requests force row level security;
create policy idempotent_requests_tenant on idempotent_requests
  using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    and (nullif(current_setting('app.user', true), '') is null or user_id = nullif(current_setting('app.user', true), '')::uuid)
  )
  with check (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    and (nullif(current_setting('app.user', true), '') is null or user_id = nullif(current_setting('app.user', true), '')::uuid)
  );
