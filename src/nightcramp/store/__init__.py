"""The store: what people told and imported, kept safe, exported whole and brought back."""
