//! Plugins that misbehave: each costs its own data, by name, and the rest of the run is complete.
