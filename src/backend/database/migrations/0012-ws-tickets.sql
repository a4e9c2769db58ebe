-- Tickets that open one WebSocket each. What is stored of the text is its hash; a row goes when its ticket is used, or a little after its
-- end. Whoever uses one is looked up anew, so it holds nothing of what its owner may do.
create table ws_tickets (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  hash bytea not null check (length(hash) = 32),
  user_id uuid not null,
  kind text not null check (kind in ('user', 'key', 'service')),
  key_id text,
  family_id uuid,
  login_version integer,
  -- Of the page that it was made for; null: for a program, which has none.
  origin text check (length(origin) <= 300),
  expires_at timestamptz not null,
  primary key (workspace_id, hash),
  foreign key (workspace_id, user_id) references app_users (workspace_id, id) on delete cascade,
  check ((key_id is not null) = (kind = 'key'))
);
create index ws_tickets_by_end on ws_tickets (workspace_id, expires_at);
create index ws_tickets_by_user on ws_tickets (workspace_id, user_id);
alter table ws_tickets enable row level security;
alter table ws_tickets force row level security;
create policy ws_tickets_tenant on ws_tickets
  using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    and (nullif(current_setting('app.user', true), '') is null or user_id = nullif(current_setting('app.user', true), '')::uuid)
  )
  with check (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    and (nullif(current_setting('app.user', true), '') is null or user_id = nullif(current_setting('app.user', true), '')::uuid)
  );
