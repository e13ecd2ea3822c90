package server

import "github.com/go-chi/chi/v5"

// ProtocolPaths are the paths of the door for clients.
func ProtocolPaths(s *Server) []string { return s.op.Paths() }

// Pages are the routes of the door for people.
func Pages(s *Server) chi.Routes { return s.metrics.pages }
