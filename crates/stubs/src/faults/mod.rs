//! A server of faults: it stands between a client and a service and lets things go wrong as a script says.
