"""The generator of files with planted identifiers: who (patients), what (images, documents), where the identifiers hide (hiding, raw)."""
