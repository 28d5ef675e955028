"""The console script, the demo and the offline verifier; importing it loads no app."""
