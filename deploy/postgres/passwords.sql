-- Gives every login of roles.sql the password in the file of its name; for psql, on a new database.
\set tierline_migrator `cat /credentials/postgres/tierline_migrator`
\set tierline_intake_login `cat /credentials/postgres/tierline_intake_login`
\set tierline_router_login `cat /credentials/postgres/tierline_router_login`
\set tierline_escalator_login `cat /credentials/postgres/tierline_escalator_login`
\set tierline_notifier_login `cat /credentials/postgres/tierline_notifier_login`
ALTER ROLE tierline_migrator PASSWORD :'tierline_migrator';
ALTER ROLE tierline_intake_login PASSWORD :'tierline_intake_login';
ALTER ROLE tierline_router_login PASSWORD :'tierline_router_login';
ALTER ROLE tierline_escalator_login PASSWORD :'tierline_escalator_login';
ALTER ROLE tierline_notifier_login PASSWORD :'tierline_notifier_login';
