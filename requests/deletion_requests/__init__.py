"""The deletion-request workflow: intake, identity, clock, approvals."""
