-- People: who signs in, whose a session is, and who sees it.
--
-- app.user names the member for whom a transaction acts; without it the transaction acts for the workspace itself, as the engine and the jobs
-- do, which pay for one look at the setting. A member sees the sessions that are theirs or shown to the workspace, and with each session all
-- that hangs on it.

-- The tables of a login span workspaces and are open to that login alone (app.user), so their keys begin with it.
create table logins (
  id uuid primary key,
  -- The one key that spans logins: whoever signs in is known by it. Its existence is told by login_by_email alone.
  email text not null check (length(email) between 3 and 254 and email = lower(email)),
  -- argon2id, in its own notation
  password_hash text not null check (length(password_hash) between 20 and 300),
  -- Raised by all that ends access tokens before their time.
  version integer not null default 1,
  -- Sealed; it counts once it is confirmed.
  totp_secret bytea,
  totp_confirmed_at timestamptz,
  -- The last time step whose code was taken: none is taken twice.
  totp_step bigint,
  -- SHA-256 each; one is taken out when it is used.
  recovery_hashes bytea[] not null default '{}',
  password_changed_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp()
);
create unique index logins_email_key on logins (email);

-- One per sign-in.
create table refresh_families (
  login_id uuid not null references logins (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  -- Where its access tokens are good for; whether its login is a member there is asked each time.
  workspace_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text check (length(revoked_reason) <= 60),
  primary key (login_id, id)
);
create index refresh_families_by_age on refresh_families (expires_at);

create table refresh_tokens (
  login_id uuid not null,
  family_id uuid not null,
  position bigint generated always as identity,
  -- SHA-256
  hash bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  -- When it was given for the next one.
  used_at timestamptz,
  primary key (login_id, family_id, position),
  foreign key (login_id, family_id) references refresh_families (login_id, id) on delete cascade
);
-- Spans logins: a token is all that its bearer brings. 256 random bits, so that nobody can ask for a hash that another holds.
create unique index refresh_tokens_hash_key on refresh_tokens (hash);

-- Wrong passwords by login and by address, each as a keyed hash. Known before anybody is, so it belongs to no tenant.
create table sign_in_cool_downs (
  subject bytea primary key,
  wrong integer not null default 0,
  -- When the first of them was.
  since timestamptz not null default clock_timestamp(),
  level integer not null default 0,
  until timestamptz,
  at timestamptz not null default clock_timestamp()
);
create index sign_in_cool_downs_by_age on sign_in_cool_downs (at);

-- Members of a workspace; the id is the login's, and is there before the login is where a place is kept for its first owner.
alter table app_users
  -- As its workspace knows it: the login itself is nobody's but the person's.
  add column email text check (length(email) <= 254),
  -- Owns whatever nobody else does.
  add column is_default boolean not null default false,
  add column suspended_at timestamptz;
create unique index app_users_default_key on app_users (workspace_id) where is_default;
create index app_users_by_login on app_users (id);

create table invitations (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  -- Null: for whoever has the link.
  email text check (length(email) <= 254 and email = lower(email)),
  role text not null check (role in ('owner', 'admin', 'member')),
  -- SHA-256
  token_hash bytea not null,
  invited_by uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  primary key (workspace_id, id)
);
-- Spans workspaces, as refresh_tokens_hash_key does logins.
create unique index invitations_token_key on invitations (token_hash);

create table api_keys (
  workspace_id uuid not null references workspaces (id) on delete cascade,
  id text not null check (id ~ '^[0-9A-Za-z]{8}$'),
  user_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  -- SHA-256
  secret_hash bytea not null,
  last4 text not null check (length(last4) = 4),
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['read', 'send', 'sessions', 'settings', 'admin']),
  -- Null: no restriction.
  session_ids uuid[],
  addresses text[],
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  replaced_by text,
  primary key (workspace_id, id),
  foreign key (workspace_id, user_id) references app_users (workspace_id, id) on delete cascade
);
-- Spans workspaces: a key is looked up before its workspace is known. The ids are random and made here, never chosen by anybody.
create unique index api_keys_id_key on api_keys (id);
create index api_keys_by_user on api_keys (workspace_id, user_id);

-- Whose what nobody else owns is; made when it is first asked for.
create function default_user(p_workspace uuid) returns uuid language plpgsql
  set search_path = whizlite, pg_temp
as $$
declare
  v_id uuid;
begin
  select id into v_id from app_users where workspace_id = p_workspace and is_default;
  if v_id is null then
    insert into app_users (workspace_id, name, role, is_default) values (p_workspace, 'Operator', 'owner', true)
    on conflict (workspace_id) where is_default do nothing;
    select id into v_id from app_users where workspace_id = p_workspace and is_default;
  end if;
  return v_id;
end
$$;

alter table sessions add column owner_id uuid;
alter table sessions add column visibility text not null default 'private' check (visibility in ('private', 'workspace'));
alter table link_attempts add column owner_id uuid;

alter table workspaces no force row level security;
alter table app_users no force row level security;
alter table sessions no force row level security;
alter table link_attempts no force row level security;
select default_user(id) from workspaces;
update sessions s set owner_id = u.id from app_users u where u.workspace_id = s.workspace_id and u.is_default;
update link_attempts a set owner_id = u.id from app_users u where u.workspace_id = a.workspace_id and u.is_default;
alter table sessions alter column owner_id set not null;
alter table sessions add foreign key (workspace_id, owner_id) references app_users (workspace_id, id);
alter table link_attempts alter column owner_id set not null;
alter table link_attempts force row level security;
alter table sessions force row level security;
alter table app_users force row level security;
alter table workspaces force row level security;

