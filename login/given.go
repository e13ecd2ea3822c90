package login

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// busyWait is what Retry-After says when there is no better guess.
const busyWait = 2 * time.Second

// problemKinds says in which words a status is told.
var problemKinds = map[int]templates.ProblemKind{
	http.StatusBadRequest:            templates.BadRequest,
	http.StatusRequestEntityTooLarge: templates.BadRequest,
	http.StatusUnsupportedMediaType:  templates.BadRequest,
	http.StatusForbidden:             templates.NotAllowed,
	http.StatusNotFound:              templates.NotFound,
	http.StatusGone:                  templates.ExpiredRequest,
	http.StatusMethodNotAllowed:      templates.NotFound,
	http.StatusTooManyRequests:       templates.Busy,
	http.StatusServiceUnavailable:    templates.Busy,
}

// Problem writes the error page. A status without words of its own says the least: our fault.
func (d *Door) Problem(w http.ResponseWriter, r *http.Request, status int) {
	page := templates.Problem{Kind: problemKinds[status], Status: status}
	if page.Kind == templates.Internal && status < http.StatusInternalServerError {
		page.Kind = templates.BadRequest
	}
	if page.Kind == templates.Busy {
		page.RetryAfter = busyWait
		if w.Header().Get("Retry-After") == "" { // the other door may know better
			retryAfter(w, busyWait)
		}
	}
	if err := d.write(w, r, status, page, identity.AuthorizationRequest{}); err != nil {
		d.cfg.Log.ErrorContext(r.Context(), "the error page failed", "error", err)
		http.Error(w, http.StatusText(status), status)
	}
}

// FormPost hands an authorization response to the client by a form. Its only way out is the
// client's origin.
func (d *Door) FormPost(w http.ResponseWriter, r *http.Request, action string, fields [][2]string, client identity.Client) {
	page := templates.FormPost{Action: action, ClientName: client.Name}
	for _, f := range fields {
		page.Fields = append(page.Fields, templates.FormField{Name: f[0], Value: f[1]})
	}
	d.orProblem(w, r, d.show(w, r, page, identity.AuthorizationRequest{RedirectURI: action}))
}

// ConfirmLogout asks whether to log out. The client is who asked for it; nil if unknown.
func (d *Door) ConfirmLogout(w http.ResponseWriter, r *http.Request, client *identity.Client) {
	d.orProblem(w, r, d.confirmLogout(w, r, client))
}

// LoggedOut says that it is done, and leads back to the client; nil if unknown.
func (d *Door) LoggedOut(w http.ResponseWriter, r *http.Request, client *identity.Client) {
	d.orProblem(w, r, d.loggedOut(w, r, client))
}

func (d *Door) orProblem(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		d.answer(w, r, err)
	}
}
