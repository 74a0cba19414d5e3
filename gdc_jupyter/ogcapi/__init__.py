"""Processes as OGC API - Processes has them: process graphs with inputs and one output."""
