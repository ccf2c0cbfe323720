"""The judges: what is looked for in de-identified files. They know the standard and truth.json, never the engine."""
