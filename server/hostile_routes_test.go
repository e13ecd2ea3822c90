package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/server"
)

// areAllRoutes reads the routes off the program itself: one that is registered and that nobody attacks is a hole in the tests of this
// corpus.
func areAllRoutes(t *testing.T, doors []door) {
	s := overHTTPS(t)
	pages, known := server.Pages(s), map[string]bool{}
	for _, d := range doors {
		pattern := pages.Find(chi.NewRouteContext(), d.method, d.path)
		if pattern == "" { // a path of the protocol, or of nothing
			pattern = d.path
		}
		known[d.method+" "+pattern] = true
	}
	for _, target := range hostileTargets { // without cookies: that is how links from letters and the style come
		path, _, _ := strings.Cut(target, "?")
		if pattern := pages.Find(chi.NewRouteContext(), http.MethodGet, path); strings.HasSuffix(pattern, "/{secret}") || strings.HasSuffix(pattern, "/*") {
			known["GET "+pattern] = true
		}
	}
	err := chi.Walk(pages, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasSuffix(pattern, "/*") && method != http.MethodGet { // served whatever the method
			return nil
		}
		if !known[method+" "+pattern] {
			t.Errorf("nobody attacks %s %s", method, pattern)
		}
		return nil
	})
	if err != nil || len(known) < 100 {
		t.Errorf("%d routes are known, %v", len(known), err)
	}
	for _, path := range server.ProtocolPaths(s) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			served := asked(s.Handler(), method, path, "").StatusCode != http.StatusMethodNotAllowed
			if served && !known[method+" "+path] {
				t.Errorf("nobody attacks %s %s", method, path)
			}
		}
	}
}
