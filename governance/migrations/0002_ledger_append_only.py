"""Makes the ledger append-only in the database itself: rows can be added, never touched."""

from django.db import migrations

FORBID = """
CREATE FUNCTION governance_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER ledger_rows_stand BEFORE UPDATE OR DELETE ON governance_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION governance_ledger_is_append_only();
CREATE TRIGGER ledger_table_stands BEFORE TRUNCATE ON governance_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION governance_ledger_is_append_only();
"""

ALLOW = """
DROP TRIGGER ledger_table_stands ON governance_ledgerentry;
DROP TRIGGER ledger_rows_stand ON governance_ledgerentry;
DROP FUNCTION governance_ledger_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
