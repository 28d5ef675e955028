"""What benches share: an installation of their own, a small company, patient users, checks."""
