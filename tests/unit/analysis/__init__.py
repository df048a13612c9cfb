"""Tests of the analysis: frames in, answers out."""