create index sessions_by_owner on sessions (workspace_id, owner_id);
create index link_attempts_by_owner on link_attempts (workspace_id, owner_id);

-- A session belongs to whom its link does, a link to the member for whom it is begun.
create function fill_owner() returns trigger language plpgsql
  set search_path = whizlite, pg_temp
as $$
begin
  if tg_table_name = 'sessions' then
    select owner_id into new.owner_id from link_attempts where workspace_id = new.workspace_id and session_id = new.id;
  end if;
  new.owner_id := coalesce(new.owner_id, nullif(current_setting('app.user', true), '')::uuid, default_user(new.workspace_id));
  return new;
end
$$;
create trigger sessions_fill_owner before insert on sessions for each row when (new.owner_id is null) execute function fill_owner();
create trigger link_attempts_fill_owner before insert on link_attempts for each row when (new.owner_id is null) execute function fill_owner();

-- Whom a session belongs to and who else sees it is its owner's business, also where others may change the rest.
create function keep_owner() returns trigger language plpgsql
  set search_path = whizlite, pg_temp
as $$
begin
  if old.owner_id <> nullif(current_setting('app.user', true), '')::uuid then
    raise insufficient_privilege using message = 'only its owner may change whose a session is and who sees it';
  end if;
  return new;
end
$$;
create trigger sessions_keep_owner before update on sessions for each row
  when (old.owner_id <> new.owner_id or old.visibility <> new.visibility) execute function keep_owner();

alter table logins enable row level security;
alter table logins force row level security;
create policy logins_login on logins
  using (id = nullif(current_setting('app.user', true), '')::uuid)
  with check (id = nullif(current_setting('app.user', true), '')::uuid);

do $$
declare
  v_table text;
  v_tenant constant text := 'workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid';
  v_nobody constant text := 'nullif(current_setting(''app.user'', true), '''') is null';
  v_user constant text := 'nullif(current_setting(''app.user'', true), '''')::uuid';
  v_session constant text := 'exists (select from sessions s where s.workspace_id = %1$I.workspace_id and s.id = %1$I.session_id)';
  -- What belongs to a link before there is a session.
  v_attempt constant text := 'exists (select from link_attempts a where a.workspace_id = %1$I.workspace_id and a.session_id = %1$I.session_id)';
  v_seen text;
begin
  foreach v_table in array array['refresh_families', 'refresh_tokens'] loop
    execute format('alter table %I enable row level security', v_table);
    execute format('alter table %I force row level security', v_table);
    execute format('create policy %1$I on %2$I using (login_id = %3$s) with check (login_id = %3$s)', v_table || '_login', v_table, v_user);
  end loop;

  foreach v_table in array array['invitations', 'api_keys'] loop
    execute format('alter table %I enable row level security', v_table);
    execute format('alter table %I force row level security', v_table);
    execute format('create policy %1$I on %2$I using (%3$s) with check (%3$s)', v_table || '_tenant', v_table, v_tenant);
  end loop;

  for v_table, v_seen in
    values
      ('sessions', format('owner_id = %1$s or visibility = ''workspace''', v_user)),
      ('link_attempts', format('owner_id = %1$s', v_user)),
      ('people', 'exists (select from sessions s where s.workspace_id = people.workspace_id and s.person_id = people.id)'),
      ('event_log', 'session_id is null or ' || v_session || ' or ' || v_attempt),
      ('data_keys', 'session_id is null or ' || v_session || ' or ' || v_attempt),
      ('session_credentials', v_session),
      ('signal_keys', v_session),
      ('inbound_journal', v_session),
      ('session_strings', v_session),
      ('outbox_messages', v_session),
      ('own_chat_commands', v_session),
      ('session_history', v_session),
      -- Owners and admins end the keys of others; nobody makes one in another's name.
      ('api_keys', format(
        'user_id = %1$s or exists (select from app_users u where u.workspace_id = api_keys.workspace_id and u.id = %1$s'
        ' and u.role in (''owner'', ''admin'') and u.suspended_at is null)', v_user))
  loop
    v_seen := format('%s and (%s or ', v_tenant, v_nobody) || format(v_seen, v_table) || ')';
    execute format('alter policy %1$I on %2$I using (%3$s) with check (%3$s)', v_table || '_tenant', v_table, v_seen);
  end loop;

  execute format('create policy sessions_made on sessions as restrictive for insert with check (%s or owner_id = %s)', v_nobody, v_user);
  execute format('create policy sessions_removed on sessions as restrictive for delete using (%s or owner_id = %s)', v_nobody, v_user);
  execute format('create policy api_keys_made on api_keys as restrictive for insert with check (%s or user_id = %s)', v_nobody, v_user);
end
$$;

-- What has to be found before anybody is known.
create policy logins_owner on logins for select to current_user using (true);
create policy refresh_tokens_owner on refresh_tokens for select to current_user using (true);
create policy invitations_owner on invitations for select to current_user using (true);
create policy api_keys_owner on api_keys for select to current_user using (true);
create policy app_users_owner on app_users for select to current_user using (true);

create function login_by_email(p_email text) returns uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select id from logins where email = lower(p_email);
  end;

create function login_by_refresh_hash(p_hash bytea) returns uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select login_id from refresh_tokens where hash = p_hash;
  end;

create function invitation_workspace(p_hash bytea) returns uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select workspace_id from invitations where token_hash = p_hash;
  end;

create function api_key_workspace(p_id text) returns uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select workspace_id from api_keys where id = p_id;
  end;

-- Where the login of this transaction (app.user) is a member, suspended or not.
create function workspaces_of_login() returns setof uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select workspace_id from app_users where id = nullif(current_setting('app.user', true), '')::uuid;
  end;
