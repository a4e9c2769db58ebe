-- Logins belong to no workspace, and what they have sealed is under the operator's key: whether that may go has to be seen from there.
create function logins_sealed_otherwise(p_key uuid) returns setof uuid
  language sql stable security definer
  set search_path = whizlite, pg_temp
  begin atomic
    select id from logins where totp_secret is not null and substring(totp_secret from 3 for 16) <> uuid_send(p_key) order by id;
  end;
