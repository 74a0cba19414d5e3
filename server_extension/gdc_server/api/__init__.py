"""The handlers of the geodatacube API, a module for each section of its document."""
