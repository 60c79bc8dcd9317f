"""The databases that Cercle runs on: one interface, one file for each engine, and the choice by URL."""
