"""The services that Vestige brings along: PostgreSQL, Valkey and MLflow on this machine."""
