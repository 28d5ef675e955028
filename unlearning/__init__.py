"""Planning, running and verifying the removal of records from what was made of them."""
