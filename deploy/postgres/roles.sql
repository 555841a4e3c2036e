-- Logins for an installation that trusts nobody with more than their work. Run once, as a superuser,
-- connected to Tierline's database; may be run again. Then give each login a password (\password) and
-- each process its own TIERLINE_DATABASE__URL:
--
--   tierline_migrator          `tierline migrate`: owns the schemas, is no superuser, makes no roles
--   tierline_<service>_login   `tierline run <service>`: may become tierline_<service>, nothing else
--
-- The roles tierline_<service> themselves cannot log in, own nothing and see their own schema only;
-- `tierline migrate` gives them their rights. A service sets its session's limits itself.

DO $$
DECLARE
    service text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierline_migrator') THEN
        CREATE ROLE tierline_migrator LOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO tierline_migrator', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    FOREACH service IN ARRAY ARRAY['intake', 'router', 'escalator', 'notifier'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierline_' || service) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', 'tierline_' || service);
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tierline_' || service || '_login') THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', 'tierline_' || service || '_login');
        END IF;
        EXECUTE format('GRANT %I TO tierline_migrator', 'tierline_' || service);
        EXECUTE format('GRANT %I TO %I', 'tierline_' || service, 'tierline_' || service || '_login');
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I',
            current_database(), 'tierline_' || service || '_login');
    END LOOP;
END
$$;
