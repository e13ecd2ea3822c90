package op

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// throughLibrary lets the library parse the request and call our [server], and holds back what it
// would answer: its errors have the wrong status in places and carry the texts of whatever failed.
func (p *Provider) throughLibrary(scheme string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		held := &heldAnswer{header: w.Header(), status: http.StatusOK}
		p.library.ServeHTTP(held, r)
		if held.status >= http.StatusBadRequest {
			writeError(w, r, scheme, held.refusal())
			return
		}
		w.WriteHeader(held.status)
		w.Write(held.body.Bytes())
	}
}

// heldAnswer is an answer that has not left yet.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *heldAnswer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *heldAnswer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *heldAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }

// longestDescription is enough for a sentence.
const longestDescription = 200

// refusal reads an error the library has written. An unexpected one loses its text, because the library
// puts the error of whatever failed into it; the others are held to what an error_description may
// contain (RFC 6749 §5.2), because they quote what was sent.
func (a *heldAnswer) refusal() *refusal {
	var told errorAnswer
	if err := json.Unmarshal(a.body.Bytes(), &told); err != nil || told.Error == "" || told.Error == serverError {
		return refuse(serverError, sorry)
	}
	e := refuse(told.Error, quotable(told.Description[:min(len(told.Description), longestDescription)]))
	if e.status == http.StatusBadRequest {
		e.status = a.status
	}
	return e
}
