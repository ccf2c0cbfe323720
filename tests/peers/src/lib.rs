//! Journeys with real peers: Orthanc and DCMTK.
