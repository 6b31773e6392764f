create role anon nologin;
create role authenticator noinherit login;
