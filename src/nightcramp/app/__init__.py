"""The app: pages for the person's own browser and the same as JSON, on the person's own machine."""
