"""Makes a signed report stand in the database itself: rows can be added, never touched.

The digest beside the document goes: whoever changed the one could leave the other, so it is taken
from the document wherever it is needed, and compared with the ledger.
"""

from django.db import migrations

FORBID = """
CREATE FUNCTION reports_signed_reports_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signed report stands as it is: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER report_rows_stand BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_signed_reports_stand();
CREATE TRIGGER report_table_stands BEFORE TRUNCATE ON reports_report
    FOR EACH STATEMENT EXECUTE FUNCTION reports_signed_reports_stand();
"""

ALLOW = """
DROP TRIGGER report_table_stands ON reports_report;
DROP TRIGGER report_rows_stand ON reports_report;
DROP FUNCTION reports_signed_reports_stand();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]
    operations = [
        migrations.RemoveField(model_name="report", name="digest"),
        migrations.RunSQL(FORBID, ALLOW),
    ]
